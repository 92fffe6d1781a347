"""The board types that come with the package: `boards/<name>/board.yaml` as `BoardType` records."""

import difflib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

import boards
from orchestrator.config.strict import StrictModel, read_yaml
from orchestrator.config.units import parse_frequency_hz, parse_size_bytes
from orchestrator.domain.board_type import (
    LOADER_BYTES,
    BoardType,
    ChipId,
    Console,
    FlashGeometry,
    Memory,
    MemoryKind,
    ProbeFacts,
    RomBootloader,
    UniqueId,
)
from orchestrator.domain.errors import InputError
from orchestrator.domain.pin import Pin

BOARDS_DIR = Path(boards.__file__).parent

VECTOR_TABLE_ALIGNMENT = 512
"""Of a table with up to 128 entries (ARMv7-M ARM B3.2.5, VTOR)."""


def _checked_pin(name: str) -> str:
    Pin.named(name)
    return name


PinName = Annotated[str, AfterValidator(_checked_pin)]
SizeBytes = Annotated[int, BeforeValidator(parse_size_bytes), Field(gt=0)]


class _MemoryFile(StrictModel):
    name: str = Field(pattern="^[A-Z][A-Z0-9_]*$")
    kind: MemoryKind
    origin: int = Field(ge=0, lt=2**32)
    size: SizeBytes


class _FlashFile(StrictModel):
    page: SizeBytes
    endurance: int = Field(gt=0)
    wait_states: int = Field(ge=0)
    erase_s: float = Field(gt=0)
    sectors: tuple[SizeBytes, ...] = ()
    program: SizeBytes = 8


class _ConsoleFile(StrictModel):
    uart: str
    baud: int = Field(gt=0)
    pins: tuple[PinName, PinName]


class _RomBootloaderFile(StrictModel):
    product_id: int
    version: int


class _ChipIdFile(StrictModel):
    address: int = Field(ge=0, lt=2**32, multiple_of=4)
    mask: int = Field(gt=0, lt=2**32)
    value: int = Field(ge=0, lt=2**32)


class _UniqueIdFile(StrictModel):
    address: int = Field(ge=0, lt=2**32)
    size: SizeBytes


class _BoardFile(StrictModel):
    title: str
    chip: str
    core: Literal["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"]
    fpu: str | None = None
    clock: Annotated[int, BeforeValidator(parse_frequency_hz), Field(gt=0)]
    port: str = Field(pattern="^[a-z0-9_]+$")
    memories: tuple[_MemoryFile, ...]
    flash: _FlashFile
    console: _ConsoleFile
    trigger: PinName
    flashing: tuple[Literal["stm32-serial", "serial-loader", "pyocd", "command"], ...]
    rom_bootloader: _RomBootloaderFile | None = None
    documents: tuple[str, ...] = Field(min_length=1)
    application_offset: Annotated[int, BeforeValidator(parse_size_bytes), Field(ge=0)] = 0
    chip_id: _ChipIdFile | None = None
    unique_id: _UniqueIdFile | None = None
    pyocd_target: str | None = Field(default=None, pattern="^[a-z0-9_]+$")
    pyocd_pack: str | None = None
    openocd_target: str | None = None

    @model_validator(mode="after")
    def _has_both_kinds(self) -> "_BoardFile":
        for kind in MemoryKind:
            if not any(memory.kind is kind for memory in self.memories):
                raise ValueError(f"memories: must hold at least one of kind {kind.value!r}")
        return self

    @model_validator(mode="after")
    def _sectors_are_the_flash(self) -> "_BoardFile":
        flash_bytes = self._flash_bytes()
        if self.flash.sectors and sum(self.flash.sectors) != flash_bytes:
            raise ValueError(f"flash.sectors: must add up to {flash_bytes} bytes, but got {sum(self.flash.sectors)}")
        if self.flash.program % 8 or self.flash.page % self.flash.program:
            raise ValueError(
                f"flash.program: must be a multiple of 8 that divides a page of {self.flash.page} bytes, "
                f"but got {self.flash.program}"
            )
        for size_bytes in (flash_bytes, *self.flash.sectors):
            if size_bytes % self.flash.page:
                raise ValueError(f"flash: {size_bytes} bytes must be whole pages of {self.flash.page}")
        return self

    @model_validator(mode="after")
    def _leaves_room_for_the_loader(self) -> "_BoardFile":
        """See docs/boards.md: the loader, a sector for its record, then the application."""
        offset, page = self.application_offset, self.flash.page
        starts = self.geometry().sector_starts(self._flash_bytes())
        if offset not in starts:
            of_pages = f"whole pages of {page} bytes" if not self.flash.sectors else "where a sector begins"
            raise ValueError(f"application_offset: must be {of_pages}, but got {offset}")
        if offset % VECTOR_TABLE_ALIGNMENT:
            raise ValueError(f"application_offset: must be a multiple of {VECTOR_TABLE_ALIGNMENT}, but got {offset}")
        least = next(end for start, end in pairwise(starts) if start >= LOADER_BYTES)
        if "serial-loader" in self.flashing and offset < least:
            raise ValueError(f"application_offset: must be >= {least} (loader and its record), but got {offset}")
        return self

    def _flash_bytes(self) -> int:
        return next(memory.size for memory in self.memories if memory.kind is MemoryKind.FLASH)

    def geometry(self) -> FlashGeometry:
        """Give the flash as the rest of the program knows it."""
        flash = self.flash
        return FlashGeometry(
            flash.page, flash.endurance, flash.wait_states, flash.erase_s, flash.sectors, flash.program
        )


def board_type_names() -> tuple[str, ...]:
    """Names of all board types, sorted."""
    return tuple(sorted(path.parent.name for path in BOARDS_DIR.glob("*/board.yaml")))


@cache
def load_board_type(name: str) -> BoardType:
    """Read the board type `name`.

    Raises:
        InputError: unknown name (the known ones are listed), or a mistake in its board.yaml.
    """
    known = board_type_names()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise InputError(f"unknown board type {name!r}; {hint}known: {', '.join(known)}")
    content = read_yaml(BOARDS_DIR / name / "board.yaml", _BoardFile)
    return BoardType(
        name=name,
        title=content.title,
        chip=content.chip,
        core=content.core,
        fpu=content.fpu,
        clock_hz=content.clock,
        port=content.port,
        memories=tuple(Memory(m.name, m.kind, m.origin, m.size) for m in content.memories),
        flash=content.geometry(),
        console=Console(content.console.uart, content.console.baud, content.console.pins),
        trigger=content.trigger,
        flashing=content.flashing,
        rom_bootloader=_rom_bootloader(content.rom_bootloader),
        documents=content.documents,
        application_offset_bytes=content.application_offset,
        unique_id=_unique_id(content.unique_id),
        probe=_probe_facts(content),
    )


def _rom_bootloader(content: _RomBootloaderFile | None) -> RomBootloader | None:
    return None if content is None else RomBootloader(content.product_id, content.version)


def _unique_id(content: _UniqueIdFile | None) -> UniqueId | None:
    return None if content is None else UniqueId(content.address, content.size)


def _probe_facts(content: _BoardFile) -> ProbeFacts:
    chip = content.chip_id
    chip_id = None if chip is None else ChipId(chip.address, chip.mask, chip.value)
    return ProbeFacts(chip_id, content.pyocd_target, content.pyocd_pack, content.openocd_target)
