"""`mcutune measure --meter` on a virtual board at a port, with a fake kit that follows its trigger pin."""

import json
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.process import start_virtual_board
from tests.end_to_end.conftest import CommandLine
from tests.fake_ppk2 import FakePpk2, FollowedBoard
from tests.unit.compiler.test_compile import dense_model


def test_energy_is_measured_printed_and_written(mcutune: CommandLine, tmp_path: Path) -> None:
    (mcutune.folder / "dense.tflite").write_bytes(dense_model())
    log = tmp_path / "trigger.log"
    with (
        FakePpk2(FollowedBoard(log, idle_a=0.001, active_a=0.012)) as kit,
        start_virtual_board(load_board_type("nucleo_l476rg"), trigger_log=log) as device,
    ):
        port = ["--device", device.url, "--cycles-source", "virtual-timing-model"]
        meter = ["--meter", kit.url, "--meter-voltage", "3V"]
        words = ["measure", "dense.tflite", "--board", "nucleo_l476rg", "--json", "out.json", *port, *meter]
        done = mcutune.run(*words)
    assert done.returncode == 0, done.stderr
    figures = json.loads((mcutune.folder / "out.json").read_text())
    energy = figures["energy"]
    assert energy["bracket_s"] >= 0.1
    assert figures["energy_mj"] == pytest.approx(36.0 * energy["bracket_s"] / energy["inferences"], rel=0.005)
    assert energy["idle_mw"] == pytest.approx(3.0, rel=0.005)
    assert f"energy    {figures['energy_mj']:.4f} mJ at 3 V" in done.stdout
