"""One case per rule of the zero-wait-state table."""

import pytest

from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.timing.cortex_m4 import cycles_of, entering
from orchestrator.virtual_board.timing.flash_timing import ART_128_BITS, FlashTiming
from orchestrator.virtual_board.timing.instruction import Instruction


def block(*texts: str, address: int = 0) -> list[Instruction]:
    """Make a block of instructions of 32 bits; `name.n` is one of 16 bits."""
    made = []
    for text in texts:
        name, _, operands = text.partition(" ")
        made.append(Instruction(address, 2 if name.endswith(".n") else 4, name.removesuffix(".n"), operands))
        address += made[-1].size_bytes
    return made


def cycles(*texts: str) -> tuple[int, ...]:
    return cycles_of(block(*texts))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (["add r0, r1, r2"], (1,)),
        (["smlad r0, r1, r2, r3"], (1,)),
        (["str r0, [r1]"], (1,)),
        (["str r0, [r1, r2]"], (2,)),
        (["ldr r0, [r3]", "str r0, [r1, r2]"], (2, 1)),
        (["it eq"], (1,)),
        (["add.n r0, r1", "it.n eq"], (1, 0)),
        (["ldr r0, [r1]"], (2,)),
        (["ldrsb r0, [r1]", "ldrh r2, [r3]", "ldr r4, [r5]"], (2, 1, 1)),
        (["strb r0, [r1]", "ldr r0, [r0]"], (1, 2)),
        (["ldr r0, [r1]", "ldr r2, [r0]"], (2, 2)),
        (["ldr r0, [r1]", "ldr r2, [r3, r0]"], (2, 2)),
        (["ldr r0, [r1], #4", "ldr r2, [r1], #4"], (2, 2)),
        (["ldr r0, [r1], #4", "ldr r2, [r3], #4"], (2, 1)),
        (["ldr r0, [r1]", "add r0, r0, r0", "ldr r2, [r3]"], (2, 1, 2)),
        (["ldrd r0, r1, [r2]", "ldr r3, [r4]", "strd r0, r1, [r2]"], (3, 2, 3)),
        (["push {r4, r5, lr}"], (4,)),
        (["pop {r4, r5, r6, pc}"], (5,)),
        (["ldm r0!, {r1, r2, r3}"], (4,)),
        (["stmdb r0!, {r1, r2}"], (3,)),
        (["vldmia r0!, {s0, s1, s2, s3}"], (5,)),
        (["vpush {d8, d9}"], (5,)),
        (["vldr s0, [r0]"], (2,)),
        (["vldr d0, [r0]"], (3,)),
        (["vstr d0, [r0]"], (3,)),
        (["sdiv r0, r1, r2"], (7,)),
        (["udiv r0, r1, r2"], (7,)),
        (["vdiv s0, s1, s2"], (14,)),
        (["vsqrt s0, s1"], (14,)),
        (["vmla s0, s1, s2"], (3,)),
        (["vfma s0, s1, s2"], (3,)),
        (["vmul s0, s1, s2"], (1,)),
        (["vmul s0, s1, s2", "vadd s3, s0, s4"], (1, 2)),
        (["vmul s0, s1, s2", "vadd s3, s4, s5"], (1, 1)),
        (["vmov r0, r1, s2, s3"], (2,)),
        (["tbb [pc, r0]"], (2,)),
        (["tbh [pc, r0, lsl #1]"], (2,)),
    ],
)
def test_cycles_of_a_block(block: list[str], expected: tuple[int, ...]) -> None:
    assert cycles(*block) == expected


def test_wide_instructions_across_words_fall_behind_once() -> None:
    texts = ["add r0, r1, r2"] * 5
    assert cycles_of(block(*texts)) == (1, 1, 1, 1, 1)
    assert cycles_of(block(*texts, address=2)) == (1, 1, 2, 1, 1)
    assert cycles_of(block("ldr r0, [r1]", "ldr r2, [r3]", address=2)) == (2, 2)


def test_a_branch_to_a_wide_instruction_across_words_takes_one_more() -> None:
    assert entering(block("add r0, r1, r2")) == entering(block("add.n r0, r1", address=2)) == 2
    assert entering(block("add r0, r1, r2", address=2)) == 3


def test_flash_stalls_follow_the_access_control_register() -> None:
    access = AccessControl(wait_states=4, prefetch=True, instruction_cache=True, data_cache=True)
    assert FlashTiming.of(access) == FlashTiming(instruction_miss_cycles=7, following_miss_cycles=7, data_miss_cycles=4)
    without_prefetch = AccessControl(4, False, True, True)
    assert FlashTiming.of(without_prefetch).instruction_miss_cycles == 16
    assert FlashTiming.of(AccessControl(0, True, True, True)) == FlashTiming()


def test_prefetch_hides_the_next_line_where_a_line_is_one_read_of_128_bits() -> None:
    timing = FlashTiming.of(AccessControl(5, True, True, True), ART_128_BITS)
    assert timing == FlashTiming(instruction_miss_cycles=5, following_miss_cycles=0, data_miss_cycles=5)
    assert FlashTiming.of(AccessControl(5, False, True, True), ART_128_BITS).following_miss_cycles == 5
