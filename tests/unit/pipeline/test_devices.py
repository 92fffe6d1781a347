"""What `--device` may name, and that a board at a port is measured like one that was started for us."""

from typing import Any

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import DeviceError, DeviceSilentError, InputError, PortMissingError
from orchestrator.domain.measurement import CyclesSource
from orchestrator.lab.devices import BoardAtPort, measure_on, open_device
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.example_model import INPUT_BYTES, example_model

BOARD = load_board_type("nucleo_l476rg")
SAMPLES = ((bytes(range(INPUT_BYTES)),),)


def test_a_board_at_a_port_measures_what_the_virtual_board_does() -> None:
    image = link_image(example_model(), BOARD)
    with open_device(BOARD) as device:
        expected = measure_on(device, image, BOARD, SAMPLES, repeats=1)
    with start_virtual_board(BOARD) as process:
        with open_device(BOARD, process.url, cycles_source=CyclesSource.VIRTUAL) as device:
            run = measure_on(device, image, BOARD, SAMPLES, repeats=1)
        assert process.is_alive(), "it is not ours to switch off"
    assert run.outputs == expected.outputs
    assert run.measurement.cycles == expected.measurement.cycles
    assert run.measurement.cycles_source is expected.measurement.cycles_source is CyclesSource.VIRTUAL


def test_a_board_at_a_port_is_taken_for_silicon() -> None:
    with open_device(BOARD, "/dev/ttyACM0") as device:
        assert device.cycles_source is CyclesSource.SILICON
        assert device.url == "/dev/ttyACM0"


def test_the_virtual_board_says_when_it_counts_instructions() -> None:
    with open_device(BOARD, count_instructions=True) as device:
        assert device.cycles_source is CyclesSource.VIRTUAL_INSTRUCTIONS
        assert device.is_alive()
    assert not device.is_alive()


@pytest.mark.parametrize(
    ("spec", "options", "said"),
    [
        ("virtuall", {}, "must be 'virtual'"),
        ("ttyACM0", {}, "/dev/ttyACM0"),
        ("virtual", {"cycles_source": CyclesSource.SILICON}, "--cycles-source"),
        ("/dev/ttyACM0", {"count_instructions": True}, "--count-instructions"),
        ("/dev/ttyACM0", {"zero_wait_states": True}, "--zero-wait-states"),
    ],
)
def test_what_makes_no_sense_is_refused(spec: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said), open_device(BOARD, spec, **options):
        pass


def test_a_port_that_is_missing_is_a_device_error() -> None:
    with open_device(BOARD, "/dev/does-not-exist") as device, pytest.raises(PortMissingError, match="does-not-exist"):
        measure_on(device, link_image(example_model(), BOARD), BOARD, SAMPLES, repeats=1)


def test_a_device_may_know_more_of_an_error_than_came_over_the_line() -> None:
    class Talkative(BoardAtPort):
        def explained(self, error: DeviceError) -> DeviceError:
            return DeviceSilentError(f"{error}; it said why")

    device = Talkative("/dev/does-not-exist", CyclesSource.SILICON)
    with pytest.raises(DeviceSilentError, match="it said why") as caught:
        measure_on(device, link_image(example_model(), BOARD), BOARD, SAMPLES, repeats=1)
    assert isinstance(caught.value.__cause__, PortMissingError)
