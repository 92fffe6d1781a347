"""`mcutune agent`."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.logs import send_logs_to
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InputError, McutuneError

LOOK_S = 2.0

if TYPE_CHECKING:
    from orchestrator.lab.unit import Unit
    from orchestrator.lab.virtual_unit import Rehearsal

ENDING = (signal.SIGINT, signal.SIGTERM)
EMULATOR = ("unicorn", "capstone", "elftools")
"""What virtual boards need beyond what dev kits do (requirements-agent.txt)."""


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
    from orchestrator.config.state_folder import state_folder

    devices = () if hardware_map is None else read_hardware_map(hardware_map)
    counts = dict(_count(text) for text in virtual)
    if not counts and labgrid is None and not any(device.connected for device in devices):
        raise InputError(
            "nothing to serve: give --hardware-map with a connected board, --virtual TYPE=COUNT, or --labgrid HOST"
        )
    rehearsal = _rehearsal(faults, fault_rate, fault_seed) if counts else None
    send_logs_to(log, verbose=True)
    with _signals_restored(), ExitStack() as stack:
        stopped = threading.Event()
        _set_at_signals(stopped)
        places = stack.enter_context(_places(labgrid, place_tags, name)) if labgrid else []
        from orchestrator.cluster.ray_node import lab_node

        is_up = stack.enter_context(lab_node(address)) if address != "auto" else lambda: True
        from orchestrator.cluster.board_agent import BoardAgent
        from orchestrator.cluster.ray_session import joined

        stack.enter_context(joined(address))
        _set_at_signals(stopped)  # Ray has put a handler of its own in place
        serving = BoardAgent(name, devices, counts, rehearsal, places, state_folder())
        stack.callback(serving.stop)
        click.echo(f"{name}: serving {len(serving.status())} boards to {address}; Ctrl-C ends it")
        while not stopped.wait(LOOK_S):
            if not is_up():
                raise McutuneError(f"--address {address}: the Ray node of this host has ended; is the head gone?")


def _rehearsal(faults: tuple[str, ...], rate: float, seed: int) -> "Rehearsal | None":
    missing = [name for name in EMULATOR if find_spec(name) is None]
    if missing:
        raise InputError(f"--virtual: {missing[0]} is not installed; virtual boards need the whole of mcutune")
    from orchestrator.lab.virtual_unit import Rehearsal

    return Rehearsal(faults, rate, seed) if faults else None


@contextmanager
def _places(address: str, tags: tuple[str, ...], name: str) -> Iterator["list[Unit]"]:
    from orchestrator.config.state_folder import state_folder
    from orchestrator.lab.sole_agent import sole_agent
    from orchestrator.labgrid_places.units import place_units

    with sole_agent(name, state_folder()), place_units(address, tags, name) as units:
        yield units


def _count(text: str) -> tuple[str, int]:
    board, equals, count = text.partition("=")
    if not equals or not count.isascii() or not count.isdecimal() or int(count) < 1:
        raise InputError(f"--virtual {text}: must be TYPE=COUNT with a count of 1 or more, such as nucleo_l476rg=4")
    return load_board_type(board).name, int(count)


def _set_at_signals(stopped: threading.Event) -> None:
    for number in ENDING:
        signal.signal(number, lambda *_: stopped.set())


@contextmanager
def _signals_restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
