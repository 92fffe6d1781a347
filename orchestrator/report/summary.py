"""The few lines under the table: who won, what failed."""

from collections import Counter
from collections.abc import Mapping, Sequence

from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.outcome import Status


def winner_of(records: Sequence[CandidateRecord]) -> CandidateRecord | None:
    """Give the deployable candidate with the highest int8 validation accuracy; fewer cycles decide a draw."""
    deployable = [record for record in records if record.outcome.status is Status.DEPLOYABLE]
    return max(deployable, key=_merit, default=None)


def _merit(record: CandidateRecord) -> tuple[float, int]:
    return record.accuracy or 0.0, -max((each.cycles for each in record.measurements), default=0)


def best_lines(records: Sequence[CandidateRecord], experiment: Experiment) -> list[str]:
    """Give the best candidate of each board type, where it may be another one on each."""
    if experiment.fit is not Fit.ANY or len(experiment.boards) == 1:
        return []
    lines = []
    for board in experiment.boards:
        best = winner_of([record for record in records if board in record.outcome.boards])
        verdict = "none" if best is None else f"{best.candidate_id}, accuracy {best.accuracy or 0.0:.1%}"
        lines.append(f"Best for {board}: {verdict}")
    return lines


def count_line(records: Sequence[CandidateRecord]) -> str:
    """Give the number of candidates per outcome."""
    ends = Counter(record.outcome.status for record in records)
    return ", ".join(f"{ends[status]} {status.value}" for status in Status if ends[status])


def failure_lines(records: Sequence[CandidateRecord]) -> list[str]:
    """Give one line per cause of infrastructure failures."""
    causes = Counter(r.outcome.cause for r in records if r.outcome.status is Status.FAILED)
    return [f"{count} candidate(s) failed for {cause}; the search was not told" for cause, count in causes.items()]


def quarantine_lines(quarantined: Mapping[str, str]) -> list[str]:
    """Give a line for each unit that was kept out, with the reason."""
    return [f"{unit} ({reason})" for unit, reason in sorted(quarantined.items())]


def fault_line(faults: Mapping[str, int]) -> str:
    """Give the number of faults of boards by cause, the most frequent first."""
    by_count = sorted(faults.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {cause}" for cause, count in by_count) or "none"
