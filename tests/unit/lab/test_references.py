from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.model import Segment
from orchestrator.lab.references import References
from tests.records import IMAGE, MEASUREMENT, measured

SOURCE = MEASUREMENT.cycles_source


def test_what_is_kept_is_found_by_another_process(tmp_path: Path) -> None:
    assert References(tmp_path).find(IMAGE, SOURCE) is None
    References(tmp_path).keep(IMAGE, MEASUREMENT)
    assert References(tmp_path).find(IMAGE, SOURCE) == MEASUREMENT


def test_the_first_that_was_kept_stays(tmp_path: Path) -> None:
    late = References(tmp_path)
    assert late.find(IMAGE, SOURCE) is None
    References(tmp_path).keep(IMAGE, MEASUREMENT)
    late.keep(IMAGE, measured(cycles=1))
    assert late.find(IMAGE, SOURCE) == MEASUREMENT


def test_another_image_and_another_source_of_cycles_have_references_of_their_own(tmp_path: Path) -> None:
    references = References(tmp_path)
    references.keep(IMAGE, MEASUREMENT)
    rebuilt = replace(IMAGE, segments=(Segment(0x0800_0000, b"\x01" * 8),))
    assert references.find(rebuilt, SOURCE) is None
    assert references.find(IMAGE, CyclesSource.SILICON) is None


def test_without_a_folder_references_last_as_long_as_the_process() -> None:
    references = References(None)
    references.keep(IMAGE, MEASUREMENT)
    assert references.find(IMAGE, SOURCE) == MEASUREMENT


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    References(tmp_path).keep(IMAGE, MEASUREMENT)
    (path,) = (tmp_path / "golden").iterdir()
    path.write_text("{")
    with pytest.raises(InfrastructureError, match=f"^{path}: is no reference"):
        References(tmp_path).find(IMAGE, SOURCE)
