"""The driver of the Power Profiler Kit II against a kit on a socket that plays traces."""

from pathlib import Path

import numpy as np
import pytest

from orchestrator.device import ppk2
from orchestrator.device.energy_meter import CurrentTrace, energy_of_row
from orchestrator.device.ppk2 import Ppk2
from orchestrator.device.ppk2_samples import Calibration, decode_samples, lost_samples, parse_metadata
from orchestrator.domain.errors import InputError, MeterError, PortMissingError
from orchestrator.domain.meter import MeterSetup
from tests.fake_ppk2 import FakePpk2, PlayedTrace, encode, metadata

IDLE_A, ACTIVE_A = 0.003, 0.021
BEFORE, ROW, AFTER = 20_000, 12_000, 10


def step_trace(path: Path) -> Path:
    """A board that idles, runs for 120 ms, and idles again."""
    rng = np.random.default_rng(0)
    current = np.repeat([IDLE_A, ACTIVE_A, IDLE_A], [BEFORE, ROW, AFTER])
    noise = rng.normal(0.0, 1e-4, len(current))
    np.savez(path, current_a=current + noise, trigger=np.repeat([0, 1, 0], [BEFORE, ROW, AFTER]))
    return path


def words_of(current_a: float, count: int, counter: int = 0) -> bytes:
    return encode(np.full(count, current_a), np.zeros(count, np.uint32), counter, 3.0)


@pytest.mark.parametrize("current_a", [2e-6, 4e-5, 9e-4, 5e-3, 0.1, 0.45])
def test_a_current_in_any_range_is_read_as_it_was(current_a: float) -> None:
    trace = decode_samples(words_of(current_a, 100), parse_metadata(metadata().decode()), 3.0)
    assert trace.current_a == pytest.approx(np.full(100, current_a), rel=0.01, abs=3e-8)


def test_without_calibration_the_defaults_hold() -> None:
    assert parse_metadata("R0: 1031.64\nGS1: -nan\nGI2: 0\nUG3: rubbish\n") == Calibration()
    with pytest.raises(ValueError, match="R0"):
        parse_metadata("m-ready\n")


def test_what_the_meter_shows_while_it_changes_its_range_is_no_current() -> None:
    low, high = words_of(2e-6, 20), words_of(0.02, 20, counter=20)
    settling = bytearray(high)
    for at in range(3):
        settling[4 * at : 4 * at + 2] = b"\xff\x3f"  # full scale of the new range
        settling[4 * at + 1] |= high[4 * at + 1] & 0xC0
    trace = decode_samples(low + bytes(settling), parse_metadata(metadata().decode()), 3.0)
    assert trace.current_a[:20] == pytest.approx(np.full(20, 2e-6), abs=3e-8)
    assert trace.current_a[20:] == pytest.approx(np.full(20, 0.02), rel=0.01)


def test_lost_samples_are_told_from_damaged_counters() -> None:
    whole = bytearray(words_of(0.01, 300, counter=50))
    assert lost_samples(bytes(whole)) == 0
    assert lost_samples(bytes(whole[:400] + whole[440:])) == 10
    assert lost_samples(bytes(whole[:400] + whole[440:800] + whole[812:])) == 13
    whole[4 * 100 + 2] ^= 0b0101_0000
    whole[4 * 101 + 2] ^= 0b0010_1000
    assert lost_samples(bytes(whole)) == 0
    assert lost_samples(b"") == 0


def test_energy_between_the_edges_is_that_of_the_inferences(tmp_path: Path) -> None:
    with FakePpk2(PlayedTrace(step_trace(tmp_path / "step.npz"))) as kit, Ppk2(MeterSetup(kit.url, 3.3)) as meter:
        meter.start()
        meter.wait_recorded(0.4)
        reading = energy_of_row(meter, meter.stop(), inferences=40, idle_s=0.1)
    assert reading.bracket_s == pytest.approx(0.12)
    assert reading.inference_j == pytest.approx(ACTIVE_A * 3.3 * 0.12 / 40, rel=0.002)
    assert reading.idle_w == pytest.approx(IDLE_A * 3.3, rel=0.002)
    assert (reading.inferences, reading.voltage_v, reading.meter) == (40, 3.3, kit.url)


@pytest.mark.parametrize(("is_source", "mode"), [(False, 1), (True, 2)])
def test_the_board_is_powered_as_was_asked_for_and_stays_powered(is_source: bool, mode: int, tmp_path: Path) -> None:
    with FakePpk2(PlayedTrace(step_trace(tmp_path / "step.npz"))) as kit:
        Ppk2(MeterSetup(kit.url, 1.8, is_source)).close()
        powering = [bytes([0x11, mode]), bytes([0x0D, 0x07, 0x08]), bytes([0x0C, 1])]  # 1,800 mV
        assert kit.commands == [b"\x07", b"\x19", *powering]


def test_a_recording_that_someone_else_left_running_is_ended(tmp_path: Path) -> None:
    with FakePpk2(PlayedTrace(step_trace(tmp_path / "step.npz"))) as kit:
        kit.is_streaming = True
        with Ppk2(MeterSetup(kit.url, 3.3)) as meter:
            meter.start()
            meter.wait_recorded(0.02)
            assert len(meter.stop().current_a) >= 2000


def test_lost_samples_end_the_measurement(tmp_path: Path) -> None:
    with FakePpk2(PlayedTrace(step_trace(tmp_path / "step.npz"))) as kit, Ppk2(MeterSetup(kit.url, 3.3)) as meter:
        kit.loses = 7
        meter.start()
        meter.wait_recorded(0.05)
        with pytest.raises(MeterError, match=r"lost 7 of \d+ samples"):
            meter.stop()


def test_a_counter_damaged_on_its_way_does_not(tmp_path: Path) -> None:
    with FakePpk2(PlayedTrace(step_trace(tmp_path / "step.npz"))) as kit, Ppk2(MeterSetup(kit.url, 3.3)) as meter:
        kit.damaged_counters = (500, 1500, 1501)
        meter.start()
        meter.wait_recorded(0.05)
        assert len(meter.stop().current_a) > 5000


def test_a_meter_that_says_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppk2, "_ANSWER_LIMIT_S", 0.3)
    with FakePpk2(PlayedTrace(step_trace(tmp_path / "step.npz"))) as kit:
        kit.is_mute = True
        with pytest.raises(MeterError, match=f"{kit.url}: no calibration within"):
            Ppk2(MeterSetup(kit.url, 3.3))
    with pytest.raises(PortMissingError, match="cannot open the meter's port"):
        Ppk2(MeterSetup(kit.url, 3.3))


@pytest.mark.parametrize("voltage_v", [0.5, 12.0])
def test_a_voltage_beyond_the_meter_is_refused(voltage_v: float) -> None:
    with pytest.raises(InputError, match=r"must be 0\.8 to 5\.0 V"):
        Ppk2(MeterSetup("socket://127.0.0.1:1", voltage_v))


class NamedMeter:
    name, voltage_v = "meter", 3.0

    def start(self) -> None: ...
    def wait_recorded(self, seconds: float) -> None: ...
    def stop(self) -> CurrentTrace:
        raise NotImplementedError


@pytest.mark.parametrize("trigger", ["0000", "0110110", "0111", "1100"])
def test_anything_but_one_whole_bracket_is_an_error(trigger: str) -> None:
    levels = np.array([level == "1" for level in trigger])
    trace = CurrentTrace(1e-5, np.ones(len(levels)), levels)
    with pytest.raises(MeterError, match="is the board's trigger pin wired to D0"):
        energy_of_row(NamedMeter(), trace, inferences=1, idle_s=1e-5)
