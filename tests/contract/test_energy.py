"""Energy by a unit of the lab: firmware, trigger pin, driver; the board is virtual, a fake meter follows it."""

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.domain.meter import MeterSetup
from orchestrator.lab.mapped_unit import MappedUnit
from orchestrator.lab.requests import MeasureRequest
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.example_model import INPUT_BYTES, example_model, expected_output
from tests.fake_ppk2 import FakePpk2, FollowedBoard

IDLE_A, ACTIVE_A, VOLTAGE_V = 0.0021, 0.0143, 3.3
WEIGHTS = bytes(range(1, 65))
SAMPLE = (bytes(range(INPUT_BYTES)),)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> DeviceRun:
    board = load_board_type("nucleo_l476rg")
    folder = tmp_path_factory.mktemp("energy")
    log = folder / "trigger.log"
    with (
        FakePpk2(FollowedBoard(log, IDLE_A, ACTIVE_A)) as kit,
        start_virtual_board(board, trigger_log=log) as device,
    ):
        row = MappedDevice(
            id="kit",
            platform=board.name,
            serial=device.url,
            cycles_source=CyclesSource.VIRTUAL,
            meter=MeterSetup(kit.url, VOLTAGE_V),
        )
        unit = MappedUnit(row)
        assert unit.has_meter
        image = link_image(example_model(WEIGHTS), board)
        return unit.measure(MeasureRequest("a", "sweep", image, (SAMPLE,), repeats=1), folder / "serial.log")


def test_the_energy_of_an_inference_is_its_share_of_what_lies_between_the_edges(run: DeviceRun) -> None:
    measurement, energy = run.measurement, run.measurement.energy
    assert energy is not None
    assert energy.bracket_s >= 0.1
    assert energy.inference_j == pytest.approx(ACTIVE_A * VOLTAGE_V * energy.bracket_s / energy.inferences, rel=0.005)
    assert energy.idle_w == pytest.approx(IDLE_A * VOLTAGE_V, rel=0.005)
    # What surrounds the layers of an inference is inside the bracket, too: putting inputs and state back.
    assert 1.0 <= energy.bracket_s / (energy.inferences * measurement.latency_s) < 1.5


def test_a_row_of_inferences_changes_nothing_else(run: DeviceRun) -> None:
    assert run.outputs == ((expected_output(WEIGHTS, SAMPLE[0]),),)
    assert run.measurement.measured_clock is None
    assert 0 < run.measurement.stack_bytes < 2048
