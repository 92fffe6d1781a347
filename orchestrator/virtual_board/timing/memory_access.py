"""Where in memory an instruction reads or writes, told from its text: what an engine needs to find the addresses."""

import re
from dataclasses import dataclass

from orchestrator.virtual_board.timing.instruction import Instruction

_PLACE = re.compile(r"\[(\w+)(?:, #(-?\w+)|, (\w+)(?:, lsl #(\d))?)?\](?=(, #)?)")
_READS = ("ldr", "ldm", "vldr", "vldm", "pop", "vpop", "tbb", "tbh", "lda")
_WRITES = ("str", "stm", "vstr", "vstm", "push", "vpush", "stl")
_EXCLUSIVE_STORES = ("strex", "stlex")


@dataclass(frozen=True)
class MemoryAccess:
    """One or more reads or writes by the instruction at `address`, in ascending order.

    The first is at `offset`, plus `base` where there is one, plus `index` shifted left by `shift` bits.

    Attributes:
        base, index: registers by the names that the disassembler gives them.
        count: how many there are.
        step_bytes: from one to the next.
        is_read: exclusive stores read as well, before they write.
    """

    address: int
    base: str | None
    offset: int
    is_read: bool
    index: str | None = None
    shift: int = 0
    count: int = 1
    step_bytes: int = 4


def access_of(instruction: Instruction) -> MemoryAccess | None:
    """Give the accesses of an instruction; None when it makes none."""
    name = instruction.name
    is_read = name.startswith(_READS + _EXCLUSIVE_STORES)
    if not is_read and not name.startswith(_WRITES):
        return None
    if "{" in instruction.operands:
        return _of_list(instruction, is_read)
    place = _PLACE.search(instruction.operands)
    return _of_place(instruction, place, is_read) if place else None


def _of_list(instruction: Instruction, is_read: bool) -> MemoryAccess:
    name, operands = instruction.name, instruction.operands
    base = "sp" if operands.startswith("{") else re.split(r"\W", operands, maxsplit=1)[0]
    is_descending = name in ("push", "vpush") or name.endswith("db")
    offset = -4 * instruction.listed_words if is_descending else 0
    registers = instruction.listed_registers
    step_bytes = 8 if registers[0].startswith("d") else 4
    return MemoryAccess(instruction.address, base, offset, is_read, count=len(registers), step_bytes=step_bytes)


def _of_place(instruction: Instruction, place: re.Match[str], is_read: bool) -> MemoryAccess:
    base, offset, index, shift, is_postindexed = place.groups()
    start = 0 if offset is None or is_postindexed else int(offset, 0)
    count = 2 if instruction.name in ("ldrd", "strd") else 1
    if base != "pc":
        return MemoryAccess(instruction.address, base, start, is_read, index, int(shift or 0), count)
    here = instruction.address + 4  # how the program counter reads; rounded down to a word but for table branches
    start += here if index else here & ~3
    return MemoryAccess(instruction.address, None, start, is_read, index, int(shift or 0), count)
