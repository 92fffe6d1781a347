"""`mcutune board-sim`."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceError, InputError

if TYPE_CHECKING:
    from orchestrator.virtual_board.process import VirtualBoardProcess

LOOK_S = 0.2


@click.command("board-sim")
@click.option("--type", "board_name", required=True, metavar="TYPE", help="Board type; `mcutune boards` lists them.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, metavar="N", help="TCP port (default: any).")
@click.option("--model", type=click.Path(path_type=Path), metavar="MODEL.tflite", help="Flash this network first.")
@click.option("--pty", "link", type=click.Path(path_type=Path), metavar="LINK", help="Link a pseudo terminal here.")
@click.option("--boot0", is_flag=True, help="Hold BOOT0 high at power-on: start in the ROM bootloader.")
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND[=VALUE]", help="A fault on request: docs/virtual_board.md."
)
@click.option("--fault-seed", type=int, default=0, metavar="N", help="Of what is random about the faults.")
@click.option("--throttle", is_flag=True, help="Bytes take their time at the line's baud rate.")
@click.option("--log", type=click.Path(path_type=Path), metavar="FILE", help="Log resets, faults and lock-ups here.")
def board_sim(
    board_name: str,
    port: int,
    model: Path | None,
    link: Path | None,
    boot0: bool,
    faults: tuple[str, ...],
    fault_seed: int,
    throttle: bool,
    log: Path | None,
) -> None:
    """Power a virtual board and keep it on until Ctrl-C, for terminals and for programs that talk to boards."""
    from orchestrator.virtual_board.process import start_virtual_board

    board = load_board_type(board_name)
    tflite = None if model is None else _read(model)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),  # the way to end it
        start_virtual_board(
            board,
            tcp_port=port,
            pty=link is not None,
            boot0=boot0,
            throttle=throttle,
            faults=faults,
            fault_seed=fault_seed,
            log=log,
        ) as device,
        _linked(link, device.pty),
    ):
        if tflite is not None:
            _flash(device.url, board, tflite)
        click.echo(_how_to_talk(board, device, link))
        _stay(device)


def _stay(device: "VirtualBoardProcess") -> None:
    """Watch the board until a signal comes."""
    url = device.url
    while device.is_alive():
        time.sleep(LOOK_S)
        if device.url != url:
            url = device.url
            click.echo(f"the port is back: {url}")
    raise DeviceError(f"{url}: the virtual board has ended by itself")


@contextmanager
def _linked(link: Path | None, device: str | None) -> Iterator[None]:
    """Let `link` name the pseudo terminal while the block runs; a link that leads nowhere is replaced."""
    if link is None or device is None:
        yield
        return
    if link.is_symlink() and not link.exists():
        link.unlink()
    try:
        link.symlink_to(device)
    except OSError as error:
        raise InputError(f"--pty {link}: cannot be made: {error.strerror}") from error
    try:
        yield
    finally:
        if link.is_symlink() and str(link.readlink()) == device:
            link.unlink()


def _read(model: Path) -> bytes:
    try:
        return model.read_bytes()
    except OSError as error:
        raise InputError(f"{model}: cannot be read: {error.strerror}") from error


def _flash(url: str, board: BoardType, tflite: bytes) -> None:
    from orchestrator.compiler import compile_model
    from orchestrator.device.flashing import flash_image
    from orchestrator.device.link import SerialLink
    from orchestrator.toolchain.link import link_image

    image = link_image(compile_model(tflite), board)
    with SerialLink(url, board.console.baud) as link:
        flash_image(link, image, board)


def _how_to_talk(board: BoardType, device: "VirtualBoardProcess", link: Path | None) -> str:
    baud = board.console.baud
    lines = [
        f"{board.name} {device.device_id} is on: {device.url}",
        f"  terminal:  python -m serial.tools.miniterm --echo --eol LF {device.url} {baud}",
    ]
    if link is not None:
        lines.append(f"  terminal:  python -m serial.tools.miniterm --echo --eol LF {link} {baud}")
    if link is not None and board.rom_bootloader is not None:
        lines.append(f"  with --boot0:  stm32flash -m 8n1 -w IMAGE.bin -v -g 0x8000000 {link}")
    lines.append("Commands end in %: name% or help% (docs/protocol.md). Ctrl-C switches the board off.")
    return "\n".join(lines)
