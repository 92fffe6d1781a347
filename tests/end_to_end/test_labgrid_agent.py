"""An agent that serves a place of a labgrid lab to a Ray cluster, all of it on the loopback interface."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.labgrid_lab import LabgridLab, until
from tests.end_to_end.conftest import CommandLine
from tests.end_to_end.lab_cluster import start_head, status, wait_for_unit

pytestmark = pytest.mark.slow

BOARD = load_board_type("nucleo_l4r5zi")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabgridLab]:
    folder = tmp_path / "labgrid"
    folder.mkdir()
    lab = LabgridLab(folder)
    try:
        with start_virtual_board(BOARD) as device:
            lab.start_coordinator()
            lab.start_exporter(resources(device.url))
            lab.add_place("desk", f"mcutune={BOARD.name}", "cycles_source=virtual-timing-model")
            yield lab
    finally:
        lab.close()


def resources(url: str) -> str:
    return f"desk:\n  NetworkSerialPort: {{host: 127.0.0.1, port: {url.rpartition(':')[2]}}}\n"


@pytest.fixture
def cluster(mcutune: CommandLine, monkeypatch: pytest.MonkeyPatch) -> str:
    return start_head(mcutune, monkeypatch)


def test_a_place_is_measured_waited_for_and_healed(mcutune: CommandLine, lab: LabgridLab, cluster: str) -> None:
    agent = mcutune.start("agent", "--address", cluster, "--labgrid", lab.address, "--name", "host")
    assert agent.stdout is not None
    assert "serving 1 boards" in agent.stdout.readline()
    wait_for_unit(mcutune, cluster, "host/desk")

    def check() -> subprocess.Popen[str]:
        return mcutune.start("boards", "check", "host/desk", "--address", cluster)

    def assert_sound(checking: subprocess.Popen[str]) -> None:
        out, err = checking.communicate(timeout=120)
        assert "1 of 1 sound" in out, out + err

    assert_sound(check())

    until(lambda: not lab.holder("desk"))
    lab.client("-p", "desk", "acquire")
    waiting = check()
    until(lambda: "occupied: busy: place" in status(mcutune, cluster), limit_s=90.0)
    assert lab.holder("desk") == "elsewhere/somebody"
    lab.client("-p", "desk", "release")
    assert_sound(waiting)

    exporting = (lab.folder / "exporter.yaml").read_text()
    lab.kill("labgrid-exporter")
    waiting = check()
    until(lambda: "occupied: labgrid-place" in status(mcutune, cluster), limit_s=90.0)
    lab.start_exporter(exporting)
    assert_sound(waiting)

    second = mcutune.run("agent", "--address", cluster, "--labgrid", lab.address, "--name", "host")
    assert second.returncode == 2
    assert "another agent of this name" in second.stderr
    agent.terminate()
    agent.communicate(timeout=60)
    assert agent.returncode == 0
    assert not lab.holder("desk")
