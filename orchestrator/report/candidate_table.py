"""The table of candidates that a sweep ends with."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.outcome import Status
from orchestrator.report.text import shortened

STYLES = {
    Status.DEPLOYABLE: "green",
    Status.STOPPED: "cyan",
    Status.INFEASIBLE: "yellow",
    Status.INVALID: "dim",
    Status.DIVERGED: "magenta",
    Status.FAILED: "bold red",
}


def candidate_table(records: Iterable[CandidateRecord], winner_id: str | None) -> Table:
    """One row per candidate, best first: deployable by accuracy, then the others in the order of their ids."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("candidate", no_wrap=True, min_width=9)
    for name in ("accuracy", "RAM KiB", "flash KiB", "cycles", "latency ms"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    table.add_column("outcome")  # the one column that may wrap
    for record in sorted(records, key=_rank):
        marker = " *" if record.candidate_id == winner_id else ""
        style = STYLES[record.outcome.status]
        table.add_row(record.candidate_id + marker, *_figures(record), f"[{style}]{escape(_verdict(record))}[/]")
    return table


def _rank(record: CandidateRecord) -> tuple[int, float, str]:
    order = list(Status).index(record.outcome.status)
    return order, -(record.accuracy or 0.0), record.candidate_id


def _figures(record: CandidateRecord) -> tuple[str, str, str, str, str]:
    marker = "~" if record.verification is None else ""
    accuracy = "-" if record.accuracy is None else f"{marker}{record.accuracy:.1%}"
    measured = record.measurement
    if measured is None:
        return accuracy, "-", "-", "-", "-"
    return (
        accuracy,
        f"{measured.ram_bytes / 1024:.1f}",
        f"{measured.flash_bytes / 1024:.1f}",
        f"{measured.cycles:,}",
        f"{measured.latency_s * 1e3:.2f}",
    )


def _verdict(record: CandidateRecord) -> str:
    outcome = record.outcome
    if outcome.status is Status.INFEASIBLE and outcome.broken:
        broken = [margin for margin in outcome.margins if not margin.fits]
        return "infeasible: " + ", ".join(f"{m.quantity.value} {m.violation:+.0%}" for m in broken)
    if outcome.status is Status.DEPLOYABLE:
        return "deployable"
    detail = f"{outcome.cause}: {outcome.reason}" if outcome.cause else outcome.reason
    return f"{outcome.status.value}: {shortened(detail, limit=60)}"
