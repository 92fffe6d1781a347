"""What a kind of board is: core, clock, memories. The one on the desk is a device, not a board type."""

from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from orchestrator.domain.pin import Pin

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
    """How the program flash is written (data sheet), and its wait states at the board's clock.

    Attributes:
        page_bytes: what the loader compares and writes at once.
        erase_s: longest time that erasing one sector takes.
        sectors_bytes: what is erased at once, from the first address on; empty: every page is a sector.
        program_bytes: what is programmed at once; a page is a multiple of it.
    """

    page_bytes: int
    endurance_cycles: int
    wait_states: int
    erase_s: float
    sectors_bytes: tuple[int, ...] = ()
    program_bytes: int = 8

    def sector_starts(self, flash_bytes: int) -> tuple[int, ...]:
        """Offset of each sector in a flash of so many bytes, and the flash's end."""
        if not self.sectors_bytes:
            return tuple(range(0, flash_bytes + 1, self.page_bytes))
        return (0, *accumulate(self.sectors_bytes))


@dataclass(frozen=True)
class Console:
    """The UART that the kit's USB serial line carries, and the pins at which it sends and receives."""

    uart: str
    baud: int
    pins: tuple[str, str]

    @property
    def tx(self) -> Pin:
        """Give the pin at which the chip sends."""
        return Pin.named(self.pins[0])

    @property
    def rx(self) -> Pin:
        """Give the pin at which the chip receives."""
        return Pin.named(self.pins[1])


@dataclass(frozen=True)
class RomBootloader:
    """The STM32 ROM bootloader as it identifies itself (AN2606), where the console reaches it."""

    product_id: int
    version: int


@dataclass(frozen=True)
class ChipId:
    """A word by which a debug probe tells the chip, before it erases anything: `value` where `mask` is set."""

    address: int
    mask: int
    value: int


@dataclass(frozen=True)
class UniqueId:
    """Where in memory the chip's unique id lies, in the order in which the firmware reports it."""

    address: int
    size_bytes: int


@dataclass(frozen=True)
class ProbeFacts:
    """How debug probes and their programs know the chip.

    Attributes:
        pyocd_target: pyOCD's name of the chip; None: pyOCD has none that fits.
        pyocd_pack: the CMSIS pack to install for it; None: it is built in.
        openocd_target: OpenOCD's script, e.g. `target/stm32l4x.cfg`.
    """

    chip_id: ChipId | None = None
    pyocd_target: str | None = None
    pyocd_pack: str | None = None
    openocd_target: str | None = None


@dataclass(frozen=True)
class BoardType:
    """A board definition, read from `boards/<name>/board.yaml`.

    Attributes:
        name: folder name, e.g. `nucleo_l476rg`; what the firmware reports too.
        chip: the microcontroller's name, e.g. `STM32L476RG`.
        core: GCC's `-mcpu` name, e.g. `cortex-m4`.
        fpu: GCC's `-mfpu` name, or None where the core has no FPU.
        port: family of the firmware port, the file `boards/firmware/ports/<port>.c`.
        trigger: name of the pin that tells a power meter when the network runs.
        memories: the first of each kind is where program and data go by default.
        flashing: names of the flashing methods that work on the stock kit, preferred first.
        documents: where these facts come from, the board's manual first.
        application_offset_bytes: where in flash programs begin: behind the resident loader, or 0 where there is none.
        unique_id: None where it is not in memory, or not known.
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
    trigger: str
    flashing: tuple[str, ...]
    rom_bootloader: RomBootloader | None
    documents: tuple[str, ...]
    application_offset_bytes: int = 0
    unique_id: UniqueId | None = None
    probe: ProbeFacts = ProbeFacts()

    def memory(self, kind: MemoryKind) -> Memory:
        """Give the default memory of a kind."""
        return next(memory for memory in self.memories if memory.kind is kind)

    @property
    def sector_starts(self) -> tuple[int, ...]:
        """Offset of each sector of the default flash, and the flash's end."""
        return self.flash.sector_starts(self.memory(MemoryKind.FLASH).size_bytes)

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
