"""The raw output bytes of a device as arrays."""

import numpy as np

from orchestrator.datasets.dataset import Array
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.model import FirmwareImage


def outputs_of(image: FirmwareImage, run: DeviceRun) -> list[Array]:
    """Give one array [N, *shape] in the stored type per output of the network."""
    return [
        np.stack([np.frombuffer(sample[index], spec.dtype).reshape(spec.shape) for sample in run.outputs])
        for index, spec in enumerate(image.outputs)
    ]
