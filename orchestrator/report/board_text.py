"""What `mcutune boards show` prints."""

from orchestrator.domain.board_type import BoardType, Memory, MemoryKind

_CORES = {"cortex-m0plus": "Cortex-M0+"}
_INDENT = " " * 12


def board_as_text(board: BoardType) -> str:
    """Give the facts of a board type as aligned lines."""
    facts = {
        "board": f"{board.name}, {board.title}",
        "chip": board.chip,
        "core": _core(board),
        "clock": f"{board.clock_hz / 1e6:g} MHz, flash with {board.flash.wait_states} wait states",
        "memories": f"\n{_INDENT}".join(f"{_placed(memory)}{_geometry(board, memory)}" for memory in board.memories),
        "programs": f"begin at {board.application_flash.origin:#010x}{_loader(board)}",
        "console": f"{board.console.uart} ({', '.join(board.console.pins)}), {board.console.baud} baud",
        "trigger": board.trigger,
        "flashing": f"\n{_INDENT}".join(_flashing(board, name) for name in board.flashing),
        "bootloader": _bootloader(board),
        "documents": ", ".join(board.documents),
    }
    return "\n".join(f"{name:12}{fact}" for name, fact in facts.items())


def memory_text(memory: Memory) -> str:
    """Name a memory and its size."""
    return f"{memory.name} {memory.size_bytes // 1024} KiB"


def _core(board: BoardType) -> str:
    core = _CORES.get(board.core, board.core.title())
    return f"{core} with FPU ({board.fpu})" if board.fpu else f"{core} without FPU"


def _placed(memory: Memory) -> str:
    return f"{memory_text(memory)} at {memory.origin:#010x}"


def _geometry(board: BoardType, memory: Memory) -> str:
    if memory.kind is not MemoryKind.FLASH:
        return ""
    return f", pages of {board.flash.page_bytes // 1024} KiB, {board.flash.endurance_cycles} erasures"


def _loader(board: BoardType) -> str:
    return ", behind the resident loader" if board.application_offset_bytes else ""


def _flashing(board: BoardType, method: str) -> str:
    facts = board.probe
    pack = f"after `pyocd pack install {facts.pyocd_pack}`" if facts.pyocd_pack else "built in"
    needs = {
        "stm32-serial": "the console with wires to NRST and BOOT0 (or a hand on them)",
        "serial-loader": "the console; the resident loader, installed once",
        "pyocd": f"a debug probe; pyOCD's target {facts.pyocd_target}, {pack}",
        "command": f"a program of yours, e.g. openocd with {facts.openocd_target}",
    }
    return f"{method}: {needs.get(method, '')}"


def _bootloader(board: BoardType) -> str:
    if board.rom_bootloader is None:
        return f"no ROM bootloader is used over the console ({board.console.uart})"
    return (
        f"the console ({board.console.uart}) reaches the ROM bootloader (product {board.rom_bootloader.product_id:#x})"
    )
