"""A row of inferences against the host's clock and a meter: the board is a fake whose lines take their time."""

from dataclasses import replace

import numpy as np
import pytest

from orchestrator.device import inference_row
from orchestrator.device.deadline import Deadline
from orchestrator.device.energy_meter import CurrentTrace
from orchestrator.device.inference_row import observe_row
from orchestrator.device.runner import Runner
from orchestrator.domain.errors import MeterError, UnexpectedReplyError, WrongClockError
from tests.records import IMAGE, OUTPUT
from tests.unit.device.fake_board import FakeBoard

CLOCK_HZ, CYCLES = 80_000_000, 40_000_000  # two inferences a second
ROW_S = 0.2


class PacedBoard(FakeBoard):
    """Gives one line at a time; the second time stamp of a row comes `ROW_S` after the first."""

    def __init__(self, row_us: int, runs: int = 2) -> None:
        super().__init__()
        self.is_parity_even = False
        lines = ["warmup-start-0", "warmup-done", f"infer-start-{runs}", "lap-us-4294967000"]
        lines += [f"lap-us-{(4294967000 + row_us) % 2**32}", "infer-done", "results-[0.5]"]
        self.firmware.canned[f"infer {runs} 0"] = "".join(f"m-{line}\n" for line in lines)
        self.now_s = 0.0
        self._laps = 0

    def read(self, max_bytes: int, deadline: Deadline) -> bytes:
        line, separator, _ = self.pending.partition(b"\n")
        if line.startswith(b"m-lap-us"):
            self.now_s += ROW_S * (self._laps % 2)
            self._laps += 1
        return super().read(len(line + separator) or max_bytes, deadline)


def session(board: PacedBoard) -> Runner:
    return Runner(board, inference_s=0.1, clock=lambda: board.now_s)


class StepMeter:
    """Recorded a board whose trigger pin was high for so long."""

    name, voltage_v = "meter", 3.0

    def __init__(self, bracket_s: float) -> None:
        self.waited_s = 0.0
        self._high = round(bracket_s / 1e-5)

    def start(self) -> None:
        self.waited_s = 0.0

    def wait_recorded(self, seconds: float) -> None:
        self.waited_s += seconds

    def stop(self) -> CurrentTrace:
        counts = [round(self.waited_s / 1e-5), self._high, 100]
        current, trigger = np.repeat([0.001, 0.01, 0.001], counts), np.repeat([False, True, False], counts)
        return CurrentTrace(1e-5, current, trigger)


def test_the_clock_is_measured_against_the_hosts() -> None:
    row = observe_row(session(PacedBoard(row_us=200_000)), IMAGE, CYCLES, CLOCK_HZ, is_time_real=True, meter=None)
    assert row.energy is None
    assert row.clock is not None
    assert row.clock.hz == pytest.approx(CLOCK_HZ)
    assert row.clock.uncertainty == pytest.approx(0.02 / ROW_S)


@pytest.mark.parametrize("row_us", [100_000, 400_000])
def test_a_core_at_another_clock_is_an_error_that_names_both(row_us: int) -> None:
    with pytest.raises(
        WrongClockError, match=r"the core runs at .* MHz \(\+-10\.0%\), .* for 80 MHz: .* Is it silicon\?"
    ):
        observe_row(session(PacedBoard(row_us)), IMAGE, CYCLES, CLOCK_HZ, is_time_real=True, meter=None)


def test_where_time_is_not_real_and_no_meter_is_there_nothing_is_run() -> None:
    board = FakeBoard()
    board.is_mute = True
    row = observe_row(Runner(board, 0.1), IMAGE, CYCLES, CLOCK_HZ, is_time_real=False, meter=None)
    assert (row.energy, row.clock) == (None, None)


def test_a_meter_alone_takes_a_row_of_a_tenth_of_a_second() -> None:
    board = PacedBoard(row_us=101_500, runs=27)
    row = observe_row(Runner(board, 0.1), IMAGE, 300_000, CLOCK_HZ, is_time_real=False, meter=StepMeter(bracket_s=0.1))
    assert row.clock is None
    assert row.energy is not None
    assert row.energy.inferences == 27
    assert row.energy.inference_j == pytest.approx(0.01 * 3.0 * 0.1 / 27)
    assert row.energy.idle_w == pytest.approx(0.001 * 3.0)


def test_inputs_that_cannot_be_kept_are_run_once() -> None:
    board = PacedBoard(row_us=10_000, runs=1)
    large = replace(IMAGE, inputs=(replace(OUTPUT, shape=(1, 40_000)),))
    row = observe_row(
        Runner(board, 0.1), large, 300_000, CLOCK_HZ, is_time_real=False, meter=StepMeter(bracket_s=0.009)
    )
    assert row.energy is not None
    assert row.energy.inferences == 1


def test_a_bracket_that_is_not_the_rows_is_an_error() -> None:
    board = PacedBoard(row_us=100_000, runs=27)
    with pytest.raises(MeterError, match=r"high for 150\.0 ms, but the board ran 27 inferences for 100\.0 ms"):
        observe_row(Runner(board, 0.1), IMAGE, 300_000, CLOCK_HZ, is_time_real=False, meter=StepMeter(0.15))


def test_a_reply_without_two_time_stamps_is_refused() -> None:
    board = PacedBoard(row_us=1)
    board.firmware.canned["infer 2 0"] = "m-lap-us-1\n" + 6 * "m-infer-done\n"
    with pytest.raises(UnexpectedReplyError, match="two lines m-lap-us-"):
        Runner(board, 0.1).infer(2, 0, 1)


def test_a_row_is_long_against_what_it_is_measured_with() -> None:
    assert inference_row.METER_ROW_S / 10e-6 >= 10_000
    assert inference_row._LINE_JITTER_S / inference_row.CLOCK_ROW_S <= 0.02
