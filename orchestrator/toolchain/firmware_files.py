"""Where the hand-written C firmware is that runs a compiled network on a board."""

from pathlib import Path

import boards
from orchestrator.domain.board_type import BoardType

_FIRMWARE = Path(boards.__file__).parent / "firmware"


def firmware_sources(board: BoardType) -> tuple[Path, ...]:
    """Give the firmware's C files in a stable order, with the port of the board's family."""
    return (*sorted(_FIRMWARE.glob("*.c")), _FIRMWARE / "ports" / f"{board.port}.c")


def firmware_headers() -> tuple[Path, ...]:
    """Give the firmware's headers."""
    return tuple(sorted(_FIRMWARE.glob("*.h")))


def firmware_defines(board: BoardType) -> tuple[str, ...]:
    """Give the compiler options that carry the facts of the board."""
    return (
        f'-DMT_BOARD_NAME="{board.name}"',
        f"-DMT_CLOCK_HZ={board.clock_hz}U",
        f"-DMT_CONSOLE_BAUD={board.console.baud}U",
    )
