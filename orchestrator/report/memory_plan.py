"""The memory plan as text: layers across, addresses upwards, one letter per buffer."""

import string

from orchestrator.domain.model import MemoryPlan, PlannedBuffer
from orchestrator.report.text import shortened

_MOST_ROWS = 24
_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_FREE = "."


def memory_plan_as_text(plan: MemoryPlan) -> str:
    """Give the drawing and its legend; each cell shows what takes most of those addresses during that layer."""
    return "\n".join([_summary(plan), *_drawing(plan), *_legend(plan)])


def _summary(plan: MemoryPlan) -> str:
    if plan.arena_bytes == plan.lower_bound_bytes:
        return f"arena {plan.arena_bytes:,} bytes: the least possible for this order of layers"
    return (
        f"arena {plan.arena_bytes:,} bytes; the largest set of buffers needed at once takes {plan.lower_bound_bytes:,}"
    )


def _drawing(plan: MemoryPlan) -> list[str]:
    if not plan.buffers:
        return []
    steps = range(1 + max(buffer.last_step for buffer in plan.buffers))
    row_bytes = max(-(-plan.arena_bytes // _MOST_ROWS), 1)
    starts = range(0, plan.arena_bytes, row_bytes)
    width = len(f"{plan.arena_bytes:,}")
    rows = [
        f"{start:>{width},} |" + "".join(_cell(plan, step, start, start + row_bytes) for step in steps)
        for start in reversed(starts)
    ]
    tens = "".join(str(step // 10 % 10) if step % 10 == 0 else " " for step in steps)
    units = "".join(str(step % 10) for step in steps)
    return [*rows, f"{'':{width}} +{'-' * len(steps)}", f"{'layer':>{width}}  {tens}", f"{'':{width}}  {units}"]


def _cell(plan: MemoryPlan, step: int, start: int, end: int) -> str:
    cell, most = _FREE, 0
    for number, buffer in enumerate(plan.buffers):
        if buffer.first_step <= step <= buffer.last_step:
            covered = min(end, buffer.offset + buffer.size_bytes) - max(start, buffer.offset)
            if covered > most:
                cell, most = _letter(number), covered
    return cell


def _legend(plan: MemoryPlan) -> list[str]:
    return [_legend_line(_letter(number), buffer) for number, buffer in enumerate(plan.buffers)]


def _legend_line(letter: str, buffer: PlannedBuffer) -> str:
    layers = f"{buffer.first_step}-{buffer.last_step}"
    name = shortened(buffer.name.split(";")[0], limit=60)
    return f"  {letter}  {buffer.offset:>9,}  {buffer.size_bytes:>9,} bytes  layers {layers:>7}  {name}"


def _letter(number: int) -> str:
    return _LETTERS[number % len(_LETTERS)]
