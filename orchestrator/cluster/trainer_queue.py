"""Who trains and who waits for it: candidates that fit are served in the order in which they came."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.errors import InfrastructureError


@dataclass(frozen=True)
class HeldTrainer:
    """A trainer and the training that it was held for before, by the same candidate; None: it was free."""

    trainer: Any
    earlier_training: str | None


@dataclass(frozen=True)
class TrainerUse:
    """How the trainers are used.

    Attributes:
        free: how many have nothing to do.
        waiting, training: ids of the candidates that wait for a trainer, and of those that hold one.
    """

    free: int
    waiting: tuple[str, ...] = ()
    training: tuple[str, ...] = ()


class TrainingAbandonedError(InfrastructureError):
    """Whoever waited for a trainer has ended, or waits anew."""

    cause = "training-abandoned"


class TrainerQueue:
    """Hands out free trainers, one to a candidate; asking again gives the same one, or keeps the place in the queue."""

    def __init__(self, trainers: Iterable[Any]) -> None:
        self._free = deque(trainers)
        self._held: dict[str, tuple[Any, str]] = {}
        self._waiting: dict[str, str] = {}
        self._changed = asyncio.Condition()

    async def acquire(self, candidate_id: str, training_id: str) -> HeldTrainer:
        """Wait for a free trainer.

        Raises:
            TrainingAbandonedError: the candidate has ended meanwhile, or asked again: its coordinator had died.
        """
        async with self._changed:
            trainer, earlier = self._held.pop(candidate_id, (None, None))
            if trainer is None:
                trainer = await self._next_free(candidate_id, training_id)
            self._held[candidate_id] = (trainer, training_id)
            self._changed.notify_all()
            return HeldTrainer(trainer, earlier)

    async def release(self, candidate_id: str) -> None:
        """Take the candidate's trainer back, if it holds one."""
        await self._take_back(candidate_id)

    async def use(self, known: TrainerUse | None = None) -> TrainerUse:
        """Give how trainers are used, as soon as that is not what is known already."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._use() != known)
            return self._use()

    async def _next_free(self, candidate_id: str, training_id: str) -> Any:
        self._waiting[candidate_id] = training_id
        self._changed.notify_all()
        await self._changed.wait_for(
            lambda: self._waiting.get(candidate_id) != training_id or self._is_served(candidate_id)
        )
        if self._waiting.get(candidate_id) != training_id:
            raise TrainingAbandonedError(f"candidate {candidate_id} does not wait for training {training_id} any more")
        del self._waiting[candidate_id]
        return self._free.popleft()

    def _is_served(self, candidate_id: str) -> bool:
        return candidate_id in list(self._waiting)[: len(self._free)]

    async def _take_back(self, candidate_id: str) -> tuple[Any, str] | None:
        """Free what a candidate holds, or its place in the queue; gives the trainer it held and the training."""
        async with self._changed:
            self._waiting.pop(candidate_id, None)
            held = self._held.pop(candidate_id, None)
            if held is not None:
                self._free.append(held[0])
            self._changed.notify_all()
            return held

    def _use(self) -> TrainerUse:
        return TrainerUse(len(self._free), tuple(self._waiting), tuple(self._held))
