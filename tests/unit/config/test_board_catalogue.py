from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import BOARDS_DIR, _BoardFile, board_type_names, load_board_type
from orchestrator.config.strict import read_yaml
from orchestrator.domain.board_type import MemoryKind
from orchestrator.domain.errors import InputError


@pytest.mark.parametrize("name", board_type_names())
def test_every_shipped_board_type_is_valid(name: str) -> None:
    board = load_board_type(name)
    assert board.name == name
    assert board.memory(MemoryKind.FLASH).size_bytes > board.memory(MemoryKind.RAM).size_bytes


def test_an_unknown_board_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"did you mean 'nucleo_l476rg'\?.*known:"):
        load_board_type("nucleo_l476")


@pytest.mark.parametrize(("offset", "rule"), [("8KiB", "must be >= 12288"), ("13KiB", "whole pages of 4096")])
def test_a_loader_needs_its_part_of_the_flash(offset: str, rule: str, tmp_path: Path) -> None:
    text = (BOARDS_DIR / "nucleo_l4r5zi" / "board.yaml").read_text()
    assert "application_offset: 12KiB" in text
    file = tmp_path / "board.yaml"
    file.write_text(text.replace("application_offset: 12KiB", f"application_offset: {offset}"))
    with pytest.raises(InputError, match=rule):
        read_yaml(file, _BoardFile)
