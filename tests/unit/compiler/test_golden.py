"""The four MLPerf Tiny networks: equal to the outputs recorded from TensorFlow Lite Micro, bit for bit."""

from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.parity.compare import compare_outputs, random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model

_SAMPLES = 4

# TensorFlow Lite Micro's arena, measured on a Cortex-M4F with CMSIS-NN: what we must stay below.
TFLM_ARENA_BYTES = {
    "ad01_int8": 2_580,
    "kws_ref_model_int8": 22_820,
    "ic_pretrainedResnet_quant_int8": 54_996,
    "vww_96_int8": 100_708,
}


@pytest.fixture(scope="module")
def models(shared_dir: Path) -> Path:
    return shared_dir / "models"


@pytest.mark.parametrize("name", TFLM_ARENA_BYTES)
def test_network_equals_the_recorded_outputs(name: str, models: Path, tmp_path: Path) -> None:
    golden = np.load(models / "golden.npz")
    samples = np.stack([golden[f"{name}/in/{i}"] for i in range(_SAMPLES)])
    expected = np.stack([golden[f"{name}/out_tflm/{i}"] for i in range(_SAMPLES)])
    compiled = compile_model((models / f"{name}.tflite").read_bytes())
    assert compare_outputs(build_host_model(compiled, tmp_path).run([samples]), [expected]).exact


@pytest.mark.parametrize("name", TFLM_ARENA_BYTES)
def test_network_equals_the_interpreter_on_random_inputs(name: str, models: Path, tmp_path: Path) -> None:
    tflite = (models / f"{name}.tflite").read_bytes()
    compiled = compile_model(tflite)
    count = 40 if name == "ad01_int8" else _SAMPLES  # cheap, and a wrong last bit of a multiplier shows in one of 40
    samples = random_inputs(compiled.inputs, count, seed=7)
    ours = build_host_model(compiled, tmp_path).run(samples)
    assert compare_outputs(ours, run_tflm(tflite, samples)).exact


@pytest.mark.parametrize(("name", "tflm_bytes"), TFLM_ARENA_BYTES.items())
def test_arena_is_smaller_than_that_of_tensorflow_lite_micro(name: str, tflm_bytes: int, models: Path) -> None:
    assert compile_model((models / f"{name}.tflite").read_bytes()).arena_bytes < tflm_bytes
