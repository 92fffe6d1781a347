"""A sweep as a job of a cluster: the whole way through a head with its dashboard."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from orchestrator.journal.journal import Journal
from tests.cluster.test_sweep_on_a_cluster import OWN_EXPERIMENT, OWN_SPACE
from tests.end_to_end.conftest import CommandLine

RAY = Path(sys.executable).with_name("ray")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def head(mcutune: CommandLine) -> Iterator[str]:
    """A head with its dashboard and a token, by the dashboard's address."""
    (mcutune.folder / "token").write_text(uuid.uuid4().hex * 2)
    mcutune.environment |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(mcutune.folder / "token"),
        "PATH": f"{RAY.parent}:/usr/bin:/bin",
        "PYTHONUNBUFFERED": "1",
    }
    port = free_port()
    words = [RAY, "start", "--head", "--block", f"--port={free_port()}", f"--dashboard-port={port}", "--num-cpus=2"]
    with subprocess.Popen(
        [*map(str, words), "--include-dashboard=true", "--disable-usage-stats"],
        env=mcutune.all_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any("runtime started" in line for line in process.stdout)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.mark.slow
def test_a_submitted_sweep_runs_on_the_head_with_the_space_and_data_that_were_sent(
    mcutune: CommandLine, head: str
) -> None:
    folder, out = mcutune.folder / "mine", mcutune.folder / "results"
    folder.mkdir()
    (folder / "own_space.py").write_text(OWN_SPACE)
    generator, y = np.random.default_rng(0), np.arange(120) % 3
    x = generator.normal(size=(120, 6, 6, 1)) + y[:, None, None, None]
    np.savez(folder / "own.npz", x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    text = OWN_EXPERIMENT.replace("CANDIDATES", "2").replace("EPOCHS", "2").replace("gpus_per_trainer: 1", "")
    (folder / "own.yaml").write_text(text)
    done = mcutune.run("submit", folder / "own.yaml", "--address", head, "--out", out, "--follow")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "raysubmit_" in done.stdout.splitlines()[0]
    assert "[2/2]" in done.stdout
    assert len(Journal(out / "journal.jsonl").read()) == 2


def test_a_cluster_without_jobs_is_said_in_one_line(mcutune: CommandLine) -> None:
    experiment = mcutune.folder / "own.yaml"
    (mcutune.folder / "own.npz").write_bytes(b"")
    experiment.write_text(OWN_EXPERIMENT.replace("CANDIDATES", "2").replace("EPOCHS", "2"))
    done = mcutune.run("submit", experiment, "--address", f"http://127.0.0.1:{free_port()}", "--out", "/tmp/out")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "no jobs can be submitted there" in done.stderr
    assert done.stderr.count("\n") == 1
