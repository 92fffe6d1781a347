"""Where the hand-written C firmware is that runs a compiled network on a board."""

import re
from pathlib import Path

import boards
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import InputError
from orchestrator.domain.pin import Pin

_FIRMWARE = Path(boards.__file__).parent / "firmware"
_PORTS = _FIRMWARE / "ports"
_INCLUDE = re.compile(r'^#include "(\w+)\.h"', re.MULTILINE)
_UART_FACTS = re.compile(r"^#define (\w+)_FACTS \{", re.MULTILINE)


def firmware_sources(board: BoardType) -> tuple[Path, ...]:
    """Give the firmware's C files in a stable order, with the port of the board's family."""
    return (*sorted(_FIRMWARE.glob("*.c")), *port_sources(board))


def port_sources(board: BoardType) -> tuple[Path, ...]:
    """Give the board's port and what it shares with others: the C file beside every header of ports/ it includes.

    Raises:
        InputError: there is no such port, or it does not know the console's UART.
    """
    port = _PORTS / f"{board.port}.c"
    if not port.exists():
        known = sorted(path.stem for path in _PORTS.glob("*.c") if "mt_port_clock_init(void)" in path.read_text())
        raise InputError(f"board {board.name}: unknown port {board.port!r}; known: {', '.join(known)}")
    found, waiting = {port}, [port]
    while waiting:
        sources = {_PORTS / f"{name}.c" for name in _included_names(waiting.pop())}
        news = {source for source in sources if source.exists()} - found
        found |= news
        waiting += news
    _check_console(board, found)
    return (port, *sorted(found - {port}))


def _check_console(board: BoardType, sources: set[Path]) -> None:
    """Raise where a port lists the UARTs it knows (stm32.h) and the board's is not among them."""
    known = sorted({uart for source in sources for uart in _UART_FACTS.findall(source.read_text())})
    if known and board.console.uart not in known:
        raise InputError(
            f"board {board.name}: port {board.port!r} has no console on {board.console.uart!r}; "
            f"known: {', '.join(known)}"
        )


def _included_names(source: Path) -> set[str]:
    """Give the headers of ports/ that a file includes, itself or through another of them, without `.h`."""
    names = {name for name in _INCLUDE.findall(source.read_text()) if (_PORTS / f"{name}.h").exists()}
    return names.union(*(_included_names(_PORTS / f"{name}.h") for name in names))


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
        f"-DMT_CONSOLE_UART={board.console.uart}",
        *_pin_defines("CONSOLE_TX", board.console.tx),
        *_pin_defines("CONSOLE_RX", board.console.rx),
        *_pin_defines("TRIGGER", Pin.named(board.trigger)),
        f"-DMT_FLASH_ORIGIN={flash.origin:#x}U",
        f"-DMT_FLASH_BYTES={flash.size_bytes}U",
        f"-DMT_FLASH_PAGE_BYTES={board.flash.page_bytes}U",
        f"-DMT_FLASH_PROGRAM_BYTES={board.flash.program_bytes}U",
        f"-DMT_FLASH_WAIT_STATES={board.flash.wait_states}U",
        f"-DMT_APPLICATION_OFFSET={board.application_offset_bytes}U",
        *((f"-DMT_FLASH_SECTORS={sectors}",) if sectors else ()),
    )


def _pin_defines(name: str, pin: Pin) -> tuple[str, ...]:
    return (f"-DMT_{name}_PORT={pin.port}U", f"-DMT_{name}_PIN={pin.number}U")
