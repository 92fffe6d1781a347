"""What the host says to the outputs of a device, where TensorFlow Lite Micro has nothing to say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.datasets.load import load_dataset
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.pipeline.check import check_on_host, device_samples
from orchestrator.pipeline.prepare import Prepared
from orchestrator.toolchain.host_model import build_host_model
from tests.records import EXPERIMENT, IMAGE, MEASUREMENT
from tests.unit.compiler.graph_models import GraphSketch


def digits_network(is_tiled: bool) -> bytes:
    """An image's values are the scores, once or, by an operator that TFLM does not run, twice."""
    sketch = GraphSketch(1)
    x = sketch.tensor((1, 8, 8, 1), scale=1 / 255, zero_point=-128)
    flat = sketch.add("RESHAPE", [x], (1, 64))
    if is_tiled:
        return sketch.builder.build([x], [sketch.add("TILE", [flat, sketch.numbers([1, 2])], (1, 128), "TileOptions")])
    return sketch.builder.build([x], [flat])


@pytest.mark.parametrize("is_tiled", [False, True])
@pytest.mark.parametrize("is_defect", [False, True])
def test_the_device_is_compared_with_the_host_build_whether_tflm_runs_or_not(
    is_tiled: bool, is_defect: bool, tmp_path: Path
) -> None:
    tflite = digits_network(is_tiled)
    compiled = compile_model(tflite)
    image = replace(IMAGE, inputs=compiled.inputs, outputs=compiled.outputs)
    prepared = Prepared(tflite, compiled.c_source, compiled.architecture_key, (image,), (), ())
    dataset = load_dataset(EXPERIMENT.dataset, EXPERIMENT.seed)
    samples = device_samples(EXPERIMENT, dataset, prepared)
    stored = [np.frombuffer(sample[0], np.int8).reshape(1, 8, 8, 1) for sample in samples]
    (outputs,) = build_host_model(compiled, tmp_path).run([np.stack(stored)])
    device = outputs ^ is_defect
    run = DeviceRun(image.model_hash, MEASUREMENT, tuple((sample.tobytes(),) for sample in device))
    check = check_on_host(EXPERIMENT, dataset, prepared, (run,))
    assert check.devices_match_host is not is_defect
    assert 0 < check.int8_val_accuracy < 1
    if is_tiled:
        assert isinstance(check.against_tflm, NotCompared)
        assert "TILE" in check.against_tflm.reason
    else:
        assert check.against_tflm == ParityReport(2, not is_defect, True, int(is_defect))
