"""A Ray cluster on the loopback interface for a command line to join."""

import secrets
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.labgrid_lab import until
from tests.end_to_end.conftest import CommandLine

RAY = str(Path(sys.executable).with_name("ray"))


def start_head(mcutune: CommandLine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Start a head and give its address; it ends with the processes of the command line."""
    token = mcutune.folder / "token"
    token.write_text(secrets.token_hex(32))
    mcutune.environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "MCUTUNE_STATE": "state"}
    for name, value in {**mcutune.environment, "MCUTUNE_TEST_MARK": mcutune.mark}.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--head", "--node-ip-address=127.0.0.1", f"--port={port}", "--num-cpus=1", "--include-dashboard=false"]
    subprocess.run([RAY, "start", *words, "--disable-usage-stats"], check=True, capture_output=True, cwd=mcutune.folder)
    return f"127.0.0.1:{port}"


def wait_for_unit(mcutune: CommandLine, cluster: str, unit: str) -> None:
    """Wait until the cluster knows a unit."""
    until(lambda: unit in status(mcutune, cluster), limit_s=90.0)


def status(mcutune: CommandLine, cluster: str) -> str:
    """What `mcutune boards status` says, on one line."""
    return " ".join(mcutune.run("boards", "status", "--address", cluster).stdout.split())
