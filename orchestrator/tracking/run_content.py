"""What MLflow is told of a candidate: few, stable names."""

from collections.abc import Iterator
from typing import Any

from orchestrator.domain.budget import Margin
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
    metrics |= _on_boards(record.measurements)
    metrics |= _violations(record.outcome.margins)
    verification = record.verification
    if verification is not None:
        metrics["accuracy"] = verification.int8_val_accuracy
        metrics["cycles_drift"] = verification.cycles_drift
        if isinstance(verification.against_tflm, ParityReport):
            metrics["parity_worst_lsb"] = verification.against_tflm.worst_lsb
    metrics |= {f"seconds_{stage}": seconds for stage, seconds in (record.stage_s or {}).items()}
    return metrics


def _on_boards(measurements: tuple[Measurement, ...]) -> dict[str, float]:
    """Give `<metric>.<board type>` where there are several boards, and the worst of them without a suffix."""
    figures = {measurement.board: hardware_metrics(measurement) for measurement in measurements}
    if not figures:
        return {}
    worst = {name: max(each[name] for each in figures.values()) for name in next(iter(figures.values()))}
    if len(figures) == 1:
        return worst
    return worst | {f"{name}.{board}": value for board, each in figures.items() for name, value in each.items()}


def _violations(margins: tuple[Margin, ...]) -> dict[str, float]:
    """Give the relative excess per budget, negative where there is room; the worst board's without a suffix."""
    boards = {margin.board for margin in margins}
    metrics: dict[str, float] = {}
    for margin in margins:
        name = f"violation_{margin.name}"
        metrics[name] = max(metrics.get(name, margin.violation), margin.violation)
        if len(boards) > 1:
            metrics[f"{name}.{margin.board}"] = margin.violation
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


def tags_of(record: CandidateRecord) -> dict[str, str]:
    """Give outcome, reason and where the figures come from."""
    outcome = record.outcome
    tags = {"outcome": outcome.status.value, "reason": outcome.reason, "candidate_id": record.candidate_id}
    if outcome.status is Status.FAILED:
        tags["cause"] = outcome.cause
    if outcome.broken:
        tags["broken_budgets"] = ",".join(dict.fromkeys(margin.name for margin in outcome.margins if not margin.fits))
    if outcome.boards:
        tags["fits_on"] = ",".join(outcome.boards)
    measurements = record.measurements
    if measurements:
        tags["cycles_source"] = ",".join(dict.fromkeys(each.cycles_source.value for each in measurements))
        tags["board"] = ",".join(each.board for each in measurements)
        tags["device"] = ",".join(each.device for each in measurements)
        settings = [f"{setting.name}={setting.value}" for each in measurements for setting in each.memory_settings]
        tags["memory_settings"] = " ".join(dict.fromkeys(settings))
    if record.verification is not None:
        tags["parity_tflm"] = _against_tflm(record.verification.against_tflm)
        tags["parity_host"] = "exact" if record.verification.device_matches_host else "different"
    return tags


def _against_tflm(parity: ParityReport | NotCompared) -> str:
    if isinstance(parity, NotCompared):
        return f"not compared: {parity.reason}"
    return "exact" if parity.exact else f"worst {parity.worst_lsb} LSB"
