"""`python -m orchestrator.virtual_board`: power a virtual board and say where its serial line is."""

import argparse
import json
import logging
import os
import re
import secrets
import signal
import stat
import sys
from pathlib import Path
from typing import TextIO

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError
from orchestrator.domain.model import Segment
from orchestrator.toolchain.footprint import read_segments
from orchestrator.toolchain.loader_image import loader_image
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.requested_faults.catalogue import fault_forms, requested_faults
from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.server import Server
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.native_engine import best_engine
from orchestrator.virtual_board.timing.python_engine import PythonEngine

logger = logging.getLogger(__name__)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.virtual_board", description=__doc__)
    parser.add_argument("--type", required=True, help=f"board type: {', '.join(board_type_names())}")
    parser.add_argument("--port", type=int, default=0, help="TCP port on the loopback interface (default: any)")
    parser.add_argument("--pty", action="store_true", help="offer a pseudo terminal as well")
    parser.add_argument("--boot0", action="store_true", help="BOOT0 is high at power-on: start the ROM bootloader")
    parser.add_argument("--device-id", type=_device_id, default=None, help="unique id, 24 hex digits")
    parser.add_argument("--zero-wait-states", action="store_true", help="flash answers at once")
    parser.add_argument("--count-instructions", action="store_true", help="every instruction takes one cycle")
    parser.add_argument(
        "--preload",
        type=Path,
        default=None,
        metavar="FILE.elf",
        help="what a probe has put into flash (default: the resident loader, where the board type is flashed by it)",
    )
    parser.add_argument("--timing-engine", choices=("auto", "python"), default="auto", help="who counts cycles")
    parser.add_argument("--throttle", action="store_true", help="bytes take their time at the line's baud rate")
    parser.add_argument(
        "--trigger-log",
        type=Path,
        default=None,
        metavar="FILE",
        help="write a line for each edge of the trigger pin: the board's time in seconds, 1 or 0",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[=VALUE]",
        help=f"a fault on request, repeatable: {', '.join(fault_forms())}",
    )
    parser.add_argument("--fault-seed", type=int, default=0, metavar="N", help="of what is random about the faults")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the starting process ends")
    parser.add_argument("--log", default=None, help="file for the log (default: standard error)")
    return parser.parse_args()


def _device_id(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{24}", text):
        raise argparse.ArgumentTypeError(f"must be 24 hex digits, but got {text!r}")
    return text.lower()


def _watch_parent(server: Server, parent: int) -> None:
    """End with the parent: its pidfd becomes readable, or the pipe it holds to our standard input closes."""
    try:
        server.exit_with(os.pidfd_open(parent))
    except OSError as error:
        logger.warning("cannot watch process %d (%s); relying on standard input", parent, error)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        server.exit_with(sys.stdin.fileno())


def _preloaded(elf: Path | None, board: BoardType) -> tuple[Segment, ...]:
    if elf is None and "serial-loader" in board.flashing:
        elf = loader_image(board)
    if elf is None:
        return ()
    try:
        return read_segments(elf.read_bytes())
    except OSError as error:
        raise InputError(f"--preload {elf}: cannot be read: {error}") from error


def _opened_log(path: Path) -> TextIO:
    try:
        return path.open("w", buffering=1)
    except OSError as error:
        raise InputError(f"--trigger-log {path}: cannot be written: {error.strerror}") from error


def _powered(arguments: argparse.Namespace) -> tuple[Server, dict[str, str]]:
    board = load_board_type(arguments.type)
    faults = requested_faults(arguments.fault, arguments.fault_seed, board)
    device_id = arguments.device_id or secrets.token_hex(12)
    line = SerialLine()
    if arguments.boot0 and board.rom_bootloader is None:
        raise InputError(f"--boot0: {board.name} is not flashed by a ROM bootloader")
    line.rts = not arguments.boot0
    engine: TimingEngine = PythonEngine() if arguments.timing_engine == "python" else best_engine()
    preloaded = _preloaded(arguments.preload, board)
    machine = Machine(
        board, device_id, line, engine, arguments.zero_wait_states, preloaded, arguments.count_instructions
    )
    try:
        server = Server(machine, line, arguments.port, arguments.throttle)
    except (OSError, OverflowError) as error:
        raise InputError(f"--port {arguments.port}: cannot be opened: {error}") from error
    if arguments.trigger_log is not None:
        machine.log_trigger(_opened_log(arguments.trigger_log))
    sites = Sites(machine, line, server.to_board, server.to_host, server.vanish)
    for fault in faults:
        fault.install(sites)
    ready = {"device_id": device_id}
    if arguments.pty:
        ready["pty"] = server.open_pty(board.console.baud)
    return server, ready


def main() -> int:
    """Serve until killed; give the exit code."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # nothing to save: end at once, even in the middle of a slice
    arguments = _arguments()
    logging.basicConfig(
        filename=arguments.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        server, ready = _powered(arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.exit_with_parent:
        _watch_parent(server, parent)

    def announce(url: str) -> None:
        print(json.dumps({"url": url, **ready}), flush=True)

    server.on_new_url = announce
    announce(server.url)
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
