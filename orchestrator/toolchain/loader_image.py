"""The resident loader as an image for a board type: what a probe or the ROM bootloader installs once."""

import hashlib
import tempfile
from pathlib import Path

import boards
from orchestrator.domain.board_type import LOADER_BYTES, BoardType, MemoryKind
from orchestrator.domain.errors import InputError
from orchestrator.toolchain.archive import cache_dir, run_tool, static_library
from orchestrator.toolchain.firmware_files import firmware_headers, port_sources
from orchestrator.toolchain.footprint import read_segments
from orchestrator.toolchain.link import firmware_compiler

_LOADER = Path(boards.__file__).parent / "loader"
_SHARED = ("boot_request.c", "flash_sectors.c", "startup.c")

_LAYOUT = """\
EXTERN(mt_vectors)
EXTERN(mt_port_vectors)
ENTRY(mt_reset)

MEMORY
{{
    LOADER : ORIGIN = {origin:#010x}, LENGTH = {loader_bytes}
    RAM : ORIGIN = {ram_origin:#010x}, LENGTH = {ram_bytes}
}}

SECTIONS
{{
    .vectors : {{ KEEP(*(.vectors.core)) KEEP(*(.vectors.port)) . = ALIGN(8); }} > LOADER
    .text : {{ *(.text .text.* .rodata .rodata.*) . = ALIGN(8); }} > LOADER
    .stack (NOLOAD) : {{ mt_boot_request = .; mt_stack_bottom = .; . += {stack_bytes}; mt_stack_top = .; }} > RAM
    .data : {{ mt_data_start = .; *(.data .data.*) . = ALIGN(8); mt_data_end = .; }} > RAM AT> LOADER
    .bss (NOLOAD) : {{ mt_bss_start = .; *(.bss .bss.* COMMON) . = ALIGN(8); mt_bss_end = .; }} > RAM
    mt_data_load = LOADADDR(.data);
    mt_arena_start = mt_bss_end;
    mt_arena_end = mt_bss_end;
    /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .init_array* .fini_array*) }}
}}
"""

_STACK_BYTES = 1024


def loader_image(board: BoardType) -> Path:
    """Give the ELF file of the resident loader, built on first use; equal input gives equal bytes.

    Raises:
        InputError: the board type leaves no room for a loader in front of its programs.
        ToolchainError: compiler or linker failed, or the loader does not fit into its part of the flash.
    """
    if board.application_offset_bytes == 0:
        raise InputError(f"board {board.name}: has no resident loader; its programs lie at the start of flash")
    compiler = firmware_compiler(board)
    library = static_library(compiler, loader_sources(board), (*firmware_headers(), *_loader_headers()))
    script = _script(board)
    elf = cache_dir() / f"loader-{library.stem}-{hashlib.sha256(script.encode()).hexdigest()[:8]}.elf"
    if elf.exists():
        return elf
    with tempfile.TemporaryDirectory(dir=elf.parent, prefix="build-") as folder:
        script_file, built = Path(folder) / "loader.ld", Path(folder) / elf.name
        script_file.write_text(script)
        options = ("-nostdlib", "-Wl,--gc-sections,--build-id=none,--strip-debug,--fatal-warnings", f"-T{script_file}")
        run_tool([compiler.tool("gcc"), *compiler.flags, *options, library, "-lc", "-lgcc", "-o", built])
        built.rename(elf)  # atomic: whoever comes second replaces equal bytes
    return elf


def loader_binary(board: BoardType) -> bytes:
    """Give the loader's bytes from the first address of the flash on; see `loader_image` for errors."""
    origin = board.memory(MemoryKind.FLASH).origin
    content = bytearray()
    for segment in read_segments(loader_image(board).read_bytes()):
        content += b"\xff" * (segment.address - origin - len(content)) + segment.data
    return bytes(content)


def loader_sources(board: BoardType) -> tuple[Path, ...]:
    """Give the C files of the loader in a stable order."""
    firmware = _LOADER.parent / "firmware"
    return (*sorted(_LOADER.glob("*.c")), *(firmware / name for name in _SHARED), *port_sources(board))


def _loader_headers() -> tuple[Path, ...]:
    return tuple(sorted(_LOADER.glob("*.h")))


def _script(board: BoardType) -> str:
    ram = board.memory(MemoryKind.RAM)
    return _LAYOUT.format(
        origin=board.memory(MemoryKind.FLASH).origin,
        loader_bytes=LOADER_BYTES,
        ram_origin=ram.origin,
        ram_bytes=ram.size_bytes,
        stack_bytes=_STACK_BYTES,
    )
