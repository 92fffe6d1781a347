"""How many candidates to measure ahead, so that a trainer that becomes free finds one that fits."""

import logging
from typing import Any

import ray

from orchestrator.cluster.trainer_queue import TrainerUse
from orchestrator.domain.candidate import CandidateRecord

logger = logging.getLogger(__name__)


class TrainerWatch:
    """Knows how the trainers are used without waiting: their pool answers when that changes.

    Args:
        pool: handle of a `TrainerPool`.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._answer: Any = None
        self._known: TrainerUse | None = None

    def latest(self) -> TrainerUse | None:
        """Give what was last heard; None: nothing yet."""
        if self._answer is None:
            self._answer = self._pool.use.remote(self._known)
        if ray.wait([self._answer], timeout=0)[0]:
            answer, self._answer = self._answer, None
            try:
                self._known = ray.get(answer)
            except ray.exceptions.RayError as error:
                logger.warning("the trainers' pool does not answer: %s", " ".join(str(error).split())[:200])
        return self._known


class Screening:
    """Counts candidates under way, and says whether one more is to be measured.

    For each trainer one network that fits is to wait, beside those that free trainers will take at once. Of the
    candidates that are being measured, as large a share is expected to fit as of those that were. More than that would
    be suggested early, on less knowledge.

    Args:
        trainings: most candidates that may be trained; None: all that fit.
    """

    def __init__(self, trainers: int, trainings: int | None = None) -> None:
        self._trainers = trainers
        self._trainings = trainings
        self._measuring: set[str] = set()
        self._fitting: set[str] = set()
        self._measured_count = 0
        self._fitted_count = 0
        self._trained_count = 0

    @property
    def is_over(self) -> bool:
        """Whether as many were trained as may be."""
        return self._trainings is not None and self._trained_count >= self._trainings

    def begin(self, candidate_id: str) -> None:
        """Count a candidate among those that are being measured."""
        self._measuring.add(candidate_id)

    def see(self, use: TrainerUse) -> None:
        """Learn which candidates fit: those that hold a trainer, or wait for one."""
        for candidate_id in self._measuring.intersection((*use.waiting, *use.training)):
            self._measuring.remove(candidate_id)
            self._fitting.add(candidate_id)
            self._measured_count += 1
            self._fitted_count += 1

    def end(self, candidate_id: str, record: CandidateRecord | None) -> None:
        """Learn how a candidate ended; a failure of the infrastructure spends no training."""
        was_measuring = candidate_id in self._measuring
        self._measuring.discard(candidate_id)
        self._fitting.discard(candidate_id)
        if record is None or not record.outcome.status.teaches:
            return
        self._trained_count += record.was_trained
        if was_measuring:
            self._measured_count += 1
            self._fitted_count += record.was_trained

    def wants_more(self, use: TrainerUse | None) -> bool:
        """Say whether to measure one more.

        Args:
            use: of the trainers; None: not known, so that only the number of trainings counts.
        """
        spoken_for = self._trained_count + len(self._fitting) + len(self._measuring)
        if self._trainings is not None and spoken_for >= self._trainings:
            return False
        if use is None:
            return True
        share = (1 + self._fitted_count) / (1 + self._measured_count)
        return len(use.waiting) + share * len(self._measuring) < use.free + self._trainers
