"""What a candidate needs done by others; Ray workers do it in a sweep."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.lab.requests import Measured
from orchestrator.pipeline.prepare import Prepared


@dataclass(frozen=True)
class Trained:
    """The last thing a training gives: the trained network as int8 .tflite."""

    tflite: bytes


@dataclass(frozen=True)
class Diverged:
    """Or this: training came to nothing."""

    reason: str


@dataclass(frozen=True)
class HostCheck:
    """What the host says to the device's outputs, and the accuracy over the validation split."""

    device_matches_host: bool
    against_tflm: ParityReport | NotCompared
    int8_val_accuracy: float


class Stages(Protocol):
    """The stages of one candidate. Every method may raise InfrastructureError, after its own retries."""

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        """Build, convert, compile and link the untrained network."""

    def screen(self, prepared: Prepared) -> Measured:
        """Measure an untrained network; equal architectures may share one measurement."""

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        """Train, yielding epochs and at last the result; closing the generator stops the training."""

    def prepare_trained(self, tflite: bytes) -> Prepared | Outcome:
        """Compile and link the trained network."""

    def verify(self, prepared: Prepared) -> Measured:
        """Measure the trained network and run real samples on the device."""

    def check(self, prepared: Prepared, run: DeviceRun) -> HostCheck:
        """Compare the device's outputs with host build and TFLM; score the validation split."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file of the candidate."""
