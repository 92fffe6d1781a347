"""`mcutune boards`."""

import click

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.board_type import BoardType


@click.command()
def boards() -> None:
    """List the board types that networks can be measured on."""
    for name in board_type_names():
        click.echo(_line(load_board_type(name)))


def _line(board: BoardType) -> str:
    memories = ", ".join(f"{memory.name} {memory.size_bytes // 1024} KiB" for memory in board.memories)
    return f"{board.name:16} {board.title}: {board.core} at {board.clock_hz / 1e6:g} MHz, {memories}"
