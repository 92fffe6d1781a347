import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from orchestrator.cluster.trainer_queue import TrainerQueue, TrainerUse, TrainingAbandonedError


def run(play: Callable[[TrainerQueue], Coroutine[Any, Any, None]], trainers: int = 1) -> None:
    async def limited() -> None:
        await asyncio.wait_for(play(TrainerQueue(f"T{number}" for number in range(trainers))), timeout=5)

    asyncio.run(limited())


async def begun(waiting: Awaitable[Any]) -> "asyncio.Task[Any]":
    """Start to wait, and let that come to its place in the queue."""
    task = asyncio.ensure_future(waiting)
    await asyncio.sleep(0.01)
    return task  # type: ignore[return-value]


def test_who_came_first_is_served_first() -> None:
    async def play(queue: TrainerQueue) -> None:
        await queue.acquire("c1", "a")
        second = await begun(queue.acquire("c2", "b"))
        third = await begun(queue.acquire("c3", "c"))
        assert await queue.use() == TrainerUse(0, waiting=("c2", "c3"), training=("c1",))
        await queue.release("c1")
        assert (await second).trainer == "T0"
        assert not third.done()
        await queue.release("c2")
        assert (await third).trainer == "T0"

    run(play)


def test_a_candidate_that_asks_again_gets_the_trainer_that_it_held() -> None:
    async def play(queue: TrainerQueue) -> None:
        assert (await queue.acquire("c1", "a")).earlier_training is None
        again = await queue.acquire("c1", "b")
        assert (again.trainer, again.earlier_training) == ("T0", "a")
        assert (await queue.use()).free == 1

    run(play, trainers=2)


def test_a_candidate_that_asks_again_while_it_waits_keeps_its_place_and_takes_one_trainer() -> None:
    """Its coordinator died: the dead one's call must not get a trainer that nobody would give back."""

    async def play(queue: TrainerQueue) -> None:
        await queue.acquire("c1", "a")
        dead = await begun(queue.acquire("c2", "dead"))
        third = await begun(queue.acquire("c3", "c"))
        alive = await begun(queue.acquire("c2", "alive"))
        with pytest.raises(TrainingAbandonedError):
            await dead
        await queue.release("c1")
        assert (await alive).trainer == "T0"
        await queue.release("c2")
        assert (await third).trainer == "T0"
        assert await queue.use() == TrainerUse(0, training=("c3",))

    run(play)


def test_a_candidate_that_ended_waits_no_more() -> None:
    async def play(queue: TrainerQueue) -> None:
        await queue.acquire("c1", "a")
        ended = await begun(queue.acquire("c2", "b"))
        await queue.release("c2")
        with pytest.raises(TrainingAbandonedError):
            await ended
        await queue.release("c1")
        assert await queue.use() == TrainerUse(1)

    run(play)


def test_the_use_of_trainers_is_told_when_it_changes() -> None:
    async def play(queue: TrainerQueue) -> None:
        known = await queue.use()
        assert known == TrainerUse(1)
        news = await begun(queue.use(known))
        assert not news.done()
        await queue.acquire("c1", "a")
        assert await news == TrainerUse(0, training=("c1",))

    run(play)
