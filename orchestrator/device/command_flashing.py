"""Flashing by a program of the user's: OpenOCD, a vendor's tool, a script of the lab."""

import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from orchestrator.device.blocks import pages_of
from orchestrator.device.image_files import programmed_segments, write_files
from orchestrator.device.link import Link
from orchestrator.device.messages import Identity
from orchestrator.device.reset import reset_into_bootloader, reset_into_firmware
from orchestrator.device.runner import Runner
from orchestrator.device.wear import spend_erasures
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import (
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    InputError,
    UnexpectedReplyError,
    WrongBoardError,
)
from orchestrator.domain.flash_options import COMMAND_FIELDS, FlashCommand, Flashed, FlashOptions
from orchestrator.domain.model import FirmwareImage

# How long a firmware that runs already may take to say who it is.
_ASK_LIMIT_S = 0.7
_SHOWN_CHARACTERS = 600


def flash_by_command(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
    """Run the options' command, which has to flash, verify and reset; see `Flasher`.

    What a foreign program erases is not known; counted is what the image takes, for the unit that the firmware names
    which runs before, else for the probe or the port.
    """
    if options.command is None:
        raise InputError(f"{link.name}: flashing by a command needs the option `command`")
    arguments = _arguments(options.command, options, board, link)
    unit = _unit(link, image, board, options)
    spend_erasures(options, unit, board, pages_of(programmed_segments(image, board), board))
    with tempfile.TemporaryDirectory(prefix="mcutune-flash-") as folder:
        values = write_files(image, board, Path(folder))
        if options.command.needs_bootloader:
            reset_into_bootloader(link, options.wiring)
        with link.lent():
            failure = _run([_filled(argument, values) for argument in arguments], options.command.timeout_s)
    if failure is not None:
        raise FlashFailedError(f"{link.name}: {failure}")
    reset_into_firmware(link, options.wiring)
    return Flashed()


def _arguments(command: FlashCommand, options: FlashOptions, board: BoardType, link: Link) -> list[str]:
    """Fill in what is known without the image.

    Raises:
        InputError: a name that there is not, or one whose value this unit or board type lacks.
    """
    values = {"port": link.name, "probe_id": options.probe_id, "openocd_target": board.probe.openocd_target}
    for argument in command.arguments:
        for name, value in values.items():
            if f"{{{name}}}" in argument and value is None:
                raise InputError(f"{link.name}: the command {argument!r} needs {name}, which is not set")
    known = {name: value for name, value in values.items() if value is not None}
    return [_filled(argument, known) for argument in command.arguments]


def _filled(argument: str, values: dict[str, str]) -> str:
    """Replace `{name}` for the names of the table only: other braces belong to the program."""
    for name in COMMAND_FIELDS:
        if name in values:
            argument = argument.replace(f"{{{name}}}", values[name])
    return argument


def _unit(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> str:
    """Ask the firmware that runs, if one does, who it is: another board must not be flashed.

    Raises:
        WrongBoardError: it is another board type; nothing was erased.
    """
    identity = _identity(link, options)
    reported = image.board if identity is None else identity.board
    if image.board != board.name or reported != board.name:
        other = image.board if image.board != board.name else reported
        raise WrongBoardError(
            f"{link.name}: image or firmware are of board {other!r}, but {board.name!r} was asked for; "
            "is the hardware map right?"
        )
    return identity.device if identity else options.probe_id or link.name


def _identity(link: Link, options: FlashOptions) -> Identity | None:
    link.use_even_parity(False)
    reset_into_firmware(link, options.wiring)
    runner = Runner(link, inference_s=0.0)
    with suppress(DeviceSilentError, UnexpectedReplyError, DeviceRefusedError):  # nothing of ours runs: fine
        runner.synchronise(_ASK_LIMIT_S)
        return runner.identity()
    return None


def _run(arguments: list[str], timeout_s: float) -> str | None:
    """Run a program; say what went wrong, or None."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_s
        )
    except OSError as error:
        return f"{arguments[0]} cannot be run: {error.strerror}; is it installed?"
    except subprocess.TimeoutExpired as error:
        return f"{arguments[0]} took longer than {timeout_s:g} s and was ended; it said: {_shown(error.output)}"
    if done.returncode == 0:
        return None
    took_s = time.monotonic() - started
    return f"{arguments[0]} ended with exit code {done.returncode} after {took_s:.1f} s; it said: {_shown(done.stdout)}"


def _shown(output: bytes | None) -> str:
    """Give the end of what a program said, on one line."""
    text = " ".join((output or b"").decode("utf-8", "backslashreplace").split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"...{text[-_SHOWN_CHARACTERS:]}"
