"""The linker script of a board type, made from its memories.

RAM from its first address on: stack (grows down, so that an overflow leaves the memory and faults), .data, arena,
.bss; each in the memory that its placement says, by default all in one. Weights and arena have output sections of
their own, so that the ELF file tells how large they are.
"""

from orchestrator.domain.board_type import BoardType, Memory, MemoryKind
from orchestrator.toolchain.ram_placement import RamPlacement

STACK_SECTION = ".stack"
WEIGHTS_SECTION = ".weights"
ARENA_SECTION = ".arena"

_LAYOUT = """\
EXTERN(mt_vectors)
ENTRY(mt_reset)

MEMORY
{{
{memories}
}}

PHDRS
{{
    program PT_LOAD FLAGS(5);
    stack PT_LOAD FLAGS(6);
    data PT_LOAD FLAGS(6);
    arena PT_LOAD FLAGS(6);
    bss PT_LOAD FLAGS(6);
}}

SECTIONS
{{
    .vectors : {{ KEEP(*(.vectors.core)) KEEP(*(.vectors.port)) . = ALIGN(8); }} > {flash} :program
    .text : {{ *(.text .text.*) . = ALIGN(8); }} > {flash} :program
    .weights : {{ *(.rodata.mt_weights*) . = ALIGN(8); }} > {flash} :program
    .rodata : {{ *(.rodata .rodata.*) . = ALIGN(8); }} > {flash} :program

    .stack (NOLOAD) : {{ mt_stack_bottom = .; . += {stack_bytes}; mt_stack_top = .; }} > {stack} AT> {stack} :stack
    .data : {{ mt_data_start = .; *(.data .data.*) . = ALIGN(8); mt_data_end = .; }} > {data} AT> {flash} :data
    .arena (NOLOAD) : {{
        mt_arena_start = .; *(.bss.mt_arena*) . = ALIGN(8); mt_arena_end = .;
    }} > {arena} AT> {arena} :arena
    .bss (NOLOAD) : {{ mt_bss_start = .; *(.bss .bss.* COMMON) . = ALIGN(8); mt_bss_end = .; }} > {data} AT> {data} :bss

    mt_data_load = LOADADDR(.data);
    mt_boot_request = {boot_request:#010x};
    mt_spare_start = {spare_start};
    mt_spare_end = {spare_end};

    /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .init_array* .fini_array*) }}
}}
"""


def linker_script(board: BoardType, stack_bytes: int, placement: RamPlacement | None = None) -> str:
    """Give the text of the linker script, everything in the default RAM unless a placement says otherwise."""
    ram = board.memory(MemoryKind.RAM)
    placement = placement or RamPlacement.all_in(ram)
    start, end = _spare_ram(board, placement)
    return _LAYOUT.format(
        memories="\n".join(_memory_line(memory) for memory in board.application_memories),
        flash=board.memory(MemoryKind.FLASH).name,
        stack=placement.stack.name,
        data=placement.data.name,
        arena=placement.arena.name,
        stack_bytes=stack_bytes,
        boot_request=ram.origin,
        spare_start=start,
        spare_end=end,
    )


def _memory_line(memory: Memory) -> str:
    return f"    {memory.name} : ORIGIN = {memory.origin:#010x}, LENGTH = {memory.size_bytes}"


def _spare_ram(board: BoardType, placement: RamPlacement) -> tuple[str, str]:
    """Give bounds of the largest piece of RAM that the image leaves free, the first among equals."""
    pieces = [(_used_end(m, placement), f"{m.end:#010x}") for m in board.memories if m.kind is MemoryKind.RAM]
    start, end = pieces[0]
    for other_start, other_end in pieces[1:]:
        is_larger = f"{other_end} - {other_start} > ({end}) - ({start})"
        start, end = (f"({is_larger} ? {other} : {best})" for other, best in ((other_start, start), (other_end, end)))
    return start, end


def _used_end(memory: Memory, placement: RamPlacement) -> str:
    """Give the symbol or address behind what lies in a memory: .bss comes last, the stack first."""
    ends = ((placement.data, "mt_bss_end"), (placement.arena, "mt_arena_end"), (placement.stack, "mt_stack_top"))
    return next((symbol for used, symbol in ends if used is memory), f"{memory.origin:#010x}")
