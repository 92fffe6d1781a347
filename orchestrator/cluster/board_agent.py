"""The agent of a lab host: owns its boards, one thread each, and pulls work for those that are free."""

import logging
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray

from orchestrator.cluster.board_pool import LEASE_S
from orchestrator.cluster.request_queue import Failure, Lease, MeasureRequest
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.pipeline.devices import Device, measure_on, start_device
from orchestrator.pipeline.stages import Measured

logger = logging.getLogger(__name__)

PULL_S = 1.0  # also the longest that an idle board takes to notice the end of the sweep


class BoardAgent:
    """Serves `count` virtual boards of one type until the actor ends; a board that died is started again."""

    def __init__(self, pool: Any, board: str, count: int) -> None:
        self._pool = pool
        self._board = load_board_type(board)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, args=(f"virtual-{index + 1}",), daemon=True) for index in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def alive(self) -> int:
        """How many boards are being served."""
        return sum(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Finish what is being measured, end the boards, and return when that is done."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _serve(self, unit: str) -> None:
        device: Device | None = None
        while not self._stop.is_set():
            lease = ray.get(self._pool.pull.remote(unit, self._board.name, PULL_S))
            if lease is None:
                continue
            try:
                with self._renewed(lease):
                    device = _living(device, self._board)
                    measured = _measure(device, self._board, lease)
            except InfrastructureError as error:
                logger.warning("%s: %s", unit, error)
                _close(device)  # the next measurement starts a fresh process: the virtual board's power cycle
                ray.get(self._pool.give_back.remote(lease.lease_id, Failure(error.cause, str(error))))
            except Exception as error:  # a defect of ours must not end the board's thread in silence
                logger.exception("%s: measurement failed", unit)
                _close(device)
                ray.get(self._pool.give_back.remote(lease.lease_id, Failure("defect", repr(error))))
            else:
                ray.get(self._pool.deliver.remote(lease.lease_id, measured))
        _close(device)

    @contextmanager
    def _renewed(self, lease: Lease) -> Iterator[None]:
        """Keep the lease alive while the block runs."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(LEASE_S / 3):
                ray.get(self._pool.renew.remote(lease.lease_id))

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _living(device: Device | None, board: BoardType) -> Device:
    if device is not None and device.is_alive():
        return device
    _close(device)
    return start_device(board)


def _close(device: Device | None) -> None:
    if device is not None:
        device.close()


def _measure(device: Device, board: BoardType, lease: Lease) -> Measured:
    request: MeasureRequest = lease.request
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serial.log"
        run = measure_on(
            device,
            request.image,
            board,
            request.samples,
            repeats=request.repeats,
            log=log,
            flash=FlashOptions(keep_stale_weights=request.keep_stale_weights),
        )
        traffic = log.read_bytes()
    return Measured(run, lease.waited_s, time.monotonic() - started, traffic)


def start_virtual_agent(pool: Any, board: str, count: int) -> Any:
    """Start an agent with `count` virtual boards on this cluster; it ends with the driver."""
    actor = ray.remote(num_cpus=0, max_concurrency=2)(BoardAgent)
    return actor.remote(pool, board, count)
