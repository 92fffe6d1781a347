"""`mcutune boards`."""

import signal
import sys
from pathlib import Path

import click

from orchestrator.cli.boards_check import check
from orchestrator.cli.boards_scan import scan
from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.config.state_folder import wear_folder
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.report.board_text import board_as_text, memory_text
from orchestrator.report.wear_table import wear_as_text

PLAIN_WIDTH = 160
WATCH_S = 2.0


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


@boards.command()
@click.option(
    "--address", default="auto", show_default=True, metavar="auto|HOST:PORT", envvar="RAY_ADDRESS", help="Ray cluster."
)
@click.option("--watch", is_flag=True, help="Show the table anew every two seconds, until Ctrl-C.")
def status(address: str, watch: bool) -> None:
    """Show every board that is served to a cluster: state, health, measurements, wear."""
    from rich.console import Console, Group
    from rich.live import Live

    from orchestrator.cluster.pool_client import PoolClient
    from orchestrator.cluster.ray_session import joined
    from orchestrator.report.lab_table import lab_table, waiting_line

    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    with joined(address):
        pool = PoolClient()

        def shown() -> Group:
            said = pool.call("status")
            return Group(lab_table(said.units), waiting_line(said.waiting))

        if not watch:
            console.print(shown())
            return
        with Live(console=console, get_renderable=shown, refresh_per_second=1 / WATCH_S):
            signal.pause()


boards.add_command(check)
boards.add_command(scan)


def _line(board: BoardType) -> str:
    memories = ", ".join(map(memory_text, board.memories))
    return f"{board.name:16} {board.title}: {board.core} at {board.clock_hz / 1e6:g} MHz, {memories}"
