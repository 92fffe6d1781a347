"""The linker script of a board type, made from its memories.

RAM from its first address on: stack (grows down, so that an overflow leaves the memory and faults), .data, arena,
.bss. Weights and arena have output sections of their own, so that the ELF file tells how large they are.
"""

from orchestrator.domain.board_type import BoardType, Memory, MemoryKind

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
    bss PT_LOAD FLAGS(6);
}}

SECTIONS
{{
    .vectors : {{ KEEP(*(.vectors.core)) KEEP(*(.vectors.port)) . = ALIGN(8); }} > {flash} :program
    .text : {{ *(.text .text.*) . = ALIGN(8); }} > {flash} :program
    .weights : {{ *(.rodata.mt_weights*) . = ALIGN(8); }} > {flash} :program
    .rodata : {{ *(.rodata .rodata.*) . = ALIGN(8); }} > {flash} :program

    .stack (NOLOAD) : {{ mt_stack_bottom = .; . += {stack_bytes}; mt_stack_top = .; }} > {ram} AT> {ram} :stack
    .data : {{ mt_data_start = .; *(.data .data.*) . = ALIGN(8); mt_data_end = .; }} > {ram} AT> {flash} :data
    .arena (NOLOAD) : {{ mt_bss_start = .; *(.bss.mt_arena*) . = ALIGN(8); }} > {ram} AT> {ram} :bss
    .bss (NOLOAD) : {{ *(.bss .bss.* COMMON) . = ALIGN(8); mt_bss_end = .; }} > {ram} AT> {ram} :bss

    mt_data_load = LOADADDR(.data);
    mt_spare_start = {spare_start};
    mt_spare_end = {spare_end};

    /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .init_array* .fini_array*) }}
}}
"""


def linker_script(board: BoardType, stack_bytes: int) -> str:
    """Give the text of the linker script; equal arguments give equal text."""
    ram = board.memory(MemoryKind.RAM)
    start, end = _spare_ram(board, ram)
    return _LAYOUT.format(
        memories="\n".join(_memory_line(memory) for memory in board.memories),
        flash=board.memory(MemoryKind.FLASH).name,
        ram=ram.name,
        stack_bytes=stack_bytes,
        spare_start=start,
        spare_end=end,
    )


def _memory_line(memory: Memory) -> str:
    return f"    {memory.name} : ORIGIN = {memory.origin:#010x}, LENGTH = {memory.size_bytes}"


def _spare_ram(board: BoardType, default: Memory) -> tuple[str, str]:
    """Give bounds of the largest piece of RAM that the image leaves free: behind .bss, or another memory."""
    others = [m for m in board.memories if m.kind is MemoryKind.RAM and m is not default]
    if not others:
        return "mt_bss_end", f"{default.end:#010x}"
    other = max(others, key=lambda memory: memory.size_bytes)
    is_behind_bss = f"{default.end:#010x} - mt_bss_end >= {other.size_bytes}"
    return (
        f"{is_behind_bss} ? mt_bss_end : {other.origin:#010x}",
        f"{is_behind_bss} ? {default.end:#010x} : {other.end:#010x}",
    )
