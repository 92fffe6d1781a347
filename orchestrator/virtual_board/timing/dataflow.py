"""Which registers an instruction reads and writes, told from its text."""

import re
from dataclasses import dataclass

from orchestrator.virtual_board.timing.instruction import Instruction

_REGISTER = re.compile(r"\b(?:r\d+|sb|sl|fp|ip|sp|lr|pc|[sd]\d+)\b")
_BASE = re.compile(r"\[(\w+)")
_OPERAND = re.compile(r"\[[^\]]*\]!?|\{[^}]*\}|[^,\s][^,]*")

LONG_MULTIPLIES = frozenset((
    "umull", "smull", "umlal", "smlal", "umaal", "smlald", "smlaldx", "smlsld", "smlsldx", "smlalbb", "smlalbt",
    "smlaltb", "smlaltt",
))  # fmt: skip
LONG_ACCUMULATES = LONG_MULTIPLIES - {"umull", "smull"}
ACCUMULATES = frozenset((
    "mla", "mls", "smlad", "smladx", "smlsd", "smlsdx", "smmla", "smmlar", "smmls", "smmlsr", "smlawb", "smlawt",
    "smlabb", "smlabt", "smlatb", "smlatt", "usada8",
))  # fmt: skip
MULTIPLIES = frozenset((
    "mul", "smuad", "smuadx", "smusd", "smusdx", "smmul", "smmulr", "smulwb", "smulwt", "usad8", "smulbb",
    "smulbt", "smultb", "smultt",
))  # fmt: skip
FPU_ACCUMULATES = frozenset(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"))
_WITHOUT_RESULT = frozenset((
    "cmp", "cmn", "tst", "teq", "b", "bl", "bx", "blx", "cbz", "cbnz", "it", "nop", "tbb", "tbh", "vcmp", "vcmpe",
    "str", "strb", "strh", "strd", "strt", "strbt", "strht", "vstr", "push", "vpush", "pld", "msr", "fmstat",
))  # fmt: skip
_STORES_OF_LISTS = ("stm", "vstm")
_LOADS_OF_LISTS = ("ldm", "vldm")
_REPLACES_ALL = frozenset((
    "mov", "movw", "mvn", "adr", "uxtb", "uxth", "sxtb", "sxth", "uxtb16", "sxtb16", "clz", "rev", "rev16",
    "revsh", "rbit", "neg", "mrs", "vneg", "vabs", "vsqrt", "vmrs",
))  # fmt: skip


@dataclass(frozen=True)
class Flow:
    """Registers by what an instruction does with them; double registers count as their two single ones.

    Attributes:
        read: as ordinary sources.
        addresses: in the address of a load or store.
        accumulated: added to a product.
        stored: values of a store.
        written: results, loaded values included.
        updated: base registers that pre- or post-indexing changes.
    """

    read: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    accumulated: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


def flow_of(instruction: Instruction) -> Flow:
    """Tell what an instruction reads and writes."""
    operands = _OPERAND.findall(instruction.operands)
    name = instruction.name
    if name.startswith(_STORES_OF_LISTS + _LOADS_OF_LISTS) or name in ("push", "pop", "vpush", "vpop"):
        return _of_list(instruction, operands)
    if "[" in instruction.operands and name not in ("tbb", "tbh"):
        return _of_access(instruction, operands)
    if name in _WITHOUT_RESULT:
        return Flow(read=_registers(instruction.operands))
    results = _results(name, operands)
    sources = operands[results:]
    if name in FPU_ACCUMULATES or name in LONG_ACCUMULATES:
        return Flow(_join(sources), accumulated=_join(operands[:results]), written=_join(operands[:results]))
    if name in ACCUMULATES:
        return Flow(_join(sources[:-1]), accumulated=_join(sources[-1:]), written=_join(operands[:1]))
    changes_first = name in ("bfi", "bfc", "movt") or (len(operands) == 2 and not _replaces_all(name))
    return Flow(_join(operands if changes_first else sources), written=_join(operands[:results]))


def base_of(instruction: Instruction) -> str | None:
    """Give the base register of a load or store."""
    base = _BASE.search(instruction.operands)
    return base.group(1) if base else None


def _of_list(instruction: Instruction, operands: list[str]) -> Flow:
    listed = tuple(single for register in instruction.listed_registers for single in _singles(register))
    base = ("sp",) if operands[0].startswith("{") else _registers(operands[0])
    updated = base if operands[0].startswith("{") or operands[0].endswith("!") else ()
    if instruction.name.startswith(_LOADS_OF_LISTS) or instruction.name in ("pop", "vpop"):
        return Flow(addresses=base, written=listed, updated=updated)
    return Flow(addresses=base, stored=listed, updated=updated)


def _of_access(instruction: Instruction, operands: list[str]) -> Flow:
    at = next(index for index, operand in enumerate(operands) if operand.startswith("["))
    addresses = _join(operands[at:])
    is_indexed = operands[at].endswith("!") or at + 1 < len(operands)
    updated = addresses[:1] if is_indexed else ()
    values = _join(operands[:at])
    if instruction.name.startswith(("str", "vstr")):
        return Flow(addresses=addresses, stored=values, updated=updated)
    return Flow(addresses=addresses, written=values, updated=updated)


def _results(name: str, operands: list[str]) -> int:
    """Give how many operands, the first ones, are results."""
    if name in LONG_MULTIPLIES:
        return 2
    if name == "vmov" and (len(operands) == 4 or (len(operands) == 3 and not operands[0].startswith("d"))):
        return 2
    return 1


def _replaces_all(name: str) -> bool:
    return name in _REPLACES_ALL or name.startswith(("vcvt", "vrint", "vmov"))


def _join(operands: list[str]) -> tuple[str, ...]:
    return _registers(" ".join(operands))


def _registers(text: str) -> tuple[str, ...]:
    return tuple(single for register in _REGISTER.findall(text) for single in _singles(register))


def _singles(register: str) -> tuple[str, ...]:
    if register[0] == "d" and register[1:].isdigit():
        return (f"s{2 * int(register[1:])}", f"s{2 * int(register[1:]) + 1}")
    return (register,)
