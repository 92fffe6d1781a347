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
    """What the host says to the devices' outputs, and the accuracy over the validation split."""

    devices_match_host: bool
    against_tflm: ParityReport | NotCompared
    int8_val_accuracy: float


class Stages(Protocol):
    """The stages of one candidate. Every method may raise InfrastructureError, after its own retries."""

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        """Build, convert, compile and link the untrained network."""

    def screen(self, prepared: Prepared) -> tuple[Measured, ...]:
        """Measure an untrained network, each image on its board type; equal architectures may share measurements."""

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        """Train, yielding epochs and at last the result; closing the generator stops the training."""

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        """Compile the trained network and link it for the board types on which the untrained one kept its budgets."""

    def verify(self, prepared: Prepared) -> tuple[Measured, ...]:
        """Measure the trained network, each image on its board type, and run real samples there."""

    def check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        """Compare the devices' outputs with host build and TFLM; score the validation split."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file of the candidate."""
