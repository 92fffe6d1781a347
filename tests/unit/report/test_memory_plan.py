from orchestrator.domain.model import MemoryPlan, PlannedBuffer
from orchestrator.report.memory_plan import memory_plan_as_text

PLAN = MemoryPlan(
    arena_bytes=48,
    lower_bound_bytes=48,
    buffers=(
        PlannedBuffer("image", 0, 16, 0, 0),
        PlannedBuffer("features;Relu", 16, 32, 0, 1),
        PlannedBuffer("scores", 0, 2, 1, 1),
    ),
)


def test_each_row_shows_what_lies_at_those_addresses_during_each_layer() -> None:
    lines = memory_plan_as_text(PLAN).splitlines()
    assert lines[0] == "arena 48 bytes: the least possible for this order of layers"
    rows = {line.partition("|")[0].strip(): line.partition("|")[2] for line in lines if "|" in line}
    assert len(rows) == 24
    assert rows["46"] == "BB"
    assert rows["16"] == "BB"
    assert rows["2"] == "A."
    assert rows["0"] == "AC"


def test_the_legend_names_the_buffers() -> None:
    text = memory_plan_as_text(PLAN)
    assert "  B         16         32 bytes  layers     0-1  features\n" in text


def test_an_arena_above_the_bound_says_so() -> None:
    assert "needed at once takes 40" in memory_plan_as_text(MemoryPlan(48, 40, PLAN.buffers))


def test_an_empty_arena_is_drawn_too() -> None:
    assert memory_plan_as_text(MemoryPlan(0, 0, ())).startswith("arena 0 bytes")
