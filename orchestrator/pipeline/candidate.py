"""One candidate from configuration to outcome."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.domain.budget import Margin, margins_of
from orchestrator.domain.candidate import CandidateRecord, EpochResult, Verification
from orchestrator.domain.errors import InfrastructureError, ParityError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.measurement import Measurement
from orchestrator.domain.outcome import Outcome
from orchestrator.pipeline.prepare import Prepared, Stopwatch
from orchestrator.pipeline.stages import Diverged, HostCheck, Measured, Stages, Trained


def run_candidate(
    candidate_id: str,
    config: dict[str, Any],
    experiment: Experiment,
    stages: Stages,
    now: Callable[[], float] = time.time,
) -> Iterator[CandidateRecord]:
    """Carry out the stages in order, yielding the record whenever there is something to report.

    Every record carries the outcome as it would stand if nothing more came, so that whoever is interrupted (ASHA
    stops a training by ending its trial) leaves a true record behind; the last one is final.
    """
    return _Run(candidate_id, config, experiment, stages, now).records()


@dataclass(frozen=True)
class _Screened:
    """The untrained network fits: what was measured and how much room is left."""

    measurement: Measurement
    margins: tuple[Margin, ...]


class _Run:
    def __init__(
        self,
        candidate_id: str,
        config: dict[str, Any],
        experiment: Experiment,
        stages: Stages,
        now: Callable[[], float],
    ) -> None:
        self._experiment = experiment
        self._stages = stages
        self._config = config
        self._now = now
        self._watch = Stopwatch()
        started = now()
        self._record = CandidateRecord(candidate_id, config, Outcome.invalid("not begun"), started, started)

    def records(self) -> Iterator[CandidateRecord]:
        try:
            yield from self._records()
        except InfrastructureError as error:
            yield self._with(Outcome.failed(error))

    def _records(self) -> Iterator[CandidateRecord]:
        screened = self._screen()
        if isinstance(screened, Outcome):
            yield self._with(screened)
            return
        trained = yield from self._train(screened)
        if isinstance(trained, Diverged):
            yield self._with(Outcome.diverged(trained.reason, screened.margins))
            return
        yield self._with(self._verify(trained, screened))

    def _screen(self) -> Outcome | _Screened:
        with self._watch.step("prepare"):
            prepared = self._stages.prepare(self._config)
        if isinstance(prepared, Outcome):
            return prepared
        self._note_seconds(prepared)
        self._stages.keep("untrained.tflite", prepared.tflite)
        measured = self._stages.screen(prepared)
        self._note_measuring("screen", measured)
        measurement = measured.run.measurement
        # A measurement shared with an equal architecture was checked by the candidate whose network ran; one with an
        # earlier network's weights in flash has no outputs.
        if measured.run.model_hash == prepared.image.model_hash and measured.run.stale_pages == 0:
            self._check(prepared, measured)
        margins = margins_of(self._experiment.budgets, measurement)
        self._record = replace(self._record, screening=measurement)
        fits = all(margin.fits for margin in margins)
        return _Screened(measurement, margins) if fits else Outcome.over_budget(margins)

    def _train(self, screened: _Screened) -> Generator[CandidateRecord, None, Trained | Diverged]:
        # Closing matters: when ASHA ends the trial inside a `yield`, the training must end with it.
        with self._watch.step("train"), closing(self._stages.train(self._config)) as progress:
            for item in progress:
                if not isinstance(item, EpochResult):
                    return item
                self._record = replace(self._record, epochs=(*self._record.epochs, item))
                yield self._with(Outcome.stopped(item.epoch, screened.margins))
        raise InfrastructureError("training ended without a result")

    def _verify(self, trained: Trained, screened: _Screened) -> Outcome:
        with self._watch.step("prepare_trained"):
            prepared = self._stages.prepare_trained(trained.tflite)
        if isinstance(prepared, Outcome):
            return prepared
        self._keep_deliverables(prepared)
        measured = self._stages.verify(prepared)
        self._note_measuring("verify", measured)
        self._stages.keep("serial.log", measured.serial_log)
        check = self._check(prepared, measured)
        measurement = measured.run.measurement
        drift = measurement.cycles / screened.measurement.cycles - 1.0
        verification = Verification(
            measurement, check.device_matches_host, check.against_tflm, check.int8_val_accuracy, drift
        )
        self._record = replace(self._record, verification=verification)
        margins = margins_of(self._experiment.budgets, measurement)
        fits = all(margin.fits for margin in margins)
        return Outcome.deployable(margins) if fits else Outcome.over_budget(margins)

    def _check(self, prepared: Prepared, measured: Measured) -> HostCheck:
        with self._watch.step("check"):
            check = self._stages.check(prepared, measured.run)
        if not check.device_matches_host:
            raise ParityError("device outputs differ from the host build of the same C")
        return check

    def _keep_deliverables(self, prepared: Prepared) -> None:
        self._stages.keep("model.tflite", prepared.tflite)
        self._stages.keep("model.c", prepared.c_source.encode())
        self._stages.keep("firmware.elf", prepared.image.elf)

    def _note_seconds(self, prepared: Prepared) -> None:
        self._watch.seconds.update(prepared.seconds)

    def _note_measuring(self, stage: str, measured: Measured) -> None:
        self._watch.seconds[f"{stage}_wait"] = measured.wait_s
        self._watch.seconds[stage] = measured.work_s

    def _with(self, outcome: Outcome) -> CandidateRecord:
        seconds = {name: round(value, 4) for name, value in self._watch.seconds.items()}
        self._record = replace(self._record, outcome=outcome, ended_at=self._now(), stage_s=seconds)
        return self._record
