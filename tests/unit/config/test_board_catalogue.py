import pytest

from orchestrator.config.board_catalogue import board_type_names, load_board_type
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
