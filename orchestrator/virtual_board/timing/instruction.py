"""One decoded instruction, as the tables price it."""

import re
from dataclasses import dataclass

_LIST = re.compile(r"\{(.*)\}")
_COMPARES = frozenset(("cmp", "cmn", "tst", "teq"))


@dataclass(frozen=True)
class Instruction:
    """`name` is the mnemonic without condition and width, e.g. `ldr`; `mnemonic` is all of it, e.g. `ldrne.w`."""

    address: int
    size_bytes: int
    name: str
    operands: str
    mnemonic: str = ""

    @property
    def uses_fpu(self) -> bool:
        """Whether the instruction needs the floating-point unit."""
        return self.name.startswith("v") or self.name == "fmstat"

    @property
    def listed_registers(self) -> tuple[str, ...]:
        """Registers between braces, in order."""
        listed = _LIST.search(self.operands)
        return tuple(listed.group(1).split(", ")) if listed else ()

    @property
    def listed_words(self) -> int:
        """Words that the registers between braces hold."""
        return sum(2 if register.startswith("d") else 1 for register in self.listed_registers)

    @property
    def sets_flags(self) -> bool:
        """Whether the condition flags are written."""
        return self.name in _COMPARES or self.mnemonic.startswith(self.name + "s")

    @property
    def is_conditional_branch(self) -> bool:
        """Whether the instruction is a branch that flags decide."""
        return self.name == "b" and self.mnemonic.split(".")[0] not in ("b", "")
