"""Names of libraries: what is taken, what is refused, what a file's name becomes."""

from pathlib import Path

import pytest

from orchestrator.domain.errors import InputError
from orchestrator.export import LibraryName


@pytest.mark.parametrize("text", ["kws", "a", "net_2", "int"])
def test_a_lower_case_identifier_is_taken(text: str) -> None:
    assert LibraryName(text).upper == text.upper()


@pytest.mark.parametrize("text", ["", "Kws", "2nd", "_x", "a-b", "a b", "ä", "x" * 41, "a\n"])
def test_what_is_no_lower_case_identifier_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--name must be lower-case"):
        LibraryName(text)


@pytest.mark.parametrize("text", ["string", "main", "mt", "mt_model", "test", "runtime"])
def test_a_name_that_would_hide_another_file_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="another"):
        LibraryName(text)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("kws_ref_model_int8.tflite", "kws_ref_model_int8"),
        ("KWS-ref v2.tflite", "kws_ref_v2"),
        ("2nd.tflite", "model_2nd"),
        ("string.tflite", "model_string"),
        ("mt_x.tflite", "model_mt_x"),
        ("äö.tflite", "model"),
        (f"{'x' * 39}_yz.tflite", "x" * 39),
    ],
)
def test_a_name_is_made_of_the_model_s_file(file: str, name: str) -> None:
    assert LibraryName.of_file(Path("models") / file).text == name
