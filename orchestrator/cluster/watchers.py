"""Whoever follows a sweep: journal, tracking, progress display."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ray.tune import Callback
from ray.tune.progress_reporter import TrialProgressCallback

from orchestrator.cluster.coordinator import RECORD_KEY
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.config.json_records import record_from_json
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.outcome import Outcome
from orchestrator.journal.journal import Journal

logger = logging.getLogger(__name__)


class SweepWatcher(Protocol):
    """Told of every candidate, in the driver's loop: must return quickly."""

    def on_started(self, candidate_id: str) -> None:
        """A candidate was handed to a coordinator."""

    def on_progress(self, record: CandidateRecord) -> None:
        """A candidate reported something; its outcome may still change."""

    def on_finished(self, record: CandidateRecord) -> None:
        """A candidate ended; called once for each."""


class JournalWatcher:
    """Puts every finished candidate into the journal, before anyone else hears of it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def on_started(self, candidate_id: str) -> None:
        """Nothing to keep."""

    def on_progress(self, record: CandidateRecord) -> None:
        """Nothing to keep."""

    def on_finished(self, record: CandidateRecord) -> None:
        self._journal.append(record)


class NoProgress(TrialProgressCallback):  # type: ignore[misc]
    """Takes the place of Tune's own progress display, which prints, and keeps the last result of every trial."""

    def on_trial_result(self, *_: Any, **info: Any) -> None:
        """Nothing."""

    def on_trial_error(self, *_: Any, **info: Any) -> None:
        """Nothing."""

    def on_trial_complete(self, *_: Any, **info: Any) -> None:
        """Nothing."""


class WatcherCallback(Callback):  # type: ignore[misc]
    """Turns Tune's events into records for the watchers."""

    def __init__(
        self, watchers: Sequence[SweepWatcher], guard: InterruptGuard, begins_anew: Callable[[str], bool]
    ) -> None:
        self._watchers = watchers
        self._guard = guard
        self._begins_anew = begins_anew
        self._started_at: dict[str, float] = {}
        self._resources: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune saves its callbacks with the experiment, but a sweep is resumed from its journal."""
        return {}

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        self._guard.check()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        candidate_id = trial.config["candidate_id"]
        if candidate_id not in self._started_at:
            self._started_at[candidate_id] = time.time()
            for watcher in self._watchers:
                watcher.on_started(candidate_id)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        record = record_from_json(result[RECORD_KEY], CandidateRecord)
        for watcher in self._watchers:
            watcher.on_progress(record)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        result = trial.last_result or {}
        if RECORD_KEY in result:
            self._finish(record_from_json(result[RECORD_KEY], CandidateRecord))
            self._lighten(trial)
        else:
            self._finish(self._lost(trial, "the trial ended without a report"))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        candidate_id = trial.config["candidate_id"]
        if self._begins_anew(candidate_id):
            logger.warning("the coordinator of candidate %s died; the candidate begins anew", candidate_id)
            return
        logger.error("trial of candidate %s failed: %s", candidate_id, trial.error_file)
        self._finish(self._lost(trial, "the candidate's coordinator failed repeatedly"))

    def _finish(self, record: CandidateRecord) -> None:
        for watcher in self._watchers:
            watcher.on_finished(record)

    def _lost(self, trial: Any, text: str) -> CandidateRecord:
        candidate_id = trial.config["candidate_id"]
        now = time.time()
        return CandidateRecord(
            candidate_id=candidate_id,
            config=trial.config["point"],
            outcome=Outcome.failed(InfrastructureError(text)),
            started_at=self._started_at.get(candidate_id, now),
            ended_at=now,
        )

    def _lighten(self, trial: Any) -> None:
        """Take from a trial that ended what nobody asks for any more: Tune keeps every trial until the sweep ends."""
        trial.config.pop("point", None)
        trial.evaluated_params.clear()
        trial.run_metadata.last_result = {}
        trial.run_metadata.metric_analysis.clear()
        trial.run_metadata.metric_n_steps.clear()
        self._resources = self._resources or trial.placement_group_factory
        trial.placement_group_factory = self._resources  # equal for all, but each trial has its own
