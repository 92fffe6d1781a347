"""The arena: nothing that lives at the same time overlaps, and little is wasted."""

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.compiler.memory.planner import ALIGNMENT_BYTES, Buffer, plan_arena

_SPANS = st.tuples(st.integers(1, 5000), st.integers(0, 12), st.integers(0, 5))


@given(st.lists(_SPANS, max_size=14))
@settings(deadline=None)
def test_buffers_that_live_together_never_overlap(spans: list[tuple[int, int, int]]) -> None:
    buffers = [Buffer(str(i), size, first, first + length) for i, (size, first, length) in enumerate(spans)]
    plan = plan_arena(buffers)
    for one in buffers:
        start = plan.offsets[one.name]
        assert start % ALIGNMENT_BYTES == 0
        assert start + one.size_bytes <= plan.arena_bytes
        for other in buffers:
            if one is not other and one.lives_with(other):
                begin = plan.offsets[other.name]
                assert start + one.size_bytes <= begin or begin + other.size_bytes <= start
    assert plan.arena_bytes >= plan.lower_bound_bytes


def test_a_chain_of_layers_needs_no_more_than_its_largest_pair() -> None:
    sizes = [400, 1000, 600, 200, 800]
    plan = plan_arena([Buffer(str(i), size, i, i + 1) for i, size in enumerate(sizes)])
    assert plan.arena_bytes == plan.lower_bound_bytes == 1600


def test_the_plan_does_not_depend_on_the_order_of_the_buffers() -> None:
    buffers = [Buffer(str(i), 100 * (i % 3 + 1), i, i + 2) for i in range(8)]
    assert plan_arena(buffers) == plan_arena(buffers[::-1])


def test_no_buffers_need_no_arena() -> None:
    assert plan_arena([]).arena_bytes == 0


def test_the_search_finds_the_bound_where_first_fit_misses_it() -> None:
    sizes_and_lives = [(3, 0, 1), (1, 0, 2), (2, 1, 3), (2, 2, 4), (3, 3, 4), (1, 4, 5), (4, 5, 5)]
    buffers = [Buffer(str(i), 4 * size, first, last) for i, (size, first, last) in enumerate(sizes_and_lives)]
    plan = plan_arena(buffers)
    assert plan.arena_bytes == plan.lower_bound_bytes


def test_a_hundred_buffers_are_placed_in_a_moment_and_near_the_bound() -> None:
    generator = random.Random(4)
    buffers = []
    for i in range(100):
        first = generator.randrange(100)
        buffers.append(Buffer(str(i), 4 * generator.randint(1, 2000), first, first + generator.randrange(10)))
    started = time.process_time()
    plan = plan_arena(buffers)
    assert time.process_time() - started < 0.2  # a twentieth of a second on a free machine
    assert plan.arena_bytes <= 1.1 * plan.lower_bound_bytes
