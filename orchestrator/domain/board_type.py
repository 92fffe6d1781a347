"""What a kind of board is: core, clock, memories. The one on the desk is a device, not a board type."""

from dataclasses import dataclass
from enum import Enum

LOADER_BYTES = 8192
"""What the resident loader may take at the start of flash."""


class MemoryKind(Enum):
    FLASH = "flash"
    RAM = "ram"


@dataclass(frozen=True)
class Memory:
    """One memory region, `origin` being its first address."""

    name: str
    kind: MemoryKind
    origin: int
    size_bytes: int

    @property
    def end(self) -> int:
        """First address behind the region."""
        return self.origin + self.size_bytes


@dataclass(frozen=True)
class FlashGeometry:
    """Erase unit and endurance of the program flash (data sheet), and the wait states at the board's clock."""

    page_bytes: int
    endurance_cycles: int
    wait_states: int


@dataclass(frozen=True)
class Console:
    """The UART that the kit's USB serial line carries, and the pins it leaves the chip at."""

    uart: str
    baud: int
    pins: tuple[str, ...]


@dataclass(frozen=True)
class RomBootloader:
    """The STM32 ROM bootloader as it identifies itself (AN2606), where the console reaches it."""

    product_id: int
    version: int


@dataclass(frozen=True)
class BoardType:
    """A board definition, read from `boards/<name>/board.yaml`.

    Attributes:
        name: folder name, e.g. `nucleo_l476rg`; what the firmware reports too.
        chip: the microcontroller's name, e.g. `STM32L476RG`.
        core: GCC's `-mcpu` name, e.g. `cortex-m4`.
        fpu: GCC's `-mfpu` name, or None where the core has no FPU.
        port: family of the firmware port, the file `boards/firmware/ports/<port>.c`.
        memories: the first of each kind is where program and data go by default.
        flashing: names of the flashing methods that work on the stock kit, preferred first.
        documents: where these facts come from, the board's manual first.
        application_offset_bytes: where in flash programs begin: behind the resident loader, or 0 where there is none.
    """

    name: str
    title: str
    chip: str
    core: str
    fpu: str | None
    clock_hz: int
    port: str
    memories: tuple[Memory, ...]
    flash: FlashGeometry
    console: Console
    flashing: tuple[str, ...]
    rom_bootloader: RomBootloader | None
    documents: tuple[str, ...]
    application_offset_bytes: int = 0

    def memory(self, kind: MemoryKind) -> Memory:
        """Give the default memory of a kind."""
        return next(memory for memory in self.memories if memory.kind is kind)

    @property
    def application_flash(self) -> Memory:
        """Give the part of the default flash that programs may take."""
        flash = self.memory(MemoryKind.FLASH)
        offset = self.application_offset_bytes
        return Memory(flash.name, flash.kind, flash.origin + offset, flash.size_bytes - offset)

    @property
    def application_memories(self) -> tuple[Memory, ...]:
        """Give all memories as a program may use them, in the order of `memories`."""
        flash = self.memory(MemoryKind.FLASH)
        return tuple(self.application_flash if memory is flash else memory for memory in self.memories)
