"""What a library holds and what its interface computes, built for the host."""

import ctypes
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import InputError, ParityError
from orchestrator.domain.model import TensorSpec
from orchestrator.export import LibraryName, export_library
from orchestrator.export.self_test import make_self_test, seeded_inputs
from orchestrator.export.sources import check_types, printable, static_network
from orchestrator.parity.tflm import run_tflm
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.oracle_models import depthwise, repeated_rows
from tests.unit.compiler.recurrent_models import keyword_svdf
from tests.unit.compiler.test_compile import dense_model
from tests.unit.export.building import BOARD, exported, run

FLOATS = ctypes.POINTER(ctypes.c_float)


def loaded(library: Path, *flags: str) -> ctypes.CDLL:
    """Build a library for this process."""
    shared = library.with_suffix(".so")
    sources = [*library.glob("*.c"), *library.glob("runtime/*.c")]
    includes = [f"-I{library}", f"-I{library / 'runtime'}"]
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wmissing-prototypes", "-Werror"]
    run("gcc", "-std=c11", "-O2", "-shared", "-fPIC", *warnings, *flags, *includes, *sources, "-o", shared)
    return ctypes.CDLL(str(shared))


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(dense_model(3), "dense", tmp_path_factory.mktemp("export"))


def test_the_same_model_gives_the_same_files() -> None:
    first, second = (export_library(dense_model(), BOARD, LibraryName("x"), 2).files for _ in range(2))
    assert first == second


def test_no_marker_is_left_in_any_file_and_no_line_ends_in_blanks() -> None:
    for path, text in export_library(dense_model(), BOARD, LibraryName("x"), 2).files.items():
        if path != "runtime/LICENSE":
            assert "@" not in text.replace("$@", "").replace("(@", ""), path
            assert not any(line != line.rstrip() for line in text.splitlines()), path


def test_real_values_are_stored_rounded_and_clamped(dense: Path) -> None:
    spec = compile_model(dense_model(3)).inputs[0]
    library = loaded(dense)
    steps = np.array([0.0, 0.5, -0.5, 1.49, -1.5, 1e30, -1e30, np.nan], np.float32)
    values = (steps * np.float32(spec.scale)).astype(np.float32)
    library.dense_quantize_input(0, values.ctypes.data_as(FLOATS))
    library.dense_input.restype = ctypes.POINTER(ctypes.c_int8)
    stored = np.ctypeslib.as_array(library.dense_input(0), (8,))
    assert stored.tolist() == [3, 4, 2, 4, 1, 127, -128, -128]


def test_outputs_are_given_as_real_values(dense: Path) -> None:
    library = loaded(dense)
    library.dense_init()
    library.dense_run()
    library.dense_output.restype = ctypes.POINTER(ctypes.c_int8)
    stored = np.ctypeslib.as_array(library.dense_output(0), (4,)).copy()
    values = np.empty(4, np.float32)
    library.dense_dequantize_output(0, values.ctypes.data_as(FLOATS))
    np.testing.assert_array_equal(values, np.float32(0.5) * (stored.astype(np.float32) + 3))


def test_an_index_that_is_not_there_does_no_harm(dense: Path) -> None:
    library = loaded(dense)
    library.dense_input.restype = library.dense_output.restype = ctypes.c_void_p
    assert library.dense_input(1) is library.dense_output(1) is None
    assert library.dense_input_bytes(0) == 8
    assert library.dense_output_bytes(0) == 4
    assert library.dense_input_bytes(1) == library.dense_output_bytes(7) == 0
    library.dense_quantize_input(1, None)
    library.dense_dequantize_output(1, None)


def test_init_puts_inputs_to_real_0(dense: Path) -> None:
    library = loaded(dense)
    library.dense_input.restype = ctypes.POINTER(ctypes.c_int8)
    library.dense_init()
    assert np.ctypeslib.as_array(library.dense_input(0), (8,)).tolist() == [3] * 8


def test_the_self_test_of_float_inputs_passes(tmp_path: Path) -> None:
    library = loaded(exported(OperatorModels(0).float_boundary(), "real", tmp_path), "-DREAL_SELF_TEST")
    assert library.real_self_test() == 0


def test_the_self_test_finds_a_changed_weight(tmp_path: Path) -> None:
    folder = exported(dense_model(3), "dense", tmp_path)
    source = folder / "dense.c"
    source.write_text(re.sub("0x[0-9a-f]{8}", "0x01010101", source.read_text()))
    library = loaded(folder, "-DDENSE_SELF_TEST")
    assert library.dense_self_test() > 0


def test_a_network_that_computes_something_else_is_no_library() -> None:
    compiled = compile_model(dense_model(1))
    with pytest.raises(ParityError, match="of 2 samples"):
        make_self_test(dense_model(2), compiled, 2)


@pytest.mark.parametrize(
    ("tflite", "reason"), [(repeated_rows(), "does not run the model: "), (depthwise(bias=False), "crashed on the")]
)
def test_where_tflm_does_not_run_the_library_says_that_the_host_build_is_what_it_expects(
    tflite: bytes, reason: str, tmp_path: Path
) -> None:
    folder = exported(tflite, "alone", tmp_path)
    assert loaded(folder, "-DALONE_SELF_TEST").alone_self_test() == 0
    readme = (folder / "README.md").read_text()
    assert "outputs of this library built for the host byte by byte" in readme
    assert f"Nothing else computed them: TensorFlow Lite Micro {reason}" in readme
    for name in ("alone.h", "alone_self_test.c"):
        assert "this library built for the host" in (folder / name).read_text()
        assert "TensorFlow Lite Micro" not in (folder / name).read_text()


def test_where_tflm_runs_the_library_says_that_it_is_what_it_expects(dense: Path) -> None:
    readme = (dense / "README.md").read_text()
    assert "outputs of TensorFlow Lite Micro byte by byte" in readme
    assert "Nothing else computed them" not in readme


def test_seeded_inputs_differ_and_are_in_range() -> None:
    specs = (TensorSpec("a", (1, 50), "int8", 1.0, 0), TensorSpec("b", (1, 50), "float32", 1.0, 0))
    integers, reals = seeded_inputs(specs, 3)
    assert integers.dtype == np.int8
    assert len(np.unique(integers)) > 60
    assert reals.dtype == np.float32
    assert -1.0 <= reals.min() < -0.8
    assert 0.8 < reals.max() < 1.0


def test_an_input_of_a_type_without_conversion_is_refused() -> None:
    compiled = compile_model(dense_model())
    odd = replace(compiled, inputs=(TensorSpec("x", (1,), "int64", 1.0, 0),))
    with pytest.raises(InputError, match="'x' is int64"):
        check_types(odd)


def test_a_source_without_its_instance_is_a_defect() -> None:
    with pytest.raises(ValueError, match="once, but does so 0 times"):
        static_network("int x;")


def test_a_tensor_s_name_cannot_leave_its_comment() -> None:
    assert printable("a*/b/*c|d`e\nf") == "a*?b/?c?d?e?f"


def test_a_run_finds_the_state_that_the_run_before_has_left_until_init(tmp_path: Path) -> None:
    tflite = keyword_svdf(2)
    library = loaded(exported(tflite, "words", tmp_path), "-DWORDS_SELF_TEST")
    compiled = compile_model(tflite)
    (samples,) = seeded_inputs(compiled.inputs, 5)
    library.words_input.restype = library.words_output.restype = ctypes.POINTER(ctypes.c_int8)

    def answers() -> list[list[int]]:
        results = []
        for sample in samples:
            np.ctypeslib.as_array(library.words_input(0), (40,))[:] = sample.reshape(-1)
            library.words_run()
            results.append(np.ctypeslib.as_array(library.words_output(0), (4,)).tolist())
        return results

    expected = run_tflm(tflite, [samples], is_stream=True)[0].reshape(5, 4).tolist()
    library.words_init()
    assert answers() == expected
    assert answers() != expected
    assert library.words_self_test() == 0
    library.words_init()
    assert answers() == expected
    state_bytes = compiled.memory_plan.state_bytes
    assert f"#define WORDS_STATE_BYTES {state_bytes} " in (tmp_path / "words" / "words.h").read_text()
