"""The peripheral side of the address map: which block answers at which address."""

from dataclasses import dataclass

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

BLOCK_BYTES = 0x400
"""Smallest block an STM32 peripheral occupies, and Unicorn's page size here: whatever is between faults."""


@dataclass(frozen=True)
class Mapped:
    """A peripheral at its address; `base` and `size_bytes` are multiples of `BLOCK_BYTES`."""

    base: int
    size_bytes: int
    peripheral: Peripheral


def read_bytes(peripheral: Peripheral, offset: int, size_bytes: int) -> int:
    """Read 1, 2 or 4 bytes at `offset`; a narrow read has the side effects of reading its register."""
    word = peripheral.read(offset & ~3)
    return (word >> (8 * (offset & 3))) & ((1 << (8 * size_bytes)) - 1)


def write_bytes(peripheral: Peripheral, offset: int, size_bytes: int, value: int) -> None:
    """Write 1, 2 or 4 bytes at `offset`; a narrow write leaves the other bytes of its register as stored."""
    shift = 8 * (offset & 3)
    mask = ((1 << (8 * size_bytes)) - 1) << shift
    word = (peripheral.stored(offset & ~3) & ~mask) | ((value << shift) & mask)
    peripheral.write(offset & ~3, word & 0xFFFF_FFFF)
