"""`mcutune agent`."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.logs import send_logs_to
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InputError

if TYPE_CHECKING:
    from orchestrator.lab.unit import Unit


@click.command()
@click.option(
    "--address",
    required=True,
    metavar="HOST:PORT|auto",
    envvar="RAY_ADDRESS",
    help="Head of the Ray cluster to join; `auto` where this host is a node of it already.",
)
@click.option(
    "--hardware-map", type=click.Path(path_type=Path), metavar="FILE", help="The boards attached to this host."
)
@click.option("--virtual", multiple=True, metavar="TYPE=COUNT", help="Virtual boards to serve.")
@click.option("--labgrid", metavar="HOST[:PORT]", help="Coordinator of a labgrid lab, to serve boards of its places.")
@click.option(
    "--place-tag",
    "place_tags",
    multiple=True,
    metavar="KEY[=TYPE]",
    help="Tag of labgrid's places whose value is their board type  [default: mcutune]",
)
@click.option("--name", default=socket.gethostname, metavar="NAME", help="Of this host in the lab; default: its own.")
@click.option("--log", type=click.Path(path_type=Path), metavar="FILE", help="Log here as well as to the terminal.")
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND[=VALUE]", help="A fault that the virtual boards have by chance."
)
@click.option("--fault-rate", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Of measurements.")
@click.option("--fault-seed", type=int, default=0, metavar="N", help="Of what is random about the faults.")
def agent(
    address: str,
    hardware_map: Path | None,
    virtual: tuple[str, ...],
    labgrid: str | None,
    place_tags: tuple[str, ...],
    name: str,
    log: Path | None,
    faults: tuple[str, ...],
    fault_rate: float,
    fault_seed: int,
) -> None:
    """Serve the boards of this host to the sweeps of a Ray cluster, until Ctrl-C.

    Boards of a hardware map are checked before they are used, kept out while they fail their check, and come back by
    themselves. `mcutune boards status` shows them.
    """
    from orchestrator.config.hardware_map import read_hardware_map
    from orchestrator.lab.state_folder import state_folder
    from orchestrator.lab.virtual_unit import Rehearsal

    devices = () if hardware_map is None else read_hardware_map(hardware_map)
    counts = dict(_count(text) for text in virtual)
    if not counts and labgrid is None and not any(device.connected for device in devices):
        raise InputError(
            "nothing to serve: give --hardware-map with a connected board, --virtual TYPE=COUNT, or --labgrid HOST"
        )
    rehearsal = Rehearsal(faults, fault_rate, fault_seed) if faults else None
    send_logs_to(log, verbose=True)
    with _until_signal() as stopped, ExitStack() as stack:
        places = stack.enter_context(_places(labgrid, place_tags, name)) if labgrid else []
        if address != "auto":
            from orchestrator.cluster.ray_node import lab_node

            stack.enter_context(lab_node(address))
        from orchestrator.cluster.board_agent import BoardAgent
        from orchestrator.cluster.ray_session import joined

        stack.enter_context(joined(address))
        serving = BoardAgent(name, devices, counts, rehearsal, places, state_folder())
        stack.callback(serving.stop)
        click.echo(f"{name}: serving {len(serving.status())} boards to {address}; Ctrl-C ends it")
        stopped.wait()


@contextmanager
def _places(address: str, tags: tuple[str, ...], name: str) -> Iterator["list[Unit]"]:
    from orchestrator.lab.sole_agent import sole_agent
    from orchestrator.lab.state_folder import state_folder
    from orchestrator.labgrid_places.units import place_units

    with sole_agent(name, state_folder()), place_units(address, tags, name) as units:
        yield units


def _count(text: str) -> tuple[str, int]:
    board, equals, count = text.partition("=")
    if not equals or not count.isascii() or not count.isdecimal() or int(count) < 1:
        raise InputError(f"--virtual {text}: must be TYPE=COUNT with a count of 1 or more, such as nucleo_l476rg=4")
    return load_board_type(board).name, int(count)


@contextmanager
def _until_signal() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set."""
    stopped = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
