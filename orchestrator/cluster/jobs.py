"""Sweeps as Ray jobs: the cluster's head runs the driver, so that the computer they were submitted from may leave."""

import asyncio
import logging
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.cluster.ray_session import RESULTS
from orchestrator.domain.errors import InputError

SUCCEEDED = "SUCCEEDED"

NO_AGENT = "No available agent"
"""What a head says that was started seconds ago."""

AGENT_S = 120.0
PAUSE_S = 2.0


class SweepJobs:
    """The jobs of a cluster, by the address of its head's dashboard.

    Args:
        address: such as `http://HEAD:8265`.

    Raises:
        InputError: Ray's parts for jobs are not installed, or nobody answers at the address.
    """

    def __init__(self, address: str) -> None:
        from ray.job_submission import JobSubmissionClient

        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            self._client: Any = JobSubmissionClient(address)
        except (RuntimeError, ImportError, ConnectionError) as error:
            text = " ".join(str(error).split())[:300]
            raise InputError(
                f"--address {address}: no jobs can be submitted there ({text}); both ends need mcutune[jobs], the head "
                "its dashboard, both the same token: docs/cluster.md"
            ) from error

    def submit(self, experiment_file: Path, out: Path) -> str:
        """Send the folder of an experiment file and start its sweep on the head; gives the job's id.

        Args:
            out: directory for the results, as the head knows it.
        """
        give_up_at = time.monotonic() + AGENT_S
        while True:
            try:
                return self._submit(experiment_file, out)
            except RuntimeError as error:
                text = " ".join(str(error).split())[:300]
                if NO_AGENT not in text or time.monotonic() > give_up_at:
                    raise InputError(f"{experiment_file}: cannot be submitted: {text}") from error
                time.sleep(PAUSE_S)

    def _submit(self, experiment_file: Path, out: Path) -> str:
        words = ["mcutune", "sweep", experiment_file.name, "--address", "auto", "--out", str(out)]
        job_id: str = self._client.submit_job(
            entrypoint=shlex.join(words),
            runtime_env={"working_dir": str(experiment_file.parent.resolve()), "excludes": RESULTS},
            metadata={"mcutune": experiment_file.stem},
        )
        return job_id

    def follow(self, job_id: str, show: Callable[[str], None]) -> bool:
        """Show what a job prints until it ends; says whether it succeeded."""

        async def tail() -> None:
            async for text in self._client.tail_job_logs(job_id):
                show(text)

        asyncio.run(tail())
        return str(self._client.get_job_status(job_id).value) == SUCCEEDED
