"""Damaged .tflite files: a network or one line of refusal, in bounded time and memory, never anything else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.unit.compiler import test_operators_int16 as int16
from tests.unit.compiler.int16_models import Int16Models
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.recurrent_models import keyword_lstm
from tests.unit.compiler.test_compile import dense_model
from tests.unit.compiler.test_operators import CASES
from tests.unit.compiler.test_variables import ring_buffer


@pytest.fixture(scope="module")
def small_models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    contents = {"dense": dense_model(), "variables": ring_buffer(1), "words": keyword_lstm(1)}
    contents |= {name: draw(OperatorModels(1)) for name, (_, draw) in CASES.items()}
    contents |= {f"int16 {name}": draw(Int16Models(1)) for name, (_, draw) in int16.CASES.items()}
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return sorted(folder.glob("*.tflite"))


@pytest.fixture(scope="module")
def real_models(shared_dir: Path) -> list[Path]:
    return sorted((shared_dir / "models").glob("*.tflite"))


def fuzz(models: list[Path], cases: int, timeout_s: float) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.unit.compiler.fuzz_child", str(cases), *map(str, models)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stderr
    *failures, totals = [json.loads(line) for line in done.stdout.splitlines()]
    assert failures == []
    assert sum(totals.values()) == cases * len(models)
    assert totals["refused"] > totals["compiled"] / 10


def test_small_networks_damaged(small_models: list[Path]) -> None:
    fuzz(small_models, cases=25, timeout_s=60)


def test_real_networks_damaged(real_models: list[Path]) -> None:
    fuzz(real_models, cases=20, timeout_s=60)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_small_networks_damaged_in_thousands_of_ways(small_models: list[Path]) -> None:
    fuzz(small_models, cases=800, timeout_s=1000)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_real_networks_damaged_in_thousands_of_ways(real_models: list[Path]) -> None:
    fuzz(real_models, cases=1000, timeout_s=1000)
