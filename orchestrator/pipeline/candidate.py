"""One candidate from configuration to outcome."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from typing import Any

from orchestrator.domain.budget import margins_of
from orchestrator.domain.candidate import CandidateRecord, EpochResult, Verification
from orchestrator.domain.deployability import Deployability, Shortage
from orchestrator.domain.errors import InfrastructureError, ParityError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.measurement import DeviceRun, Measurement
from orchestrator.domain.outcome import Outcome
from orchestrator.lab.requests import Measured
from orchestrator.pipeline.prepare import Prepared, Stopwatch
from orchestrator.pipeline.stages import Diverged, HostCheck, Stages, Trained


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
            yield self._with(Outcome.diverged(trained.reason, screened))
            return
        yield self._with(self._verify(trained, screened))

    def _screen(self) -> Outcome | Deployability:
        with self._watch.step("prepare"):
            prepared = self._stages.prepare(self._config)
        if isinstance(prepared, Outcome):
            return prepared
        self._note_seconds(prepared)
        self._stages.keep("untrained.tflite", prepared.tflite)
        measured = self._stages.screen(prepared)
        self._note_measuring("screen", measured)
        # A measurement shared with an equal architecture was checked by the candidate whose network ran; one with
        # an earlier network's weights in flash has no outputs.
        model_hash = prepared.images[0].model_hash
        own = tuple(each.run for each in measured if each.run.model_hash == model_hash and not each.run.stale_pages)
        if own:
            self._check(prepared, own)
        self._record = replace(self._record, screening=_measurements(measured))
        found = self._deployability(self._record.screening, prepared.shortages)
        return found if found.fits else Outcome.infeasible(found)

    def _train(self, screened: Deployability) -> Generator[CandidateRecord, None, Trained | Diverged]:
        # Closing matters: when ASHA ends the trial inside a `yield`, the training must end with it.
        with self._watch.step("train"), closing(self._stages.train(self._config)) as progress:
            for item in progress:
                if not isinstance(item, EpochResult):
                    return item
                self._record = replace(self._record, epochs=(*self._record.epochs, item))
                yield self._with(Outcome.stopped(item.epoch, screened))
        raise InfrastructureError("training ended without a result")

    def _verify(self, trained: Trained, screened: Deployability) -> Outcome:
        with self._watch.step("prepare_trained"):
            prepared = self._stages.prepare_trained(trained.tflite, screened.boards)
        if isinstance(prepared, Outcome):
            return prepared
        self._keep_deliverables(prepared)
        measured = self._stages.verify(prepared)
        self._note_measuring("verify", measured)
        for each in measured:
            self._stages.keep(f"serial{_suffix(prepared, each.run.measurement.board)}.log", each.serial_log)
        check = self._check(prepared, tuple(each.run for each in measured))
        verification = Verification(
            _measurements(measured),
            check.devices_match_host,
            check.against_tflm,
            check.int8_val_accuracy,
            self._drift(measured),
        )
        self._record = replace(self._record, verification=verification)
        found = self._deployability(self._record.measurements, screened.shortages)
        return Outcome.deployable(found) if found.fits else Outcome.infeasible(found)

    def _deployability(self, measurements: Iterable[Measurement], shortages: tuple[Shortage, ...]) -> Deployability:
        experiment = self._experiment
        margins = [margins_of(experiment.budgets_of(each.board), each) for each in measurements]
        return Deployability(experiment.fit, tuple(chain.from_iterable(margins)), shortages)

    def _drift(self, verified: tuple[Measured, ...]) -> float:
        """Give the largest relative change of the cycles since screening."""
        before = {measurement.board: measurement.cycles for measurement in self._record.screening}
        drifts = [each.cycles / before[each.board] - 1.0 for each in _measurements(verified)]
        return max(drifts, key=abs)

    def _check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        with self._watch.step("check"):
            check = self._stages.check(prepared, runs)
        if not check.devices_match_host:
            raise ParityError("device outputs differ from the host build of the same C")
        return check

    def _keep_deliverables(self, prepared: Prepared) -> None:
        self._stages.keep("model.tflite", prepared.tflite)
        self._stages.keep("model.c", prepared.c_source.encode())
        for image in prepared.images:
            self._stages.keep(f"firmware{_suffix(prepared, image.board)}.elf", image.elf)

    def _note_seconds(self, prepared: Prepared) -> None:
        self._watch.seconds.update(prepared.seconds)

    def _note_measuring(self, stage: str, measured: tuple[Measured, ...]) -> None:
        """Boards work side by side: the longest wait and the longest work count."""
        self._watch.seconds[f"{stage}_wait"] = max(each.wait_s for each in measured)
        self._watch.seconds[stage] = max(each.work_s for each in measured)

    def _with(self, outcome: Outcome) -> CandidateRecord:
        seconds = {name: round(value, 4) for name, value in self._watch.seconds.items()}
        self._record = replace(self._record, outcome=outcome, ended_at=self._now(), stage_s=seconds)
        return self._record


def _measurements(measured: Iterable[Measured]) -> tuple[Measurement, ...]:
    return tuple(each.run.measurement for each in measured)


def _suffix(prepared: Prepared, board: str) -> str:
    """Tell files of several boards apart; those of a single one need no name."""
    return f"-{board}" if len(prepared.images) > 1 else ""
