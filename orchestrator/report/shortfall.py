"""Why a sweep ended short of what was asked for: what ran out, which budget is the tightest, who missed it by least."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.domain.budget import Bound, Margin, Quantity, limit_text
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.outcome import Status

NEAREST = 3


def shortfall_lines(records: Sequence[CandidateRecord], experiment: Experiment) -> list[str]:
    """Give what there is to say of a sweep that ended by itself; nothing, if it got what it was asked for.

    The budgets are spoken of where nothing is deployable, or fewer networks were trained than may be.
    """
    lines = _what_ran_out(records, experiment)
    is_short = experiment.search.trainings is not None and bool(lines)
    if is_short or not any(record.outcome.status is Status.DEPLOYABLE for record in records):
        lines += [*_tightest_lines(records, experiment), *_nearest_lines(records, experiment)]
    return lines


def _what_ran_out(records: Sequence[CandidateRecord], experiment: Experiment) -> list[str]:
    search = experiment.search
    trained = sum(record.was_trained and record.outcome.status.teaches for record in records)
    if search.trainings is not None and trained >= search.trainings:
        return []
    of = "" if search.trainings is None else f", {trained} of {search.trainings} trainings"
    if len(records) < search.candidates:
        return [f"The search space has no more points: {len(records)} of {search.candidates} candidates{of}"]
    return [f"All {search.candidates} candidates are used up{of}"] if of else []


@dataclass(frozen=True)
class _Held:
    """A budget with all that was measured against it."""

    margins: tuple[Margin, ...]

    @property
    def nearest(self) -> Margin:
        return min(self.margins, key=lambda margin: margin.violation)

    @property
    def broken_count(self) -> int:
        return sum(not margin.fits for margin in self.margins)

    @property
    def tightness(self) -> tuple[float, int]:
        return max(0.0, self.nearest.violation), self.broken_count


def _tightest_lines(records: Sequence[CandidateRecord], experiment: Experiment) -> list[str]:
    by_budget: dict[tuple[str, str], list[Margin]] = defaultdict(list)
    for record in records:
        for margin in _margins_that_count(record, experiment.fit):
            by_budget[margin.board, margin.name].append(margin)
    budgets = [_Held(tuple(margins)) for margins in by_budget.values()]
    tightest = max(budgets, key=lambda held: held.tightness, default=None)
    if tightest is None or not tightest.broken_count:
        return []
    nearest = tightest.nearest
    limit = limit_text(nearest.quantity, nearest.limit, nearest.bound)
    budget = f"{nearest.quantity.value} {limit}{_on(nearest.board, experiment)}"
    count = f"Tightest budget: {budget}, broken by {tightest.broken_count} of {len(tightest.margins)} measured"
    if nearest.fits:
        return [f"{count}, kept by others"]
    return [f"{count}, by {nearest.excess:+.0%} at least", *_floor_lines(records, nearest)]


def _floor_lines(records: Iterable[CandidateRecord], nearest: Margin) -> list[str]:
    """Say so where not even a network without tensors, or without weights, would keep the budget."""
    if nearest.bound is Bound.AT_LEAST:
        return []
    measured = [each for record in records for each in record.measurements if each.board == nearest.board]
    if nearest.quantity is Quantity.RAM:
        floor, besides = min(each.ram_bytes - each.footprint.arena_bytes for each in measured), "tensors"
    elif nearest.quantity is Quantity.FLASH:
        floor, besides = min(each.flash_bytes - each.footprint.weights_bytes for each in measured), "weights"
    else:
        return []
    if floor <= nearest.limit:
        return []
    return [f"No smaller network will keep it: what is there besides {besides} takes {nearest.quantity.text(floor)}"]


def _nearest_lines(records: Iterable[CandidateRecord], experiment: Experiment) -> list[str]:
    missed = [record for record in records if record.outcome.status is Status.INFEASIBLE]
    nearest = sorted(missed, key=_distance)[:NEAREST]
    return [f"Nearest miss: {record.candidate_id}, {_misses(record, experiment)}" for record in nearest]


def _distance(record: CandidateRecord) -> tuple[bool, float, int]:
    """What was measured is nearer than what does not link."""
    missing_bytes = sum(shortage.missing_bytes for shortage in record.outcome.shortages)
    return not record.outcome.broken, record.outcome.violation, missing_bytes


def _misses(record: CandidateRecord, experiment: Experiment) -> str:
    broken = [margin for margin in _margins_that_count(record, experiment.fit) if not margin.fits]
    parts = [f"{margin}{_on(margin.board, experiment)}" for margin in broken]
    if not parts:
        parts = [f"{shortage}{_on(shortage.board, experiment)}" for shortage in record.outcome.shortages]
    return ", ".join(parts)


def _margins_that_count(record: CandidateRecord, fit: Fit) -> list[Margin]:
    """Give all margins; where one board would do, those of the nearest."""
    boards: dict[str, list[Margin]] = defaultdict(list)
    for margin in record.outcome.margins:
        boards[margin.board].append(margin)
    if fit is Fit.ALL:
        return [margin for margins in boards.values() for margin in margins]
    return min(boards.values(), key=lambda margins: sum(max(0.0, each.violation) for each in margins), default=[])


def _on(board: str, experiment: Experiment) -> str:
    return f" on {board}" if len(experiment.boards) > 1 else ""
