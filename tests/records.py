"""Records for tests, valid in every field."""

from dataclasses import replace
from typing import Any

from orchestrator.domain.budget import Budget, Quantity, margins_of
from orchestrator.domain.candidate import CandidateRecord, EpochResult, Verification
from orchestrator.domain.deployability import Deployability, Fit, Shortage
from orchestrator.domain.experiment import (
    DatasetChoice,
    Experiment,
    MeasureChoice,
    ResourceChoice,
    SearchChoice,
    Target,
    TrainingChoice,
)
from orchestrator.domain.measurement import CyclesSource, EnergyReading, LayerCycles, Measurement
from orchestrator.domain.model import FirmwareImage, Footprint, RegionUse, Segment, TensorSpec
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import ParityReport

BUDGETS = (Budget(Quantity.RAM, 8192), Budget(Quantity.FLASH, 65536), Budget(Quantity.LATENCY, 0.01))

EXPERIMENT = Experiment(
    name="test",
    search_space="search_spaces.digits",
    dataset=DatasetChoice("digits", None, 0.2, 0.2),
    targets=(Target("nucleo_l476rg", BUDGETS),),
    fit=Fit.ALL,
    search=SearchChoice("tpe", candidates=4, concurrent=2),
    training=TrainingChoice(epochs=3, grace_epochs=1, reduction_factor=3, patience_epochs=2),
    measuring=MeasureChoice(repeats=2, samples=2, cycles_tolerance=0.01),
    resources=ResourceChoice(trainers=1, cpus_per_trainer=1, gpus_per_trainer=0.0, virtual_boards=1),
    seed=1,
    tracking_uri=None,
)

FOOTPRINT = Footprint(
    flash_bytes=20_000,
    weights_bytes=8_000,
    static_ram_bytes=4_000,
    arena_bytes=3_000,
    stack_bound_bytes=600,
    regions=(RegionUse("FLASH", 20_000, 1 << 20), RegionUse("SRAM1", 6_048, 96 << 10)),
)

MEASUREMENT = Measurement(
    board="nucleo_l476rg",
    device="00112233445566778899aabb",
    cycles_source=CyclesSource.VIRTUAL,
    clock_hz=80_000_000,
    cycles=400_000,
    cycles_min=399_000,
    cycles_max=401_000,
    stack_bytes=500,
    footprint=FOOTPRINT,
    layers=(LayerCycles("conv", "CONV_2D", 390_000),),
)

ENERGY = EnergyReading(
    inference_j=0.0003, idle_w=0.01, bracket_s=0.1, inferences=20, voltage_v=3.3, meter="/dev/ttyACM1"
)

INPUT = TensorSpec("input", (1, 8, 8, 1), "int8", 1 / 255, -128)
OUTPUT = TensorSpec("output", (1, 10), "int8", 1 / 256, -128)

IMAGE = FirmwareImage(
    board="nucleo_l476rg",
    model_hash="0123456789abcdef",
    elf=b"\x7fELF",
    segments=(Segment(0x0800_0000, b"\x00" * 8),),
    footprint=FOOTPRINT,
    inputs=(INPUT,),
    outputs=(OUTPUT,),
    layers=(),
)

EPOCHS = tuple(EpochResult(n, 1.0 / n, 0.5, 1.1 / n, 0.3 + 0.1 * n) for n in (1, 2, 3))

VERIFICATION = Verification(
    measurements=(MEASUREMENT,),
    device_matches_host=True,
    against_tflm=ParityReport(samples=2, exact=True, within_1_lsb=True, worst_lsb=0),
    int8_val_accuracy=0.9,
    cycles_drift=0.0,
)


def measured(**changes: Any) -> Measurement:
    """A measurement with some figures of its own."""
    return replace(MEASUREMENT, **changes)


UNLINKED = Outcome.infeasible(Deployability(Fit.ALL, (), (Shortage("nucleo_l476rg", "SRAM1", 5120),)))


def held(*measurements: Measurement, fit: Fit = Fit.ALL) -> Deployability:
    """Measurements held against `BUDGETS`."""
    return Deployability(fit, tuple(margin for each in measurements for margin in margins_of(BUDGETS, each)))


def deployable(candidate_id: str = "c0001", accuracy: float = 0.9) -> CandidateRecord:
    """A candidate that went all the way."""
    return CandidateRecord(
        candidate_id=candidate_id,
        config={"blocks": [{"filters": 8}], "learning_rate": 0.001},
        outcome=Outcome.deployable(held(MEASUREMENT)),
        started_at=1000.0,
        ended_at=1010.0,
        screening=(MEASUREMENT,),
        epochs=EPOCHS,
        verification=replace(VERIFICATION, int8_val_accuracy=accuracy),
        stage_s={"train": 5.0},
    )


def ended(outcome: Outcome, candidate_id: str = "c0002", **changes: Any) -> CandidateRecord:
    """A candidate that ended another way, before training."""
    record = CandidateRecord(candidate_id, {"blocks": []}, outcome, started_at=1000.0, ended_at=1001.0)
    return replace(record, **changes)


def over_budget(cycles: int = 1_600_000, candidate_id: str = "c0003") -> CandidateRecord:
    """A candidate that is too slow."""
    measurement = measured(cycles=cycles)
    return ended(Outcome.infeasible(held(measurement)), candidate_id, screening=(measurement,))
