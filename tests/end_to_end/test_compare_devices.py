"""`scripts/compare_devices.py` as a lab runs it."""

import subprocess
import sys
from pathlib import Path

from orchestrator.domain.measurement import CyclesSource
from orchestrator.pipeline.contribute import read_contribution
from tests.unit.compiler.test_compile import dense_model
from tests.unit.compiler.tflite_builder import TfliteBuilder

REPOSITORY = Path(__file__).parents[2]


def compare(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, REPOSITORY / "scripts" / "compare_devices.py", *words]
    return subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=240, check=False)


def too_big() -> bytes:
    builder = TfliteBuilder()
    first, second, total = (builder.tensor((1, 128, 128, 4), scale=0.1) for _ in range(3))
    builder.operator("ADD", [first, second], [total], "AddOptions")
    return builder.build([first, second], [total])


def test_devices_are_compared_contributed_and_held_against_the_virtual_board(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "dense.tflite").write_bytes(dense_model())
    (models / "huge.tflite").write_bytes(too_big())
    devices = "virtual:nucleo_l476rg,virtual:nucleo_g071rb"
    done = compare(tmp_path, models, "--devices", devices, "--out", "given")
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| dense")]
    assert rows[0][-2] != rows[1][-2], "another board has another image"
    assert rows[0][-1] == rows[1][-1], "and computes the same"
    assert done.stdout.count("does not fit") == 2

    files = sorted((tmp_path / "given").glob("*.json"))
    assert len(files) == 2
    contribution = read_contribution(files[-1])
    assert contribution.cycles_source is CyclesSource.VIRTUAL
    assert contribution.left_out == ("huge",)
    assert contribution.memory_settings
    assert sum(layer.cycles for layer in contribution.models[0].layers) > 0

    done = compare(tmp_path, models, "--contributed", "given")
    assert done.returncode == 0, done.stderr
    assert "mean of the absolute errors: 0.0%, worst 0.0%" in done.stdout


def test_bad_input_takes_one_line(tmp_path: Path) -> None:
    (tmp_path / "dense.tflite").write_bytes(dense_model())
    for words, says in (
        (["--devices", "nucleo_l476rg"], "must be DEVICE:TYPE"),
        (["--model", "dens"], "there are: dense"),
        (["--contributed", tmp_path / "none"], "holds no contribution yet"),
    ):
        done = compare(tmp_path, tmp_path, *words)
        assert done.returncode == 2, done.stderr
        assert says in done.stderr
        assert done.stderr.count("\n") == 1
