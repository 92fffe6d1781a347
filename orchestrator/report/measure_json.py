"""The JSON of `mcutune measure`; its keys stay stable."""

from typing import Any

from orchestrator.domain.errors import DoesNotFitError, InfrastructureError, McutuneError, UnsupportedModelError
from orchestrator.domain.measurement import EnergyReading, MeasuredClock, Measurement
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.pipeline.measure_model import ModelReport


def report_as_json(report: ModelReport) -> dict[str, Any]:
    """Give every figure of a measured network."""
    return {
        **_measurement(report.measurement),
        "parity": _parity(report.parity),
        "layers": [
            {"name": layer.name, "operator": layer.operator, "cycles": layer.cycles}
            for layer in report.measurement.layers
        ],
    }


def _parity(parity: ParityReport | NotCompared) -> dict[str, Any]:
    if isinstance(parity, NotCompared):
        nothing = dict.fromkeys(("exact", "within_1_lsb", "worst_lsb"))
        return {"samples": 0, **nothing, "not_compared": parity.reason}
    return {
        "samples": parity.samples,
        "exact": parity.exact,
        "within_1_lsb": parity.within_1_lsb,
        "worst_lsb": parity.worst_lsb,
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    footprint = measurement.footprint
    return {
        "board": measurement.board,
        "device": measurement.device,
        "cycles_source": measurement.cycles_source.value,
        "clock_hz": measurement.clock_hz,
        "measured_clock": _clock(measurement.measured_clock),
        "memory_settings": {setting.name: setting.value for setting in measurement.memory_settings},
        "cycles": measurement.cycles,
        "cycles_min": measurement.cycles_min,
        "cycles_max": measurement.cycles_max,
        "latency_s": measurement.latency_s if measurement.cycles_source.counts_cycles else None,
        "energy_mj": measurement.energy_mj,
        "energy": _energy(measurement.energy),
        "flash_bytes": measurement.flash_bytes,
        "ram_bytes": measurement.ram_bytes,
        "weights_bytes": footprint.weights_bytes,
        "code_bytes": footprint.code_bytes,
        "arena_bytes": footprint.arena_bytes,
        "stack_bytes": measurement.stack_bytes,
        "stack_bound_bytes": footprint.stack_bound_bytes,
    }


def _clock(clock: MeasuredClock | None) -> dict[str, Any] | None:
    return None if clock is None else {"hz": clock.hz, "uncertainty": clock.uncertainty}


def _energy(energy: EnergyReading | None) -> dict[str, Any] | None:
    """Give how `energy_mj` was measured; nothing, where there was no meter."""
    if energy is None:
        return None
    return {
        "idle_mw": energy.idle_w * 1e3,
        "bracket_s": energy.bracket_s,
        "inferences": energy.inferences,
        "voltage_v": energy.voltage_v,
        "meter": energy.meter,
    }


def error_as_json(error: McutuneError) -> dict[str, Any]:
    """Give kind and message of a failure; a network that does not fit also says what is missing."""
    if isinstance(error, DoesNotFitError):
        return {"error": {"kind": "infeasible", "message": str(error), "missing_bytes": error.missing_bytes}}
    if isinstance(error, UnsupportedModelError):
        kind = "unsupported-model"
    elif isinstance(error, InfrastructureError):
        kind = error.cause
    else:
        kind = "bad-input"
    return {"error": {"kind": kind, "message": str(error)}}
