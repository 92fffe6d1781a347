"""Faults of the core as ARMv7-M classifies them (ARM B1.5.14, B3.2.15)."""

from dataclasses import dataclass
from enum import Enum

HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 3, 4, 5, 6
"""Exception numbers."""


class FaultKind(Enum):
    """Exception number and CFSR bit."""

    EXECUTE_NEVER = (MEM_MANAGE, 1 << 0)
    INSTRUCTION_BUS = (BUS_FAULT, 1 << 8)
    PRECISE_DATA_BUS = (BUS_FAULT, 1 << 9)
    UNSTACKING = (BUS_FAULT, 1 << 11)
    STACKING = (BUS_FAULT, 1 << 12)
    UNDEFINED_INSTRUCTION = (USAGE_FAULT, 1 << 16)
    INVALID_STATE = (USAGE_FAULT, 1 << 17)
    INVALID_RETURN = (USAGE_FAULT, 1 << 18)
    NO_COPROCESSOR = (USAGE_FAULT, 1 << 19)
    UNALIGNED = (USAGE_FAULT, 1 << 24)
    BREAKPOINT = (HARD_FAULT, 0)

    @property
    def exception(self) -> int:
        """Number of the exception when it is not escalated."""
        return self.value[0]

    @property
    def cfsr_bit(self) -> int:
        """Bit of the configurable fault status register."""
        return self.value[1]


@dataclass(frozen=True)
class Fault:
    """A fault at instruction `pc`; `address` is what a data access wanted, where there is one."""

    kind: FaultKind
    pc: int
    address: int | None = None

    def __str__(self) -> str:
        target = "" if self.address is None else f" accessing 0x{self.address:08x}"
        return f"{self.kind.name.lower().replace('_', ' ')} fault at 0x{self.pc:08x}{target}"
