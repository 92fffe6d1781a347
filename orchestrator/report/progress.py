"""Live progress of a sweep: a status line on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Callable

from rich.console import Console
from rich.status import Status as Spinner

from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.experiment import SearchChoice
from orchestrator.domain.outcome import Status
from orchestrator.report.text import shortened


class SweepProgress:
    """A line per finished candidate, and on a terminal a status line with what is under way."""

    def __init__(self, console: Console, search: SearchChoice, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._candidates = search.candidates
        self._trainings = search.trainings
        self._trained = 0
        self._now = now
        self._began = now()
        self._doing: dict[str, str] = {}
        self._ends: Counter[Status] = Counter()
        self._best: float | None = None
        self._spinner: Spinner | None = None

    def __enter__(self) -> "SweepProgress":
        if self._console.is_terminal:
            self._spinner = self._console.status("starting Ray, trainers and boards …")
            self._spinner.start()
        else:
            self._console.print("starting Ray, trainers and boards")
        return self

    def __exit__(self, *_: object) -> None:
        if self._spinner is not None:
            self._spinner.stop()

    def on_started(self, candidate_id: str) -> None:
        """Show a candidate as under way."""
        self._doing[candidate_id] = "measuring"
        self._refresh()

    def on_progress(self, record: CandidateRecord) -> None:
        """Show the epoch a candidate has reached."""
        if record.outcome.status is Status.STOPPED:
            self._doing[record.candidate_id] = f"epoch {record.epochs[-1].epoch}"
            self._refresh()

    def on_finished(self, record: CandidateRecord) -> None:
        """Print how a candidate ended."""
        self._doing.pop(record.candidate_id, None)
        self._ends[record.outcome.status] += 1
        self._trained += record.was_trained and record.outcome.status.teaches
        if record.outcome.status is Status.DEPLOYABLE and record.accuracy is not None:
            self._best = max(self._best or 0.0, record.accuracy)
        count = f"[{sum(self._ends.values())}/{self._candidates}]"
        self._console.print(f"{count} {record.candidate_id}: {self._line(record)}", markup=False, highlight=False)
        self._refresh()

    def _line(self, record: CandidateRecord) -> str:
        outcome = record.outcome
        accuracy = f"accuracy {record.accuracy:.1%}, " if record.accuracy is not None else ""
        return shortened(f"{outcome.status.value}, {accuracy}{outcome.reason}", limit=110)

    def _refresh(self) -> None:
        if self._spinner is not None:
            self._spinner.update(self.summary())

    def summary(self) -> str:
        """Give the status line: done, infeasible, failed, best so far, under way, time left."""
        done = sum(self._ends.values())
        parts = [
            f"{done}/{self._candidates} done",
            *([] if self._trainings is None else [f"{self._trained}/{self._trainings} trained"]),
            f"{self._ends[Status.INFEASIBLE]} infeasible",
            f"{self._ends[Status.FAILED]} failed",
            f"best {self._best:.1%}" if self._best is not None else "none deployable yet",
            self._time_left(done),
        ]
        under_way = ", ".join(f"{name} {doing}" for name, doing in sorted(self._doing.items()))
        return " · ".join(parts) + (f"  ({under_way})" if under_way else "")

    def _time_left(self, done: int) -> str:
        if done == 0:
            return "time left unknown"
        left = (self._candidates - done) / done
        if self._trainings is not None and self._trained:  # the sweep ends with whatever is used up first
            left = min(left, (self._trainings - self._trained) / self._trained)
        left_s = (self._now() - self._began) * left
        return f"about {left_s / 60:.0f} min left" if left_s >= 90 else f"about {left_s:.0f} s left"
