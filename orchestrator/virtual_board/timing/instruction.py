"""One decoded instruction, as the tables price it."""

import re
from dataclasses import dataclass

_LIST = re.compile(r"\{(.*)\}")


@dataclass(frozen=True)
class Instruction:
    """`name` is the mnemonic without condition and width, e.g. `ldr`."""

    address: int
    size_bytes: int
    name: str
    operands: str

    @property
    def uses_fpu(self) -> bool:
        """Whether the instruction needs the floating-point unit."""
        return self.name.startswith("v") or self.name == "fmstat"

    @property
    def listed_registers(self) -> tuple[str, ...]:
        """Registers between braces, in order."""
        listed = _LIST.search(self.operands)
        return tuple(listed.group(1).split(", ")) if listed else ()
