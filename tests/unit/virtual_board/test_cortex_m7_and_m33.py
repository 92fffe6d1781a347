"""The tables of the Cortex-M7 and M33, caches and branch prediction, with both engines on a chip given such a core."""

from dataclasses import replace

import pytest

from orchestrator.virtual_board.stm32l4 import Stm32L4
from orchestrator.virtual_board.timing import cortex_m7, cortex_m33
from orchestrator.virtual_board.timing.block import BlockDecoder
from orchestrator.virtual_board.timing.cache_model import BranchPredictor, CacheModel
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.flash_timing import CORTEX_M7_4_KIB, ICACHE_OF_U5, Accelerator, Cache
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.native_engine import best_engine
from orchestrator.virtual_board.timing.python_engine import PythonEngine
from orchestrator.virtual_board.timing.table import InstructionTable
from tests.unit.virtual_board.firmware import BOARD, ECHO_WITH_INTERRUPT, Bench
from tests.unit.virtual_board.test_cycle_counter import WORK


def block(*texts: str) -> list[Instruction]:
    """Make a block of instructions; `name.n` is a short one of 16 bits."""
    made = []
    for at, text in enumerate(texts):
        mnemonic, _, operands = text.partition(" ")
        narrow = mnemonic.endswith(".n")
        name = mnemonic.removesuffix(".n")
        stem = "b" if name in ("bne", "beq") else name.removesuffix("s") if name in ("subs", "adds", "muls") else name
        made.append(Instruction(4 * at, 2 if narrow else 4, stem, operands, name))
    return made


@pytest.mark.parametrize(
    ("texts", "cycles"),
    [
        (["add r0, r1, r2", "add r3, r4, r5", "add r6, r7, r8", "add r9, r10, r11"], 2),
        (["add r0, r1, r2", "eor r3, r0, r5"], 1),
        (["eor r0, r1, r2", "eor r3, r0, r5"], 2),
        (["ldr r0, [r1]", "ldr r2, [r1, #4]"], 1),
        (["ldr r0, [r1]", "ldr r2, [r1, #8]"], 2),
        (["ldr r0, [r1]", "eor r2, r0, r3"], 2),
        (["ldr r0, [r1]", "mul r2, r0, r3"], 3),
        (["ldrb r0, [r1]", "eor r2, r0, r3"], 3),
        (["ldr r0, [r1]", "ldr r2, [r0]"], 3),
        (["smlad r0, r1, r2, r0", "smlad r0, r3, r4, r0", "smlad r0, r5, r6, r0"], 3),
        (["smlad r0, r1, r2, r0", "ldr r3, [r4], #4"], 1),
        (["str r0, [r1]", "str r2, [r1, #4]"], 2),
        (["mul r0, r1, r2", "str r3, [r4]"], 2),
        (["eor r0, r1, r2, ror #3", "eor r3, r4, r5, ror #3"], 2),
        (["sxtb r0, r1", "sxtb r2, r3"], 2),
        (["push {r4, r5, r6, r7, lr}"], 3),
        (["ldrd r0, r1, [r2]", "add r3, r4, r5"], 2),
        (["vdiv s0, s1, s2"], 16),
        (["vmul s0, s1, s2", "vadd s3, s0, s4"], 4),
        (["udiv r0, r1, r2"], 7),
    ],
)
def test_cortex_m7(texts: list[str], cycles: int) -> None:
    assert sum(cortex_m7.TABLE.cycles_of(block(*texts))) == cycles


@pytest.mark.parametrize(
    ("texts", "cycles"),
    [
        (["add r0, r1, r2", "add r3, r4, r5"], 2),
        (["ldr r0, [r1]", "add r2, r0, r3"], 3),
        (["ldr r0, [r1]", "add r2, r3, r4"], 2),
        (["ldr r0, [r1]", "str r0, [r2]"], 2),
        (["ldr r0, [r1]", "mla r2, r3, r4, r0"], 2),
        (["add r0, r1, r2, lsl #3", "add r3, r0, r4"], 3),
        (["smlad r0, r1, r2, r0", "smlad r0, r3, r4, r0"], 2),
        (["smlad r0, r1, r2, r0", "add r3, r0, r4"], 3),
        (["muls.n r0, r1, r0"], 2),
        (["ldrd r0, r1, [r2]"], 2),
        (["push.n {r4, r5, r6}"], 3),
        (["vfma s0, s1, s2", "vfma s3, s4, s5"], 4),
        (["vmul s0, s1, s2", "vadd s3, s0, s4"], 3),
        (["add.n r0, r1", "it.n eq"], 1),
        (["add.n r0, r1", "nop.n"], 1),
        (["add r0, r1", "nop.n"], 2),
        (["subs.n r0, #1", "bne.n #0"], 1),
        (["subs.n r0, #1", "bne #0"], 2),
    ],
)
def test_cortex_m33(texts: list[str], cycles: int) -> None:
    assert sum(cortex_m33.TABLE.cycles_of(block(*texts))) == cycles


@pytest.mark.parametrize(
    ("texts", "cycles"),
    [
        (["subs.n r0, #1", "bne.n #0"], 2),
        (["add.n r0, r1", "bne.n #0"], 1),
        (["subs r0, #1", "bne.n #0"], 1),
        (["pop.n {r4, pc}"], 3),
        (["bl #0"], 1),
    ],
)
def test_what_a_taken_branch_of_a_cortex_m33_adds(texts: list[str], cycles: int) -> None:
    assert cortex_m33.TABLE.leaving(block(*texts)) == cycles


@pytest.mark.parametrize("table", [cortex_m7.TABLE, cortex_m33.TABLE])
def test_both_cores_price_a_block_as_it_is_decoded(table: InstructionTable) -> None:
    code = bytes.fromhex("0168 0a44 4a60 fbe7".replace(" ", ""))  # ldr r1, [r0]; add r2, r1; str r2, [r1, #4]; b
    decoded = BlockDecoder(table).decode(0x0800_0000, code)
    assert (decoded.instructions, decoded.size_bytes) == (4, 8)
    assert 3 <= decoded.cycles <= 5


def test_a_set_associative_cache_loses_what_was_used_longest_ago_in_its_set() -> None:
    cache = CacheModel(Cache(line_bytes=16, lines=8, ways=2))
    same_set = [0x100, 0x140, 0x180]  # 4 sets of 16 bytes
    assert [cache.misses(address) for address in (*same_set[:2], 0x100, same_set[2], 0x104, 0x140)] == [
        True, True, False, True, False, True,
    ]  # fmt: skip


def test_a_cache_that_does_not_keep_what_is_used_loses_what_came_first() -> None:
    cache = CacheModel(Cache(line_bytes=16, lines=2, keeps_used=False))
    assert [cache.misses(address) for address in (0, 16, 0, 32, 0)] == [True, True, False, True, True]


def test_a_loop_is_mispredicted_when_it_is_new_and_when_it_ends() -> None:
    predictor = BranchPredictor(mispredict_cycles=8)
    loop = [0x100] * 9 + [0x120]
    assert sum(predictor.stalls(0x120, target) for target in loop) == 16
    assert sum(predictor.stalls(0x120, target) for target in loop) == 8


CACHED = """
    REG(0xE000ED14) |= 0x30000; /* SCB_CCR: both caches */
    static uint32_t scratch[4096];
    for (uint32_t i = 0; i < 4096; i += 5) scratch[i] += scratch[4095 - i] + table[i & 255];
"""
ROUNDS = WORK.replace("for (uint32_t round", CACHED + "for (uint32_t round")
DCACHE_OVER_RAM = replace(CORTEX_M7_4_KIB, cached_ram=((0x2000_0000, 0x1_8000),))


@pytest.mark.parametrize("zero_wait_states", [False, True])
@pytest.mark.parametrize(
    ("core", "accelerator"),
    [("cortex-m7", DCACHE_OVER_RAM), ("cortex-m33", ICACHE_OF_U5), ("cortex-m4", ICACHE_OF_U5)],
)
def test_both_engines_count_the_same(
    core: str, accelerator: Accelerator, zero_wait_states: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stm32L4, "accelerator", accelerator)
    said = []
    for engine in (best_engine(), PythonEngine()):
        bench = Bench(ROUNDS, engine, zero_wait_states, board=replace(BOARD, core=core))
        said.append((bench.words(), bench.engine.cycles, bench.engine.instructions))
    assert said[0] == said[1]
    assert len(said[0][0]) == 3


def cycles_with(accelerator: Accelerator, ccr: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(Stm32L4, "accelerator", accelerator)
    source = ROUNDS.replace("|= 0x30000", f"|= {ccr}")
    bench = Bench(source, zero_wait_states=False, board=replace(BOARD, core="cortex-m7"))
    assert len(bench.words()) == 3
    return bench.engine.cycles


def test_the_caches_of_a_cortex_m7_are_switched_by_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    both, one, none = (cycles_with(DCACHE_OVER_RAM, ccr, monkeypatch) for ccr in (0x30000, 0x20000, 0))
    assert both < one < none
    assert cycles_with(CORTEX_M7_4_KIB, 0x30000, monkeypatch) < both


@pytest.mark.parametrize("engine", [best_engine, PythonEngine])
@pytest.mark.parametrize("core", ["cortex-m7", "cortex-m33"])
def test_interrupts_are_taken_and_returned_from(core: str, engine: type[TimingEngine]) -> None:
    bench = Bench(ECHO_WITH_INTERRUPT, engine(), board=replace(BOARD, core=core))
    assert bench.run() == b""
    assert bench.talk(b"through an interrupt") == b"through an interrupt"
