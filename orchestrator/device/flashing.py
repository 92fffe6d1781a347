"""Bringing an image into a board's flash: one interface, a table of methods."""

from collections.abc import Callable

from orchestrator.device.command_flashing import flash_by_command
from orchestrator.device.link import Link
from orchestrator.device.probe_flashing import flash_by_probe
from orchestrator.device.resident_loader_flashing import flash_by_resident_loader
from orchestrator.device.stm32_serial import flash_by_stm32_bootloader
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.model import FirmwareImage

Flasher = Callable[[Link, FirmwareImage, BoardType, FlashOptions], Flashed]
"""One way to flash: leaves the image verified and started, the link set for the firmware's console (8N1).

Raises:
    WrongBoardError: image or chip are not the board type's; nothing was erased.
    WornOutError: the flash has had all the erasures it endures; nothing was erased.
    FlashFailedError: what was read back differs from what was written.
    DeviceSilentError: nothing answered in time.
    DeviceError: the board refused, or answered nonsense.
    InputError: an option that the method needs is missing.
"""

FLASHERS: dict[str, Flasher] = {
    "stm32-serial": flash_by_stm32_bootloader,
    "serial-loader": flash_by_resident_loader,
    "pyocd": flash_by_probe,
    "command": flash_by_command,
}

_DEFAULTS = FlashOptions()


def flash_image(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions = _DEFAULTS) -> Flashed:
    """Flash by the method that the options name, or the first of the board type's; see `Flasher` for errors."""
    name = options.method or next(iter(board.flashing), None)
    if name not in FLASHERS or name not in board.flashing:
        asked = f"there is no flashing method {name!r}" if options.method else "no known flashing method"
        allowed = ", ".join(known for known in board.flashing if known in FLASHERS) or "none"
        raise InputError(f"board {board.name}: {asked}; its own: {allowed}; known: {', '.join(FLASHERS)}")
    return FLASHERS[name](link, image, board, options)
