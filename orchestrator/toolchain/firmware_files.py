"""Where the hand-written C firmware is that runs a compiled network on a board."""

from pathlib import Path

import boards
from orchestrator.domain.board_type import BoardType, MemoryKind

_FIRMWARE = Path(boards.__file__).parent / "firmware"


def firmware_sources(board: BoardType) -> tuple[Path, ...]:
    """Give the firmware's C files in a stable order, with the port of the board's family."""
    return (*sorted(_FIRMWARE.glob("*.c")), *port_sources(board))


def port_sources(board: BoardType) -> tuple[Path, ...]:
    """Give the board's port and what it shares with its relatives: `<family>_*.c` for a port named `<family>...`."""
    ports = _FIRMWARE / "ports"
    shared = (path for path in sorted(ports.glob("*_*.c")) if board.port.startswith(path.stem.partition("_")[0]))
    return (ports / f"{board.port}.c", *shared)


def firmware_headers() -> tuple[Path, ...]:
    """Give the firmware's headers."""
    return tuple(sorted((*_FIRMWARE.glob("*.h"), *_FIRMWARE.glob("ports/*.h"))))


def firmware_defines(board: BoardType) -> tuple[str, ...]:
    """Give the compiler options that carry the facts of the board."""
    flash = board.memory(MemoryKind.FLASH)
    sectors = ",".join(f"{size_bytes}U" for size_bytes in board.flash.sectors_bytes)
    return (
        f'-DMT_BOARD_NAME="{board.name}"',
        f"-DMT_CLOCK_HZ={board.clock_hz}U",
        f"-DMT_CONSOLE_BAUD={board.console.baud}U",
        f"-DMT_FLASH_ORIGIN={flash.origin:#x}U",
        f"-DMT_FLASH_BYTES={flash.size_bytes}U",
        f"-DMT_FLASH_PAGE_BYTES={board.flash.page_bytes}U",
        f"-DMT_FLASH_WAIT_STATES={board.flash.wait_states}U",
        f"-DMT_APPLICATION_OFFSET={board.application_offset_bytes}U",
        *((f"-DMT_FLASH_SECTORS={sectors}",) if sectors else ()),
    )
