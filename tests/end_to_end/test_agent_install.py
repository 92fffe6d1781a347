"""What docs/lab.md says a host of boards has to install, installed, and a board served with it."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.process import start_virtual_board
from tests.conftest import REPOSITORY
from tests.end_to_end.conftest import CommandLine
from tests.end_to_end.lab_cluster import start_head, wait_for_unit

BOARD = load_board_type("nucleo_l4r5zi")


def outside() -> dict[str, str]:
    """Variables for programs that are not to see this checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture
def agents_python(tmp_path: Path) -> Path:
    """An environment with what requirements-agent.txt lists, and mcutune without what it requires."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    wheels = tmp_path / "wheels"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, REPOSITORY], check=True
    )
    subprocess.run([*pip, "install", "-r", REPOSITORY / "requirements-agent.txt"], check=True, env=outside())
    subprocess.run([*pip, "install", "--no-deps", *wheels.iterdir()], check=True, env=outside())
    return python


@pytest.mark.slow
def test_a_host_with_the_short_list_serves_a_board(
    agents_python: Path, mcutune: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not list(agents_python.parent.parent.glob("lib/*/site-packages/tensorflow"))
    cluster = start_head(mcutune, monkeypatch)
    with start_virtual_board(BOARD) as device:
        row = f"{{id: kit, platform: {BOARD.name}, serial: '{device.url}', cycles_source: virtual-timing-model}}"
        (mcutune.folder / "map.yaml").write_text(f"- {row}\n")
        agent = subprocess.Popen(
            [agents_python.with_name("mcutune"), "agent", "--address", cluster, "--hardware-map", "map.yaml",
             "--name", "host"],
            cwd=mcutune.folder, env=outside(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            wait_for_unit(mcutune, cluster, "host/kit")
            checked = mcutune.run("boards", "check", "--address", cluster)
        finally:
            agent.terminate()
            said = "".join(agent.communicate(timeout=60))
    assert "1 of 1 sound" in checked.stdout, checked.stdout + checked.stderr + said
    assert agent.returncode == 0
