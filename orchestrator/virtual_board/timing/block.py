"""Decode a basic block and price it."""

import logging
from dataclasses import dataclass

import capstone

from orchestrator.virtual_board.timing import cortex_m4
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.memory_access import MemoryAccess, access_of
from orchestrator.virtual_board.timing.table import InstructionTable

logger = logging.getLogger(__name__)

UNMASKING = ("cpsie", "msr")


@dataclass(frozen=True)
class Block:
    """A priced basic block, as Unicorn cut it.

    Attributes:
        cycles: of the whole block, taken branches and flash stalls excluded.
        entering: what a taken branch to the block adds.
        leaving: what the taken branch at its end adds.
        starts: per instruction its address and the cycles of the block before it.
        unmasks: whether the block may have let a masked interrupt through (it ends with CPSIE or MSR).
        first_fpu_address: address of the first instruction that needs the FPU, or None.
        accesses: of its instructions to memory, in order.
    """

    address: int
    size_bytes: int
    cycles: int
    entering: int
    leaving: int
    starts: dict[int, int]
    unmasks: bool
    first_fpu_address: int | None
    accesses: tuple[MemoryAccess, ...] = ()

    @property
    def instructions(self) -> int:
        """How many instructions the block has."""
        return len(self.starts)


class BlockDecoder:
    """Thumb as a Cortex-M reads it."""

    def __init__(self, table: InstructionTable = cortex_m4.TABLE) -> None:
        self._table = table
        self._capstone = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._names: dict[int, str] = {}

    def decode(self, address: int, code: bytes) -> Block:
        """Price the block of `code` at `address`."""
        instructions = self._instructions(address, code)
        costs = self._table.cycles_of(instructions)
        starts, total = {}, 0
        for instruction, cost in zip(instructions, costs, strict=True):
            starts[instruction.address] = total
            total += cost
        fpu = next((instruction.address for instruction in instructions if instruction.uses_fpu), None)
        unmasks = bool(instructions) and instructions[-1].name in UNMASKING
        entering, leaving = self._table.entering(instructions), self._table.leaving(instructions)
        accesses = tuple(access for instruction in instructions if (access := access_of(instruction)) is not None)
        return Block(address, len(code), total, entering, leaving, starts, unmasks, fpu, accesses)

    def _instructions(self, address: int, code: bytes) -> list[Instruction]:
        found, end = [], address + len(code)
        while address < end:
            for decoded in self._capstone.disasm(code[len(code) - (end - address) :], address):
                name = "cpsie" if decoded.mnemonic == "cpsie" else self._name(decoded.id)
                found.append(Instruction(address, decoded.size, name, decoded.op_str, decoded.mnemonic))
                address += decoded.size
            if address < end:  # capstone stopped: an instruction it does not know
                unknown = _unknown(address, code[len(code) - (end - address) :])
                logger.warning("no entry in the timing table for the instruction at 0x%08x: 1 cycle", address)
                found.append(unknown)
                address += unknown.size_bytes
        return found

    def _name(self, number: int) -> str:
        name = self._names.get(number)
        if name is None:
            name = self._names[number] = str(self._capstone.insn_name(number))
        return name


def _unknown(address: int, code: bytes) -> Instruction:
    is_wide = code[1] >> 3 in (0b11101, 0b11110, 0b11111)  # ARMv7-M ARM A5.1
    return Instruction(address, 4 if is_wide else 2, "unknown", "")
