"""A Tune trial: coordinates one candidate; holds no CPU and no GPU itself."""

from collections.abc import Callable
from typing import Any

from ray import tune

from orchestrator.config.json_records import record_to_json
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.experiment import Experiment
from orchestrator.pipeline.candidate import run_candidate
from orchestrator.pipeline.stages import Stages

RECORD_KEY = "record"
EPOCH_KEY = "epoch"
VAL_ACCURACY_KEY = "val_accuracy"


def coordinate(config: dict[str, Any], experiment: Experiment, stages_of: Callable[[str], Stages]) -> None:
    """Run the candidate of `config` and report its record whenever it changes; ASHA may end it at any report.

    Args:
        stages_of: makes the stages of a candidate from its id.
    """
    stages = stages_of(config["candidate_id"])
    records = run_candidate(config["candidate_id"], config["point"], experiment, stages)
    try:
        for record in records:
            tune.report(_metrics(record))
    finally:
        records.close()  # type: ignore[attr-defined]


def _metrics(record: CandidateRecord) -> dict[str, Any]:
    """Epochs carry what ASHA decides by; other reports must not, or ASHA would take them for a rung."""
    metrics: dict[str, Any] = {RECORD_KEY: record_to_json(record)}
    if record.epochs and record.verification is None and record.outcome.status.value == "stopped":
        metrics[EPOCH_KEY] = record.epochs[-1].epoch
        metrics[VAL_ACCURACY_KEY] = record.epochs[-1].val_accuracy
    return metrics
