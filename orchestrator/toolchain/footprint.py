"""What a linked image takes of the board's memories, read from its ELF file. The home of pyelftools."""

import io

from elftools.elf.elffile import ELFFile

from orchestrator.domain.board_type import BoardType, Memory
from orchestrator.domain.model import Footprint, RegionUse, Segment
from orchestrator.toolchain.link_script import ARENA_SECTION, WEIGHTS_SECTION


def read_segments(elf: bytes) -> tuple[Segment, ...]:
    """Give what must be programmed, by address: the file bytes of the loadable segments."""
    headers = ELFFile(io.BytesIO(elf)).iter_segments("PT_LOAD")
    segments = [Segment(header["p_paddr"], header.data()) for header in headers if header["p_filesz"]]
    return tuple(sorted(segments, key=lambda segment: segment.address))


def read_footprint(elf: bytes, board: BoardType, stack_bound_bytes: int) -> Footprint:
    """Count the image's bytes; see `Footprint` for what each number holds."""
    sizes = _section_sizes(elf)
    segments = read_segments(elf)
    return Footprint(
        flash_bytes=sum(len(segment.data) for segment in segments),
        weights_bytes=sizes.get(WEIGHTS_SECTION, 0),
        static_ram_bytes=sum(sizes.get(name, 0) for name in (".data", ARENA_SECTION, ".bss")),
        arena_bytes=sizes.get(ARENA_SECTION, 0),
        stack_bound_bytes=stack_bound_bytes,
        regions=tuple(_region_use(memory, _occupied_ends(elf)) for memory in board.application_memories),
    )


def read_weights_addresses(elf: bytes) -> range:
    """Give where the weights lie, and nothing else; empty for a network without any."""
    section = ELFFile(io.BytesIO(elf)).get_section_by_name(WEIGHTS_SECTION)
    return range(0) if section is None else range(section["sh_addr"], section["sh_addr"] + section["sh_size"])


def _section_sizes(elf: bytes) -> dict[str, int]:
    return {section.name: section["sh_size"] for section in ELFFile(io.BytesIO(elf)).iter_sections()}


def _occupied_ends(elf: bytes) -> list[int]:
    """Give the end addresses of all segments, where they are stored and where they live at run time."""
    headers = list(ELFFile(io.BytesIO(elf)).iter_segments("PT_LOAD"))
    stored = [header["p_paddr"] + header["p_filesz"] for header in headers if header["p_filesz"]]
    living = [header["p_vaddr"] + header["p_memsz"] for header in headers if header["p_memsz"]]
    return stored + living


def _region_use(memory: Memory, ends: list[int]) -> RegionUse:
    """Count from the region's first address, where filling starts, to the last byte in use."""
    inside = [end - memory.origin for end in ends if memory.origin < end <= memory.end]
    return RegionUse(memory.name, max(inside, default=0), memory.size_bytes)
