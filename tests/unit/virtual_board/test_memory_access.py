"""What is read from the text of an instruction about the memory it accesses."""

import pytest

from orchestrator.virtual_board.timing.block import BlockDecoder
from orchestrator.virtual_board.timing.memory_access import MemoryAccess

HERE = 0x0800_0002


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("4868", MemoryAccess(HERE, "r1", 4, True)),  # ldr r0, [r1, #4]
        ("51f8040c", MemoryAccess(HERE, "r1", -4, True)),  # ldr r0, [r1, #-4]
        ("51f8040b", MemoryAccess(HERE, "r1", 0, True)),  # ldr r0, [r1], #4
        ("51f8040f", MemoryAccess(HERE, "r1", 4, True)),  # ldr r0, [r1, #4]!
        ("8856", MemoryAccess(HERE, "r1", 0, True, "r2")),  # ldrsb r0, [r1, r2]
        ("51f82200", MemoryAccess(HERE, "r1", 0, True, "r2", shift=2)),  # ldr.w r0, [r1, r2, lsl #2]
        ("0148", MemoryAccess(HERE, None, 0x0800_0008, True)),  # ldr r0, [pc, #4]: counted from 0x08000004
        ("dfe801f0", MemoryAccess(HERE, None, HERE + 4, True, "r1")),  # tbb [pc, r1]
        ("d1e90201", MemoryAccess(HERE, "r1", 8, True, count=2)),  # ldrd r0, r1, [r1, #8]
        ("91ed020b", MemoryAccess(HERE, "r1", 8, True)),  # vldr d0, [r1, #8]: one access of 8 bytes
        ("b1ec040b", MemoryAccess(HERE, "r1", 0, True, count=2, step_bytes=8)),  # vldmia r1!, {d0, d1}
        ("30bd", MemoryAccess(HERE, "sp", 0, True, count=3)),  # pop {r4, r5, pc}
        ("30b5", MemoryAccess(HERE, "sp", -12, False, count=3)),  # push {r4, r5, lr}
        ("11e90c00", MemoryAccess(HERE, "r1", -8, True, count=2)),  # ldmdb r1, {r2, r3}
        ("41e80020", MemoryAccess(HERE, "r1", 0, True)),  # strex r0, r2, [r1]
        ("4860", MemoryAccess(HERE, "r1", 4, False)),  # str r0, [r1, #4]
        ("91f800f0", None),  # pld [r1]
        ("0844", None),  # add r0, r1
    ],
)
def test_accesses_of_an_instruction(code: str, expected: MemoryAccess | None) -> None:
    block = BlockDecoder().decode(HERE, bytes.fromhex(code))
    assert list(block.accesses) == ([expected] if expected else [])
