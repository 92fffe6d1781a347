"""What the host says to a trained network: same outputs as the device? as TFLM? how accurate?"""

import tempfile
from pathlib import Path

from orchestrator.compiler import compile_model
from orchestrator.datasets.dataset import Array, Dataset, Split
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.model import FirmwareImage
from orchestrator.parity.compare import compare_outputs
from orchestrator.parity.tflm import compare_with_tflm
from orchestrator.pipeline.device_outputs import outputs_of
from orchestrator.pipeline.prepare import Prepared
from orchestrator.pipeline.quantised_samples import accuracy, quantise
from orchestrator.pipeline.stages import HostCheck
from orchestrator.toolchain.host_model import HostModel, build_host_model


def device_samples(experiment: Experiment, dataset: Dataset, prepared: Prepared) -> tuple[tuple[bytes, ...], ...]:
    """Give the first validation samples as the device takes them."""
    inputs = _first_samples(experiment, dataset, prepared)
    return tuple((sample.tobytes(),) for sample in inputs)


def check_on_host(
    experiment: Experiment, dataset: Dataset, prepared: Prepared, runs: tuple[DeviceRun, ...]
) -> HostCheck:
    """Compare what the devices computed with the host build of the same C (must be equal) and with TFLM (stated)."""
    inputs = _first_samples(experiment, dataset, prepared)
    network = prepared.images[0]
    devices = [outputs_of(network, run) for run in runs]
    with tempfile.TemporaryDirectory() as folder:
        host = build_host_model(compile_model(prepared.tflite), Path(folder))
        expected = host.run([inputs])
        match = all(compare_outputs(device, expected).exact for device in devices)
        val_accuracy = int8_accuracy(host, network, dataset.val)
    return HostCheck(match, compare_with_tflm(devices[0], prepared.tflite, [inputs]), val_accuracy)


def int8_accuracy(host: HostModel, image: FirmwareImage, split: Split) -> float:
    """Share of a split that the int8 network classifies rightly, by the host build."""
    return accuracy(host.run([quantise(split.x, image.inputs[0])])[0], split.y)


def score_test_split(dataset: Dataset, tflite: bytes) -> float:
    """Score the test split; asked for the winner alone, at the end."""
    compiled = compile_model(tflite)
    with tempfile.TemporaryDirectory() as folder:
        host = build_host_model(compiled, Path(folder))
        test = dataset.test
        return accuracy(host.run([quantise(test.x, compiled.inputs[0])])[0], test.y)


def _first_samples(experiment: Experiment, dataset: Dataset, prepared: Prepared) -> Array:
    return quantise(dataset.val.x[: experiment.measuring.samples], prepared.images[0].inputs[0])
