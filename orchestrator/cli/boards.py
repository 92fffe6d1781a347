"""`mcutune boards`."""

from pathlib import Path

import click

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.config.state_folder import wear_folder
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.report.board_text import board_as_text, memory_text
from orchestrator.report.wear_table import wear_as_text


@click.group(invoke_without_command=True)
@click.pass_context
def boards(context: click.Context) -> None:
    """List the board types that networks can be measured on."""
    if context.invoked_subcommand is None:
        for name in board_type_names():
            click.echo(_line(load_board_type(name)))


@boards.command()
@click.argument("name", metavar="TYPE")
def show(name: str) -> None:
    """Show what is known of a board type."""
    click.echo(board_as_text(load_board_type(name)))


@boards.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), default=None, help="Where erasures are counted, if not as usual."
)
def wear(folder: Path | None) -> None:
    """Show how often the flash of each unit was erased, the most worn first."""
    units = WearStore(folder or wear_folder()).units()
    endurance = {name: load_board_type(name).flash.endurance_cycles for name in board_type_names()}
    click.echo(wear_as_text(units, endurance) if units else "no erasures have been counted")


def _line(board: BoardType) -> str:
    memories = ", ".join(map(memory_text, board.memories))
    return f"{board.name:16} {board.title}: {board.core} at {board.clock_hz / 1e6:g} MHz, {memories}"
