"""`mcutune boards check`."""

import sys
from pathlib import Path

import click

from orchestrator.cli.logs import send_logs_to
from orchestrator.domain.errors import InputError
from orchestrator.domain.mapped_device import MappedDevice

PLAIN_WIDTH = 160
EXIT_FAILED = 1


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--hardware-map", type=click.Path(path_type=Path), metavar="FILE", help="Boards attached to this host.")
@click.option("--address", metavar="auto|HOST:PORT", help="In place of a map: boards served to this Ray cluster.")
@click.option("--verbose", is_flag=True, help="Show log lines, and the trace of an error.")
def check(ids: tuple[str, ...], hardware_map: Path | None, address: str | None, verbose: bool) -> None:
    """Flash a small known network onto boards and compare what they compute and measure with what is known.

    Checks the units named, or all that are connected. The first sound unit of a board type gives the reference for
    memory and cycles, kept in $MCUTUNE_STATE (default: ~/.local/state/mcutune). Exit code 1 if a unit fails.
    """
    from rich.console import Console

    from orchestrator.lab.references import References
    from orchestrator.lab.state_folder import state_folder
    from orchestrator.report.check_table import check_table

    if (hardware_map is None) == (address is None):
        raise InputError("boards check: give either --hardware-map FILE or --address HOST:PORT")
    send_logs_to(None, verbose)
    references = References(state_folder())
    if address is not None:
        from orchestrator.cluster.check_served import check_served
        from orchestrator.cluster.ray_session import joined

        with joined(address):
            done = check_served(ids, references)
    else:
        from orchestrator.lab.mapped_unit import MappedUnit
        from orchestrator.pipeline.check_units import check_units

        assert hardware_map is not None
        done = check_units([MappedUnit(device) for device in _devices(hardware_map, ids)], references)
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(check_table(done))
    sound = sum(unit.is_sound for unit in done)
    click.echo(f"{sound} of {len(done)} sound")
    if sound < len(done):
        sys.exit(EXIT_FAILED)


def _devices(path: Path, ids: tuple[str, ...]) -> list[MappedDevice]:
    from orchestrator.config.hardware_map import read_hardware_map, selected

    rows = read_hardware_map(path)
    devices = selected(ids, rows, lambda row: row.id, str(path))
    if unconnected := [device.id for device in devices if not device.connected and device.id in ids]:
        raise InputError(f"{path}: {unconnected[0]}: has `connected: false`, and so cannot be checked")
    connected = [device for device in devices if device.connected]
    if not connected:
        raise InputError(f"{path}: holds no connected board")
    return connected
