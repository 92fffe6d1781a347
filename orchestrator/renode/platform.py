"""A board type as a platform description of Renode (its .repl format), made from board.yaml and the family's facts."""

from orchestrator.domain.board_type import BoardType, Memory, MemoryKind
from orchestrator.domain.errors import InputError
from orchestrator.renode.families import FAMILIES, Family, Uart, UartKind
from orchestrator.renode.scripts import counter_script, flash_script, registers_script

MIPS = 100
"""Millions of instructions in a second of Renode's time: 10 ns each. Nothing that is measured depends on it."""

CONSOLE = "console"
_BLOCK_BYTES = 0x400
_WIDE_BLOCK_BYTES = 0x1000

# Renode's names of the cores that differ from GCC's; with an FPU the M4 has a name of its own.
_CORES = {"cortex-m0plus": "cortex-m0+", "cortex-m4": "cortex-m4f"}


def family_of(board: BoardType) -> Family:
    """Give the facts of the board's family.

    Raises:
        InputError: there are none.
    """
    if board.port not in FAMILIES:
        raise InputError(
            f"--device renode: board type {board.name!r} has port {board.port!r}, but Renode platforms exist for "
            f"{', '.join(FAMILIES)}"
        )
    return FAMILIES[board.port]


def platform_description(board: BoardType) -> str:
    """Give the text of the platform description; see `family_of` for errors."""
    family = family_of(board)
    if board.console.uart not in family.uarts:
        raise InputError(
            f"--device renode: board type {board.name!r} has its console on {board.console.uart}, but known are "
            f"{', '.join(family.uarts)}"
        )
    return "\n".join(
        [
            *(_memory(memory) for memory in board.memories),
            _memory(Memory("signature", MemoryKind.FLASH, family.signature.address, _WIDE_BLOCK_BYTES)),
            _core(board, family),
            _console(board, family.uarts[board.console.uart]),
            _scripted("counter", family.counter.address, counter_script(family.counter)),
            *(_scripted(block.name, block.address, registers_script(block)) for block in family.registers),
            _scripted(family.flash.name, family.flash.address, _flash(board, family), _WIDE_BLOCK_BYTES),
        ]
    )


def _memory(memory: Memory) -> str:
    return f"{memory.name.lower()}: Memory.MappedMemory @ sysbus {memory.origin:#x}\n    size: {memory.size_bytes:#x}\n"


def _core(board: BoardType, family: Family) -> str:
    mask = 0xFF & ~(0xFF >> family.priority_bits)
    return (
        "nvic: IRQControllers.NVIC @ sysbus 0xE000E000\n"
        f"    priorityMask: {mask:#x}\n"
        f"    systickFrequency: {MIPS * 1_000_000}\n"
        "    IRQ -> cpu@0\n\n"
        "cpu: CPU.CortexM @ sysbus\n"
        f'    cpuType: "{_CORES.get(board.core, board.core)}"\n'
        "    nvic: nvic\n"
        f"    PerformanceInMips: {MIPS}\n"
    )


def _console(board: BoardType, uart: Uart) -> str:
    # Renode's model of the older USART does not know its own size.
    place = f"<{uart.address:#x}, +{_BLOCK_BYTES:#x}>" if uart.kind is UartKind.STM32_V1 else f"{uart.address:#x}"
    lines = [f"{CONSOLE}: {uart.kind.value} @ sysbus {place}"]
    lines += [f"    frequency: {board.clock_hz}"] if uart.kind is not UartKind.NRF else []
    lines += ["    lowPowerMode: true"] if uart.low_power else []
    return "\n".join([*lines, f"    IRQ -> nvic@{uart.irq}", ""])


def _scripted(name: str, address: int, script: str, size_bytes: int = _BLOCK_BYTES) -> str:
    return (
        f"{name}: Python.PythonPeripheral @ sysbus {address:#x}\n"
        f"    size: {size_bytes:#x}\n    initable: true\n    script: '''{script}'''\n"
    )


def _flash(board: BoardType, family: Family) -> str:
    return flash_script(family, board.memory(MemoryKind.FLASH).origin, board.sector_starts)


def factory_bytes(board: BoardType, unique_id: bytes) -> dict[int, bytes]:
    """Give what the factory has written into the chip, by address: its unique number, how big its flash is."""
    signature, flash = family_of(board).signature, board.memory(MemoryKind.FLASH)
    written = {signature.unique_id: unique_id[: signature.unique_id_bytes]}
    for address, value in (
        (signature.flash_kib, flash.size_bytes // 1024),
        (signature.page_bytes, board.flash.page_bytes),
        (signature.pages, flash.size_bytes // board.flash.page_bytes),
    ):
        if address is not None:
            written[address] = value.to_bytes(2, "little")
    return written
