"""The order of the stages and every way a candidate can end, with stages that do as they are told."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from orchestrator.domain.candidate import CandidateRecord, EpochResult
from orchestrator.domain.deployability import Fit, Shortage
from orchestrator.domain.errors import DeviceSilentError, ToolchainError
from orchestrator.domain.experiment import Experiment, Target
from orchestrator.domain.measurement import DeviceRun, Measurement
from orchestrator.domain.outcome import Outcome, Status
from orchestrator.domain.parity import ParityReport
from orchestrator.lab.requests import Measured
from orchestrator.pipeline.candidate import run_candidate
from orchestrator.pipeline.prepare import Prepared
from orchestrator.pipeline.stages import Diverged, HostCheck, Trained
from tests.records import BUDGETS, EPOCHS, EXPERIMENT, IMAGE, MEASUREMENT, UNLINKED, measured

PREPARED = Prepared(b"tflite", "int main;", "key", (IMAGE,), (), (("build", 0.5),))
EXACT = ParityReport(2, True, True, 0)


class ScriptedStages:
    """Answers as set up, and remembers what was asked of it."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {
            "prepare": PREPARED,
            "screen": (MEASUREMENT,),
            "train": [*EPOCHS, Trained(b"trained")],
            "prepare_trained": PREPARED,
            "verify": (MEASUREMENT,),
            "check": HostCheck(True, EXACT, 0.9),
            **answers,
        }
        self.asked: list[str] = []
        self.kept: dict[str, bytes] = {}
        self.training_closed = False
        self.ran = IMAGE.model_hash
        self.stale_pages = 0

    def _answer(self, stage: str) -> Any:
        self.asked.append(stage)
        answer = self.answers[stage]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        return self._answer("prepare")

    def screen(self, prepared: Prepared) -> tuple[Measured, ...]:
        return self._measured(self._answer("screen"), self.stale_pages)

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        try:
            yield from self._answer("train")
        finally:
            self.training_closed = True

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        assert tflite == b"trained"
        self.trained_for = boards
        return self._answer("prepare_trained")

    def verify(self, prepared: Prepared) -> tuple[Measured, ...]:
        return self._measured(self._answer("verify"))

    def check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        return self._answer("check")

    def keep(self, name: str, content: bytes) -> None:
        self.kept[name] = content

    def _measured(self, measurements: tuple[Measurement, ...], stale_pages: int = 0) -> tuple[Measured, ...]:
        runs = [DeviceRun(self.ran, measurement, (), stale_pages) for measurement in measurements]
        return tuple(Measured(run, "unit", wait_s=0.1, work_s=0.2, serial_log=b"traffic") for run in runs)


def run(stages: ScriptedStages, experiment: Experiment = EXPERIMENT) -> list[CandidateRecord]:
    return list(run_candidate("c0001", {"blocks": []}, experiment, stages))


def test_a_network_that_fits_is_measured_before_training_and_again_after() -> None:
    stages = ScriptedStages(verify=(measured(cycles=404_000),))
    records = run(stages)
    assert stages.asked == ["prepare", "screen", "check", "train", "prepare_trained", "verify", "check"]
    assert records[-1].outcome.status is Status.DEPLOYABLE
    assert records[-1].verification is not None
    assert abs(records[-1].verification.cycles_drift - 0.01) < 1e-9
    assert set(stages.kept) == {"untrained.tflite", "model.tflite", "model.c", "firmware.elf", "serial.log"}
    assert records[-1].stage_s is not None
    assert records[-1].stage_s["screen_wait"] == 0.1


def test_every_epoch_is_reported_with_the_outcome_as_if_it_were_the_last() -> None:
    records = run(ScriptedStages())
    assert [record.outcome.status for record in records[:-1]] == [Status.STOPPED] * 3
    assert [len(record.epochs) for record in records[:-1]] == [1, 2, 3]


def test_a_network_over_budget_is_never_trained() -> None:
    stages = ScriptedStages(screen=(measured(cycles=8_000_000),))
    records = run(stages)
    assert stages.asked == ["prepare", "screen", "check"]
    assert records[-1].outcome.status is Status.INFEASIBLE
    assert len(records[-1].outcome.margins) == 3


def test_a_budget_broken_only_by_the_trained_image_is_infeasible_too() -> None:
    records = run(ScriptedStages(verify=(measured(cycles=8_000_000),)))
    assert records[-1].outcome.status is Status.INFEASIBLE
    assert [measurement.cycles for measurement in records[-1].measurements] == [8_000_000]


def test_an_outcome_of_preparation_ends_the_candidate() -> None:
    for outcome in (Outcome.invalid("no network"), UNLINKED):
        stages = ScriptedStages(prepare=outcome)
        assert run(stages)[-1].outcome == outcome
        assert stages.asked == ["prepare"]


def test_a_diverged_training_keeps_its_measured_margins() -> None:
    records = run(ScriptedStages(train=[EPOCHS[0], Diverged("loss is nan")]))
    assert records[-1].outcome.status is Status.DIVERGED
    assert len(records[-1].outcome.margins) == 3


def test_a_silent_board_or_a_compiler_defect_is_a_failure_with_its_cause() -> None:
    silent = run(ScriptedStages(screen=DeviceSilentError("no reply")))
    defect = run(ScriptedStages(prepare_trained=ToolchainError("crash")))
    assert (silent[-1].outcome.status, silent[-1].outcome.cause) == (Status.FAILED, "silent")
    assert (defect[-1].outcome.status, defect[-1].outcome.cause) == (Status.FAILED, "toolchain")
    assert len(defect[-1].epochs) == 3


def test_a_device_that_computes_something_else_than_the_host_is_a_failure() -> None:
    stages = ScriptedStages(check=HostCheck(False, replace(EXACT, exact=False, worst_lsb=3), 0.9))
    records = run(stages)
    assert (records[-1].outcome.status, records[-1].outcome.cause) == (Status.FAILED, "parity")
    assert "train" not in stages.asked


def test_a_measurement_shared_with_an_equal_architecture_is_not_compared_with_other_weights() -> None:
    stages = ScriptedStages()
    stages.ran = "another network"
    run(stages)
    assert stages.asked == ["prepare", "screen", "train", "prepare_trained", "verify", "check"]


def test_a_screening_that_left_stale_weights_in_flash_is_not_compared() -> None:
    stages = ScriptedStages()
    stages.stale_pages = 7
    run(stages)
    assert stages.asked == ["prepare", "screen", "train", "prepare_trained", "verify", "check"]


def test_ending_the_candidate_in_the_middle_ends_its_training() -> None:
    stages = ScriptedStages()
    records = run_candidate("c0001", {}, EXPERIMENT, stages)
    next(records)
    assert not stages.training_closed
    records.close()
    assert stages.training_closed


SLOW, FAST = "nucleo_l476rg", "nucleo_f446re"
TARGETS = (Target(SLOW, BUDGETS), Target(FAST, BUDGETS))
ON_BOTH = replace(PREPARED, images=(IMAGE, replace(IMAGE, board=FAST)))
FITS_FAST = (measured(cycles=8_000_000), measured(board=FAST))


def two_boards(fit: Fit) -> Experiment:
    return replace(EXPERIMENT, targets=TARGETS, fit=fit)


def test_a_network_that_breaks_a_budget_on_one_of_all_boards_is_never_trained() -> None:
    stages = ScriptedStages(prepare=ON_BOTH, screen=FITS_FAST)
    outcome = run(stages, two_boards(Fit.ALL))[-1].outcome
    assert outcome.status is Status.INFEASIBLE
    assert outcome.boards == (FAST,)
    assert outcome.reason.startswith(f"{SLOW} over budget: latency")
    assert "train" not in stages.asked


def test_where_any_board_will_do_only_those_that_fit_are_verified() -> None:
    stages = ScriptedStages(
        prepare=ON_BOTH,
        screen=FITS_FAST,
        prepare_trained=replace(ON_BOTH, images=ON_BOTH.images[1:]),
        verify=(measured(board=FAST, cycles=404_000),),
    )
    record = run(stages, two_boards(Fit.ANY))[-1]
    assert stages.trained_for == (FAST,)
    assert record.outcome.status is Status.DEPLOYABLE
    assert record.outcome.boards == (FAST,)
    assert record.verification is not None
    assert abs(record.verification.cycles_drift - 0.01) < 1e-9
    assert {each.board: each.cycles for each in record.measurements} == {FAST: 404_000, SLOW: 8_000_000}
    assert {margin.board for margin in record.outcome.margins} == {FAST, SLOW}


def test_a_network_deployable_on_all_boards_keeps_a_file_for_each() -> None:
    stages = ScriptedStages(
        prepare=ON_BOTH,
        screen=(MEASUREMENT, measured(board=FAST)),
        prepare_trained=ON_BOTH,
        verify=(MEASUREMENT, measured(board=FAST)),
    )
    record = run(stages, two_boards(Fit.ALL))[-1]
    assert record.outcome.boards == (SLOW, FAST)
    assert {f"firmware-{SLOW}.elf", f"firmware-{FAST}.elf", f"serial-{FAST}.log"} <= set(stages.kept)


def test_a_board_whose_memories_are_too_small_does_not_count_where_another_will_do() -> None:
    shortage = Shortage(SLOW, "SRAM1", 8)
    prepared = replace(PREPARED, images=ON_BOTH.images[1:], shortages=(shortage,))
    stages = ScriptedStages(prepare=prepared, screen=FITS_FAST[1:], prepare_trained=prepared, verify=FITS_FAST[1:])
    outcome = run(stages, two_boards(Fit.ANY))[-1].outcome
    assert outcome.status is Status.DEPLOYABLE
    assert outcome.boards == (FAST,)
    assert outcome.shortages == (shortage,)
