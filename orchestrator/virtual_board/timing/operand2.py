"""The forms of a data-processing instruction's last operand, as pipelines tell them apart."""

import re

from orchestrator.virtual_board.timing.instruction import Instruction

_SHIFT = re.compile(r", (?:lsl|lsr|asr|ror|rrx)\b")
_CONSTANT = re.compile(r"#(-?(?:0x)?[0-9a-f]+)$")
_TWELVE_BITS = frozenset(("add", "sub", "addw", "subw", "mov", "movw", "movt"))
_WITHOUT_SHIFTER = frozenset(("ldr", "str", "b", "bl", "cbz", "cbnz"))


def is_shifted_register(instruction: Instruction) -> bool:
    """Say whether a register operand passes the shifter first, as in `add r0, r1, r2, lsl #3`."""
    return "[" not in instruction.operands and _SHIFT.search(instruction.operands) is not None


def is_shifted_constant(instruction: Instruction) -> bool:
    """Say whether the constant is eight bits, shifted: neither short nor a pattern of equal bytes."""
    found = _CONSTANT.search(instruction.operands)
    if found is None or instruction.size_bytes == 2 or "[" in instruction.operands:
        return False
    value = int(found.group(1), 0) & 0xFFFF_FFFF
    if value < 0x100 or instruction.name in _WITHOUT_SHIFTER:
        return False
    if instruction.name in _TWELVE_BITS and value < 0x1000:
        return False
    low, next_to_low = value & 0xFF, value >> 8 & 0xFF
    patterns = (low * 0x0001_0001, next_to_low * 0x0100_0100, low * 0x0101_0101)
    return value not in patterns and instruction.name not in ("movw", "movt")
