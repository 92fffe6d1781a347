"""Sectors of different sizes: what is erased with a page is written again."""

from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import BOARDS_DIR, _BoardFile, load_board_type
from orchestrator.config.strict import read_yaml
from orchestrator.device.blocks import pages_of
from orchestrator.device.resident_loader_flashing import pages_of_sectors
from orchestrator.domain.errors import InputError
from orchestrator.domain.model import Segment

F446 = load_board_type("nucleo_f446re")
L4R5 = load_board_type("nucleo_l4r5zi")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (set(), []),
        ({0}, [0, 1, 2, 3]),
        ({3, 4}, [*range(8)]),
        ({9}, [*range(8, 24)]),  # the sector of 64 KiB
        ({41}, [*range(24, 50)]),  # of 128 KiB, of which the image has 26 pages
    ],
)
def test_all_pages_of_a_changed_sector_are_written(changed: set[int], expected: list[int]) -> None:
    assert pages_of_sectors(changed, 50, F446) == expected


def test_where_a_page_is_a_sector_only_changed_pages_are_written() -> None:
    assert pages_of_sectors({7, 3, 20}, 30, L4R5) == [3, 7, 20]


def test_the_sectors_of_an_image_are_found_by_their_sizes() -> None:
    blocks = [Segment(0x0800_0000 + at, bytes(256)) for at in (0x3F80, 0x1_0000, 0x5_FFFF)]
    assert pages_of(blocks, F446) == [0, 1, 4, 6, 7]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("application_offset: 32KiB", "application_offset: 36KiB", "where a sector begins"),
        ("application_offset: 32KiB", "application_offset: 16KiB", "must be >= 32768"),
        ("sectors: [16KiB, ", "sectors: [32KiB, ", "must add up to 524288"),
        ("page: 4KiB", "page: 32KiB", "must be whole pages of 32768"),
    ],
)
def test_a_board_file_whose_sectors_cannot_be_is_refused(old: str, new: str, rule: str, tmp_path: Path) -> None:
    text = (BOARDS_DIR / "nucleo_f446re" / "board.yaml").read_text()
    assert old in text
    file = tmp_path / "board.yaml"
    file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=rule):
        read_yaml(file, _BoardFile)
