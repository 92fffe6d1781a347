"""A sweep as MLflow runs: one parent, one child per candidate, written off the driver's loop."""

import logging
import os
import queue
import threading
import time
from typing import Any

from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.outcome import Status
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.tracking.run_content import metrics_of, parameters_of, tags_of

logger = logging.getLogger(__name__)

MAX_TAG_CHARACTERS = 5000
EPOCH_METRICS = ("loss", "val_loss", "val_accuracy")


class MlflowTracker:
    """Logs each finished candidate as one child run, in order, from a thread of its own.

    A child run is created when its candidate ends, with the candidate's own start and end times and everything in
    one batch: cheap on any store, and no run is ever left RUNNING but the parent, which `close` ends.
    """

    def __init__(self, experiment: Experiment, folder: SweepFolder) -> None:
        self.tracking_uri = experiment.tracking_uri or folder.mlflow_store_uri
        self.errors: list[str] = []
        self._experiment = experiment
        self._folder = folder
        self._records: queue.Queue[CandidateRecord | None] = queue.Queue()
        self._client: Any = None
        self._parent_id = ""
        self._experiment_id = ""
        self._thread = threading.Thread(target=self._write_all, name="mlflow", daemon=True)
        self._thread.start()

    def on_started(self, candidate_id: str) -> None:
        """Nothing yet: see the class."""

    def on_progress(self, record: CandidateRecord) -> None:
        """Nothing yet: see the class."""

    def on_finished(self, record: CandidateRecord) -> None:
        """Queue a finished candidate."""
        self._records.put(record)

    def close(self, status: str, metrics: dict[str, float], tags: dict[str, str]) -> None:
        """Write what is queued, then the sweep's own figures, and end the parent run.

        Args:
            status: MLflow's: `FINISHED`, `FAILED` or `KILLED`.
        """
        self._records.put(None)
        self._thread.join()
        if not self._parent_id:
            return
        self._log_batch(self._parent_id, metrics, {}, tags, [])
        if self._folder.journal.exists():
            self._client.log_artifact(self._parent_id, str(self._folder.journal))
        self._client.set_terminated(self._parent_id, status)

    def _write_all(self) -> None:
        try:
            self._open()
        except Exception as error:  # an unreachable server must not end the sweep; the journal has everything
            logger.exception("cannot open the tracking store")
            self._note("cannot open the tracking store", error)
        while (record := self._records.get()) is not None:
            if not self._parent_id:
                continue
            try:
                self._write(record)
            except Exception as error:
                logger.exception("candidate %s was not logged", record.candidate_id)
                self._note(f"candidate {record.candidate_id} was not logged", error)

    def _note(self, what: str, error: Exception) -> None:
        self.errors.append(f"MLflow at {self.tracking_uri}: {what}: {error}")

    def _open(self) -> None:
        os.environ.setdefault("MLFLOW_CONFIGURE_LOGGING", "0")  # its log lines go where ours go
        from mlflow import MlflowClient

        self._client = MlflowClient(self.tracking_uri)
        self._experiment_id = self._find_or_create_experiment()
        name = self._folder.root.name
        run = self._client.create_run(self._experiment_id, run_name=name, tags={"sweep": name})
        self._parent_id = run.info.run_id
        self._log_batch(self._parent_id, {}, self._settings(), {"board": ",".join(self._experiment.boards)}, [])

    def _settings(self) -> dict[str, str]:
        """Give the experiment as parameters; budgets by `budget_<name>`, with the board type if several."""
        experiment = self._experiment
        settings = {key: str(value) for key, value in vars(experiment).items() if key not in ("targets", "fit", "code")}
        settings |= {"board": ",".join(experiment.boards), "fit": experiment.fit.value}
        for target in experiment.targets:
            suffix = f".{target.board}" if len(experiment.targets) > 1 else ""
            for budget in target.budgets:
                settings[f"budget_{budget.name}{suffix}"] = str(budget)
        return settings

    def _find_or_create_experiment(self) -> str:
        known = self._client.get_experiment_by_name(self._experiment.name)
        if known is not None:
            return str(known.experiment_id)
        local = self._experiment.tracking_uri is None
        location = self._folder.mlflow_artifacts.as_uri() if local else None
        return str(self._client.create_experiment(self._experiment.name, artifact_location=location))

    def _write(self, record: CandidateRecord) -> None:
        run = self._client.create_run(
            self._experiment_id,
            run_name=f"{self._folder.root.name}-{record.candidate_id}",
            start_time=int(record.started_at * 1e3),
            tags={"mlflow.parentRunId": self._parent_id},
        )
        run_id = run.info.run_id
        self._log_batch(
            run_id,
            metrics_of(record),
            parameters_of(record.config),
            tags_of(record),
            self._epoch_metrics(record),
        )
        self._client.log_artifacts(run_id, str(self._folder.candidate(record.candidate_id)))
        failed = record.outcome.status is Status.FAILED
        self._client.set_terminated(run_id, "FAILED" if failed else "FINISHED", int(record.ended_at * 1e3))

    def _epoch_metrics(self, record: CandidateRecord) -> list[Any]:
        from mlflow.entities import Metric

        at_ms = int(record.ended_at * 1e3)
        return [
            Metric(name, getattr(epoch, name), at_ms, epoch.epoch) for epoch in record.epochs for name in EPOCH_METRICS
        ]

    def _log_batch(
        self,
        run_id: str,
        metrics: dict[str, float],
        parameters: dict[str, str],
        tags: dict[str, str],
        series: list[Any],
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        now_ms = int(time.time() * 1e3)
        self._client.log_batch(
            run_id,
            metrics=[Metric(name, float(value), now_ms, 0) for name, value in metrics.items()] + series,
            params=[Param(name, value) for name, value in parameters.items()],
            tags=[RunTag(name, value[:MAX_TAG_CHARACTERS]) for name, value in tags.items()],
        )
