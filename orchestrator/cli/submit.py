"""`mcutune submit`."""

from pathlib import Path

import click

from orchestrator.config.experiment_file import read_experiment
from orchestrator.domain.errors import InputError, McutuneError


@click.command()
@click.argument("experiment_file", type=click.Path(path_type=Path), metavar="EXPERIMENT.yaml")
@click.option("--address", required=True, metavar="http://HEAD:8265", help="Dashboard of the cluster's head.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Directory for the results: an absolute path on the head, or on storage that it shares.",
)
@click.option("--follow", is_flag=True, help="Show what the sweep prints until it ends; Ctrl-C leaves it running.")
def submit(experiment_file: Path, address: str, out: Path, follow: bool) -> None:
    """Run a sweep on a Ray cluster that goes on without this computer.

    The folder of the experiment file is sent along: with the search space and the data set in it.
    """
    experiment = read_experiment(experiment_file)
    if not out.is_absolute():
        raise InputError(f"--out {out}: must be an absolute path on the head of the cluster")
    data = experiment.dataset.path
    if data is not None and not data.is_relative_to(experiment_file.parent.resolve()):
        raise InputError(f"dataset: {data} must lie in the folder of {experiment_file}, which is what is sent")

    from orchestrator.cluster.jobs import SweepJobs

    jobs = SweepJobs(address)
    job_id = jobs.submit(experiment_file, out)
    click.echo(f"{job_id}: sweep {experiment.name} runs on {address}; results in {out} there")
    if not follow:
        click.echo(f"  ray job logs --follow --address {address} {job_id}\n  ray job stop --address {address} {job_id}")
    elif not jobs.follow(job_id, lambda text: click.echo(text, nl=False)):
        raise McutuneError(f"job {job_id} did not succeed")
