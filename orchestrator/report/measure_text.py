"""What `mcutune measure` prints."""

from collections.abc import Sequence

from orchestrator.domain.measurement import EnergyReading, MeasuredClock, Measurement, MemorySetting
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.pipeline.measure_model import ModelReport
from orchestrator.report.text import shortened


def report_as_text(report: ModelReport) -> str:
    """Give the figures as aligned lines, the slowest layers last."""
    m = report.measurement
    footprint = m.footprint
    lines = [
        f"board     {m.board}, device {m.device}",
        f"cycles    {m.cycles:,} (min {m.cycles_min:,}, max {m.cycles_max:,}; {m.cycles_source.value})",
        f"latency   {_latency(m)}",
        *_energy(m.energy),
        f"settings  {settings_text(m.memory_settings)}",
        f"RAM       {_kib(m.ram_bytes)}: arena {_kib(footprint.arena_bytes)}, stack {m.stack_bytes} bytes"
        f" (at most {footprint.stack_bound_bytes}), other {_kib(footprint.static_ram_bytes - footprint.arena_bytes)}",
        f"flash     {_kib(m.flash_bytes)}: weights {_kib(footprint.weights_bytes)}, code {_kib(footprint.code_bytes)}",
        "parity    with the host build of the same C: exact",
        f"parity    {_against_tflm(report.parity)}",
        "layers",
    ]
    width = max((len(layer.operator) for layer in m.layers), default=0)
    for layer in m.layers:
        share = layer.cycles / m.cycles if m.cycles else 0.0
        lines.append(f"  {layer.operator:{width}}  {layer.cycles:>12,}  {share:6.1%}  {_short_name(layer.name)}")
    return "\n".join(lines)


def _latency(m: Measurement) -> str:
    if not m.cycles_source.counts_cycles:
        return "not known: instructions were counted, not cycles"
    return f"{m.latency_s * 1e3:.3f} ms at {m.clock_hz / 1e6:g} MHz{_measured(m.measured_clock)}"


def settings_text(settings: Sequence[MemorySetting]) -> str:
    """Name each setting and its value: `flash-wait-states=4 flash-prefetch=1`."""
    return " ".join(f"{setting.name}={setting.value}" for setting in settings) or "none told"


def _measured(clock: MeasuredClock | None) -> str:
    if clock is None:
        return ""
    return f" (measured: {clock.hz / 1e6:.2f} MHz +-{clock.uncertainty:.1%})"


def _energy(energy: EnergyReading | None) -> list[str]:
    if energy is None:
        return []
    return [
        f"energy    {energy.inference_j * 1e3:.4f} mJ at {energy.voltage_v:g} V, mean of {energy.inferences} in "
        f"{energy.bracket_s * 1e3:.1f} ms; idle {energy.idle_w * 1e3:.3f} mW (meter {energy.meter})"
    ]


def _against_tflm(parity: ParityReport | NotCompared) -> str:
    over = "" if isinstance(parity, NotCompared) else f" over {parity.samples} samples"
    return f"with TFLM{over}: {parity_text(parity)}"


def parity_text(parity: ParityReport | NotCompared) -> str:
    """Say `exact`, `+-1 LSB`, the worst difference or why nothing was compared."""
    if isinstance(parity, NotCompared):
        return f"not compared: {parity.reason}"
    if parity.exact:
        return "exact"
    return "+-1 LSB" if parity.within_1_lsb else f"worst {parity.worst_lsb} LSB"


def _short_name(name: str) -> str:
    """Converters join the names of all fused operators: the first says enough."""
    return shortened(name.split(";")[0], limit=60)


def _kib(count: int) -> str:
    return f"{count / 1024:.1f} KiB"
