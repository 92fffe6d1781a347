"""The arena: nothing that lives at the same time overlaps, and little is wasted."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compiler.planner import ALIGNMENT_BYTES, Buffer, plan_arena

_SPANS = st.tuples(st.integers(1, 5000), st.integers(0, 12), st.integers(0, 5))


@given(st.lists(_SPANS, max_size=14))
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
