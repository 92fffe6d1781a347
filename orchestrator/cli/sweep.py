"""`mcutune sweep`."""

import shlex
import sys
from pathlib import Path

import click

from orchestrator.cli.logs import send_logs_to
from orchestrator.config.experiment_file import read_experiment
from orchestrator.domain.errors import McutuneError
from orchestrator.domain.experiment import Experiment, SearchChoice

# Columns of the table where the output is no terminal.
PLAIN_WIDTH = 140


@click.command()
@click.argument("experiment_file", type=click.Path(path_type=Path), metavar="EXPERIMENT.yaml")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Directory of the sweep, new or empty; by default sweeps/NAME-TIME under the working directory.",
)
@click.option(
    "--address",
    metavar="auto|HOST:PORT",
    envvar="RAY_ADDRESS",
    help="Ray cluster to join, of which this machine is a node; by default a Ray of the sweep's own on this machine.",
)
@click.option("--verbose", is_flag=True, help="Show log lines, and the trace of an error.")
def sweep(experiment_file: Path, out: Path | None, address: str | None, verbose: bool) -> None:
    """Search for the most accurate network that fits the board.

    Every candidate is built, converted to int8, compiled, flashed and measured; those within the budgets are trained,
    flashed again and verified. Ends with a table of the candidates and the command that opens MLflow on the result.
    Exit code 1 when no network is deployable.
    """
    experiment = read_experiment(experiment_file)

    from rich.console import Console

    from orchestrator.journal.sweep_folder import create_sweep_folder
    from orchestrator.report.candidate_table import candidate_table
    from orchestrator.report.progress import SweepProgress
    from orchestrator.report.shortfall import shortfall_lines
    from orchestrator.report.summary import best_lines, count_line, failure_lines, fault_line, quarantine_lines
    from orchestrator.sweep import check_experiment, run_sweep

    dataset = check_experiment(experiment, address)
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    folder = create_sweep_folder(experiment.name, out)
    send_logs_to(folder.log, verbose)
    console.print(
        f"Sweep {experiment.name}: {_size(experiment.search)} by {experiment.search.algorithm} "
        f"for {_boards(experiment)}; files in {folder.root}",
        highlight=False,
        soft_wrap=True,
    )
    with SweepProgress(console, experiment.search) as progress:
        result = run_sweep(experiment, dataset, folder, progress, address)
    console.print(candidate_table(result.records, result.winner_id))
    console.print("* the winner; ~ float accuracy of a training stopped early; others: int8 on the validation split")
    console.print(count_line(result.records))
    console.print(f"faults of boards met: {fault_line(result.troubles.faults)}")
    for line in quarantine_lines(result.troubles.quarantined):
        console.print(f"kept out for a time: {line}", style="yellow", highlight=False)
    for line in (*failure_lines(result.records), *result.tracking_errors):
        console.print(line, style="red")
    for line in shortfall_lines(result.records, experiment):
        console.print(line, style="yellow", soft_wrap=True, highlight=False)
    for line in best_lines(result.records, experiment):
        console.print(line)
    if result.test_accuracy is not None:
        console.print(f"Winner {result.winner_id}: int8 accuracy on the test split {result.test_accuracy:.1%}")
    if not any(record.outcome.status.teaches for record in result.records):
        raise McutuneError(f"every candidate failed for a fault of the infrastructure; details are in {folder.log}")
    click.echo(f"\nOpen the results in MLflow:\n  {_mlflow_command(result.tracking_uri)}")
    if result.winner_id is None:
        raise McutuneError(f"no network is deployable: {count_line(result.records)}")


def _size(search: SearchChoice) -> str:
    trainings = "" if search.trainings is None else f"{search.trainings} trainings of at most "
    return f"{trainings}{search.candidates} candidates"


def _boards(experiment: Experiment) -> str:
    if len(experiment.boards) == 1:
        return experiment.boards[0]
    return f"{experiment.fit.value} of {', '.join(experiment.boards)}"


def _mlflow_command(tracking_uri: str) -> str:
    """The command that shows the runs: a server on the local store, or the address of the remote one."""
    if not tracking_uri.startswith("sqlite:"):
        return f"(tracking server) {tracking_uri}"
    mlflow = Path(sys.executable).with_name("mlflow")
    return f"{shlex.quote(str(mlflow))} server --workers 1 --port 5000 --backend-store-uri {shlex.quote(tracking_uri)}"
