"""Devices beside each other, as Markdown."""

from collections.abc import Sequence
from statistics import fmean

from orchestrator.domain.contribution import ContributedModel, Contribution
from orchestrator.domain.measurement import CyclesSource
from orchestrator.report.measure_text import settings_text

COLUMNS = (
    "network",
    "device",
    "cycles",
    "instructions",
    "of the first",
    "latency, ms",
    "RAM",
    "flash",
    "stack",
    "image",
    "outputs",
)

COUNTS_INSTRUCTIONS = (CyclesSource.VIRTUAL_INSTRUCTIONS, CyclesSource.RENODE)
"""Sources whose counts are no cycles: no latency follows from them."""


def comparison_table(devices: Sequence[tuple[str, Contribution]]) -> str:
    """Give a row for each network on each device, by its label; ratios of cycles are to the first device."""
    names = dict.fromkeys(name for _, c in devices for name in (*(m.name for m in c.models), *c.left_out))
    rows = [_row(name, label, c, devices[0][1].model(name)) for name in names for label, c in devices]
    return "\n".join([_line(COLUMNS), "|---" * len(COLUMNS) + "|", *rows])


def device_lines(devices: Sequence[tuple[str, Contribution]]) -> list[str]:
    """Say of each device what its figures are and under which settings they came about."""
    return [f"{label}: {_circumstances(contribution)}" for label, contribution in devices]


def error_table(pairs: Sequence[tuple[Contribution, Contribution]]) -> str:
    """Give the error of our own count, the first of each pair, against what was contributed, the second."""
    columns = ("board", "unit", "network", "contributed", "ours", "error", "image")
    lines = [_line(columns), "|---" * len(columns) + "|"]
    errors: list[float] = []
    for ours, theirs in pairs:
        for model in theirs.models:
            own = ours.model_of_hash(model.model_hash)
            if own is None:
                lines.append(
                    _line((theirs.board, theirs.unit, model.name, f"{model.cycles:,}", "no such network", "", ""))
                )
                continue
            error = own.cycles / model.cycles - 1.0
            errors.append(abs(error))
            image = "the same" if own.image_hash == model.image_hash else "another"
            cells = (
                theirs.board,
                theirs.unit,
                model.name,
                f"{model.cycles:,}",
                f"{own.cycles:,}",
                f"{error:+.1%}",
                image,
            )
            lines.append(_line(cells))
    if errors:
        lines += ["", f"mean of the absolute errors: {fmean(errors):.1%}, worst {max(errors):.1%}"]
    return "\n".join(lines)


def _row(name: str, label: str, contribution: Contribution, reference: ContributedModel | None) -> str:
    model = contribution.model(name)
    if model is None:
        return _line((name, label, "does not fit", *[""] * (len(COLUMNS) - 3)))
    ratio = "" if reference is None else f"{model.cycles / reference.cycles:.3f}"
    latency = f"{model.cycles / contribution.clock_hz * 1e3:.2f}"
    count = f"{model.cycles:,}"
    is_instructions = contribution.cycles_source in COUNTS_INSTRUCTIONS
    counts = ("", count, ratio, "") if is_instructions else (count, "", ratio, latency)
    figures = (f"{model.ram_bytes:,}", f"{model.flash_bytes:,}", f"{model.stack_bytes:,}")
    return _line((name, label, *counts, *figures, model.image_hash, model.output_hash))


def _circumstances(contribution: Contribution) -> str:
    clock = contribution.measured_clock
    measured = "not measured" if clock is None else f"measured {clock.hz / 1e6:.2f} MHz +-{clock.uncertainty:.1%}"
    settings = settings_text(contribution.memory_settings)
    return (
        f"{contribution.board} {contribution.unit}, cycles are {contribution.cycles_source.value}, clock "
        f"{contribution.clock_hz / 1e6:g} MHz ({measured}), settings {settings}, {contribution.toolchain}"
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
