"""What MLflow is told of a candidate: few, stable names."""

from collections.abc import Iterator
from typing import Any

from orchestrator.domain.budget import Budget
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.measurement import Measurement
from orchestrator.domain.outcome import Status
from orchestrator.domain.parity import NotCompared, ParityReport


def parameters_of(config: dict[str, Any]) -> dict[str, str]:
    """Flatten a point of the search space: `blocks.0.filters` and so on."""
    return dict(_flatten(config, ""))


def _flatten(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _flatten(item, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, str(value)


def metrics_of(record: CandidateRecord) -> dict[str, float]:
    """Give the final metrics; what was not measured is left out."""
    metrics: dict[str, float] = {}
    measurement = record.measurement
    if measurement is not None:
        metrics |= hardware_metrics(measurement)
    for margin in record.outcome.margins:
        metrics[f"violation_{margin.quantity.value}"] = margin.violation
    verification = record.verification
    if verification is not None:
        metrics["accuracy"] = verification.int8_val_accuracy
        metrics["cycles_drift"] = verification.cycles_drift
        if isinstance(verification.against_tflm, ParityReport):
            metrics["parity_worst_lsb"] = verification.against_tflm.worst_lsb
    metrics |= {f"seconds_{stage}": seconds for stage, seconds in (record.stage_s or {}).items()}
    return metrics


def hardware_metrics(measurement: Measurement) -> dict[str, float]:
    """Give the measured figures and their break-down."""
    footprint = measurement.footprint
    energy, clock = measurement.energy, measurement.measured_clock
    return {
        "ram_bytes": measurement.ram_bytes,
        "flash_bytes": measurement.flash_bytes,
        "cycles": measurement.cycles,
        "latency_ms": measurement.latency_s * 1e3,
        "arena_bytes": footprint.arena_bytes,
        "stack_bytes": measurement.stack_bytes,
        "weights_bytes": footprint.weights_bytes,
        "code_bytes": footprint.code_bytes,
        **({} if energy is None else {"energy_mj": energy.inference_j * 1e3, "idle_mw": energy.idle_w * 1e3}),
        **({} if clock is None else {"measured_clock_mhz": clock.hz / 1e6}),
    }


def tags_of(record: CandidateRecord, budgets: tuple[Budget, ...]) -> dict[str, str]:
    """Give outcome, reason and where the figures come from."""
    outcome = record.outcome
    tags = {"outcome": outcome.status.value, "reason": outcome.reason, "candidate_id": record.candidate_id}
    if outcome.status is Status.FAILED:
        tags["cause"] = outcome.cause
    if outcome.broken:
        tags["broken_budgets"] = ",".join(quantity.value for quantity in outcome.broken)
    if record.measurement is not None:
        tags["cycles_source"] = record.measurement.cycles_source.value
        tags["board"] = record.measurement.board
        tags["device"] = record.measurement.device
        settings = record.measurement.memory_settings
        tags["memory_settings"] = " ".join(f"{setting.name}={setting.value}" for setting in settings)
    if record.verification is not None:
        tags["parity_tflm"] = _against_tflm(record.verification.against_tflm)
        tags["parity_host"] = "exact" if record.verification.device_matches_host else "different"
    return tags


def _against_tflm(parity: ParityReport | NotCompared) -> str:
    if isinstance(parity, NotCompared):
        return f"not compared: {parity.reason}"
    return "exact" if parity.exact else f"worst {parity.worst_lsb} LSB"
