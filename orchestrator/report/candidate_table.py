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
    """One row per candidate, best first: deployable by accuracy, then the others in the order of their ids.

    A candidate measured on several board types has a line for each.
    """
    rows = sorted(records, key=_rank)
    has_boards = any(len(record.measurements) > 1 for record in rows)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("candidate", no_wrap=True, min_width=9)
    if has_boards:
        table.add_column("board", no_wrap=True)
    for name in ("accuracy", "RAM KiB", "flash KiB", "cycles", "latency ms"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    table.add_column("outcome")  # the one column that may wrap
    for record in rows:
        marker = " *" if record.candidate_id == winner_id else ""
        style = STYLES[record.outcome.status]
        boards = ["\n".join(each.board for each in record.measurements) or "-"] if has_boards else []
        verdict = f"[{style}]{escape(_verdict(record, has_boards))}[/]"
        table.add_row(record.candidate_id + marker, *boards, *_figures(record), verdict)
    return table


def _rank(record: CandidateRecord) -> tuple[int, float, str]:
    order = list(Status).index(record.outcome.status)
    return order, -(record.accuracy or 0.0), record.candidate_id


def _figures(record: CandidateRecord) -> tuple[str, str, str, str, str]:
    marker = "~" if record.verification is None else ""
    accuracy = "-" if record.accuracy is None else f"{marker}{record.accuracy:.1%}"
    measured = record.measurements
    if not measured:
        return accuracy, "-", "-", "-", "-"
    return (
        accuracy,
        "\n".join(f"{each.ram_bytes / 1024:.1f}" for each in measured),
        "\n".join(f"{each.flash_bytes / 1024:.1f}" for each in measured),
        "\n".join(f"{each.cycles:,}" for each in measured),
        "\n".join(f"{each.latency_s * 1e3:.2f}" for each in measured),
    )


def _verdict(record: CandidateRecord, has_boards: bool) -> str:
    outcome = record.outcome
    if outcome.status is Status.INFEASIBLE and outcome.broken:
        broken = [margin for margin in outcome.margins if not margin.fits]
        on = [f" on {margin.board}" if has_boards else "" for margin in broken]
        excess = [f"{m.quantity.value} {m.excess:+.0%}{board}" for m, board in zip(broken, on, strict=True)]
        return "infeasible: " + ", ".join(excess)
    if outcome.status is Status.DEPLOYABLE:
        return f"deployable on {', '.join(outcome.boards)}" if has_boards else "deployable"
    detail = f"{outcome.cause}: {outcome.reason}" if outcome.cause else outcome.reason
    return f"{outcome.status.value}: {shortened(detail, limit=60)}"
