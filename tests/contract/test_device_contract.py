"""What every board has to pass, real or not; parametrised over ways to get one."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.flashing import flash_image
from orchestrator.device.link import Link, SerialLink
from orchestrator.device.measure import measure_image
from orchestrator.device.reset import reset_into_bootloader, reset_into_firmware
from orchestrator.device.resident_loader import ResidentLoader
from orchestrator.device.runner import Runner
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import (
    DeviceFaultError,
    DeviceRefusedError,
    DeviceSilentError,
    WrongBoardError,
    WrongImageError,
    WrongSettingsError,
)
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.measurement import CyclesSource, MemorySetting
from orchestrator.domain.model import CompiledModel, FirmwareImage
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.example_model import INPUT_BYTES, example_model, expected_output

WEIGHTS = bytes(range(1, 65))
SAMPLES = [(bytes(range(i, i + INPUT_BYTES)),) for i in (0, 100, 240)]


@contextmanager
def virtual_board(board: BoardType) -> Iterator[str]:
    with start_virtual_board(board) as process:
        yield process.url


@dataclass(frozen=True)
class Way:
    """One way to get a board: its type, and so how it is flashed; what its cycles are; how to get it."""

    board: BoardType
    source: CyclesSource
    get: Callable[[BoardType], AbstractContextManager[str]]


WAYS = {
    "virtual-stm32-serial": Way(load_board_type("nucleo_l476rg"), CyclesSource.VIRTUAL, virtual_board),
    "virtual-serial-loader": Way(load_board_type("nucleo_l4r5zi"), CyclesSource.VIRTUAL, virtual_board),
    "virtual-sectors": Way(load_board_type("nucleo_f446re"), CyclesSource.VIRTUAL, virtual_board),
    "virtual-cortex-m0plus": Way(load_board_type("nucleo_g071rb"), CyclesSource.VIRTUAL, virtual_board),
    "virtual-nrf52": Way(load_board_type("nrf52840dk"), CyclesSource.VIRTUAL, virtual_board),
    "virtual-cortex-m7": Way(load_board_type("nucleo_h743zi"), CyclesSource.VIRTUAL, virtual_board),
    "virtual-cortex-m33": Way(load_board_type("nucleo_u575zi_q"), CyclesSource.VIRTUAL, virtual_board),
}
SLOW_WAYS = {"virtual-nrf52", "virtual-cortex-m7", "virtual-cortex-m33"}
"""Families that pass the same tests of the resident loader, `test_resident_loader.py`, by default."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.slow if name in SLOW_WAYS else ()) for name in WAYS],
)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture(scope="module")
def board(way: Way) -> BoardType:
    return way.board


@pytest.fixture(scope="module")
def source(way: Way) -> CyclesSource:
    return way.source


@pytest.fixture(scope="module")
def url(way: Way) -> Iterator[str]:
    with way.get(way.board) as url:
        yield url


@pytest.fixture
def link(url: str, board: BoardType) -> Iterator[SerialLink]:
    """A link to the firmware with the example network, freshly reset."""
    with SerialLink(url, board.console.baud) as link:
        flash_image(link, link_image(example_model(WEIGHTS), board), board)
        yield link


@pytest.fixture
def runner(link: SerialLink) -> Runner:
    runner = Runner(link, inference_s=1.0)
    runner.synchronise(3.0)
    return runner


def ask_lines(runner: Runner, command: str, lines: int) -> list[str]:
    """Send any command and give its reply without `m-ready`."""
    return runner.ask(command, list, lines=lines)


def test_an_image_is_flashed_measured_and_computes(
    board: BoardType, source: CyclesSource, url: str, tmp_path: Path
) -> None:
    image = link_image(example_model(WEIGHTS), board)
    log = tmp_path / "serial.log"
    run = measure_image(image, board, url, SAMPLES, cycles_source=source, log=log)
    assert run.outputs == tuple((expected_output(WEIGHTS, sample),) for (sample,) in SAMPLES)
    measurement = run.measurement
    assert measurement.board == board.name
    assert len(bytes.fromhex(measurement.device)) in (8, 12)
    assert measurement.clock_hz == board.clock_hz
    assert measurement.cycles_source is source
    assert 0 < measurement.cycles_min <= measurement.cycles <= measurement.cycles_max
    assert 0 < measurement.stack_bytes < 2048
    assert [layer.name for layer in measurement.layers] == ["sum", "not"]
    assert MemorySetting("flash-wait-states", board.flash.wait_states) in measurement.memory_settings
    assert "b'identity%'" in log.read_text()


def test_a_chip_that_reads_its_flash_in_another_way_is_refused(
    board: BoardType, source: CyclesSource, url: str
) -> None:
    image = link_image(example_model(WEIGHTS), board)
    slower = replace(board, flash=replace(board.flash, wait_states=board.flash.wait_states + 1))
    says = rf"with {board.flash.wait_states} wait states, but {board.name} has {slower.flash.wait_states}"
    with pytest.raises(WrongSettingsError, match=says):
        measure_image(image, slower, url, (), cycles_source=source)


def test_cycles_are_repeatable_and_the_layers_add_up(board: BoardType, source: CyclesSource, url: str) -> None:
    image = link_image(example_model(WEIGHTS), board)
    runs = [measure_image(image, board, url, SAMPLES[:1], cycles_source=source).measurement for _ in range(2)]
    assert runs[0].cycles == pytest.approx(runs[1].cycles, rel=0.01)
    # `layers%` runs the network once: a core that caches and predicts branches has yet to learn it.
    assert sum(layer.cycles for layer in runs[0].layers) == pytest.approx(runs[0].cycles, rel=0.05, abs=400)
    assert runs[0].device == runs[1].device


def test_more_weights_take_more_cycles(board: BoardType, source: CyclesSource, url: str) -> None:
    small, large = (
        measure_image(link_image(example_model(bytes(count)), board), board, url, (), cycles_source=source)
        for count in (200, 400)
    )
    assert large.measurement.cycles == pytest.approx(2 * small.measurement.cycles, rel=0.1)


def test_the_image_that_was_flashed_last_is_told_from_another(
    board: BoardType, link: SerialLink, runner: Runner
) -> None:
    before = runner.identity().model_hash
    other = link_image(example_model(b"\x07" * 16), board)
    flash_image(link, other, board)
    runner.synchronise(3.0)
    assert before != other.model_hash == runner.identity().model_hash


def test_measuring_refuses_an_image_other_than_the_one_asked_for(
    board: BoardType, url: str, source: CyclesSource
) -> None:
    stale = link_image(example_model(b"\x09" * 16), board)

    def flash_stale(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
        return flash_image(link, stale, board, options)

    wanted = link_image(example_model(WEIGHTS), board)
    with pytest.raises(WrongImageError, match=stale.model_hash):
        measure_image(wanted, board, url, (), cycles_source=source, flasher=flash_stale)


def test_a_reset_in_between_is_survived_by_getting_in_step_again(
    board: BoardType, link: SerialLink, runner: Runner
) -> None:
    reset_into_firmware(link)
    runner.synchronise(3.0)
    assert runner.identity().board == board.name


def test_a_reopened_port_finds_the_firmware_again(board: BoardType, link: SerialLink, url: str) -> None:
    link.close()
    with SerialLink(url, board.console.baud) as reopened:
        reopened.use_even_parity(False)
        runner = Runner(reopened, inference_s=1.0)
        reset_into_firmware(reopened)
        runner.synchronise(3.0)
        assert runner.identity().board == board.name


def test_the_benchmark_s_own_commands_answer_as_its_runner_expects(board: BoardType, runner: Runner) -> None:
    sample = SAMPLES[0][0]
    model_hash = example_model(WEIGHTS).model_hash
    assert ask_lines(runner, "name", 1) == [f"m-name-dut-[{board.name}]"]
    assert ask_lines(runner, "profile", 2) == [
        "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
        f"m-model-[{model_hash}]",
    ]
    assert ask_lines(runner, f"db load {INPUT_BYTES}", 1) == [f"m-[Expecting {INPUT_BYTES} bytes]"]
    assert ask_lines(runner, f"db {sample[:10].hex()}", 1) == []
    assert ask_lines(runner, f"db {sample[10:].hex()}", 1) == ["m-load-done"]
    assert ask_lines(runner, "db print", 2) == ["m-buffer-" + sample[start : start + 8].hex("-") for start in (0, 8)]
    lines = ask_lines(runner, "infer 3 2", 9)
    assert lines[:3] == ["m-warmup-start-2", "m-warmup-done", "m-infer-start-3"]
    laps = [int(line.removeprefix("m-lap-us-")) for line in lines[3:5]]
    assert laps[0] < laps[1]
    assert lines[5] == "m-infer-done"
    stored = [byte - 256 if byte > 127 else byte for byte in expected_output(WEIGHTS, sample)]
    assert lines[6] == "m-results-[" + ",".join(f"{0.25 * (value + 3):.6f}" for value in stored) + "]"
    assert ask_lines(runner, "results", 1) == lines[6:]


def test_an_image_for_the_benchmark_s_runner_takes_uint8(board: BoardType, url: str) -> None:
    sample = SAMPLES[1][0]
    with SerialLink(url, board.console.baud) as link:
        flash_image(link, link_image(example_model(WEIGHTS), board, model_id="ic01"), board)
        runner = Runner(link, inference_s=1.0)
        runner.synchronise(3.0)
        assert ask_lines(runner, "profile", 2)[1] == "m-model-[ic01]"
        runner.load_input(0, bytes(byte ^ 0x80 for byte in sample))
        runner.run()
        assert runner.output(0, INPUT_BYTES) == expected_output(WEIGHTS, sample)


@pytest.mark.parametrize("command", ["nonsense", "db zz", "db 00", "db load 5", "output 1", "input 1", "bench x"])
def test_a_wrong_command_is_refused_and_the_next_one_works(runner: Runner, command: str) -> None:
    with pytest.raises(DeviceRefusedError):
        ask_lines(runner, command, 1)
    runner.synchronise(1.0)
    assert runner.identity().protocol == 1


def test_a_command_beyond_the_buffer_is_refused_whole(runner: Runner) -> None:
    runner.load_input(0, bytes(INPUT_BYTES))
    with pytest.raises(DeviceRefusedError, match="too long"):
        ask_lines(runner, "db " + "f" * 3000, 1)
    runner.synchronise(1.0)
    runner.run()
    assert runner.output(0, INPUT_BYTES) == expected_output(WEIGHTS, bytes(INPUT_BYTES))


def changed_network(statement: str) -> CompiledModel:
    """The example with one statement more in its first layer."""
    model = example_model(WEIGHTS)
    return replace(model, c_source=model.c_source.replace("for (unsigned w", f"{statement}\n    for (unsigned w"))


def test_the_stack_of_the_network_is_measured(board: BoardType, url: str, source: CyclesSource) -> None:
    models = (example_model(WEIGHTS), changed_network("volatile uint8_t deep[1000]; deep[0] = 1; (void)deep[0];"))
    shallow, deep = (
        measure_image(link_image(model, board), board, url, (), cycles_source=source).measurement.stack_bytes
        for model in models
    )
    assert 1000 - 16 <= deep - shallow <= 1000 + 32  # the two layers save different registers


def test_a_stray_access_is_reported_as_a_fault_with_its_place(board: BoardType, url: str, source: CyclesSource) -> None:
    model = changed_network("arena[i] = *(volatile uint8_t *)0x30000000;")
    image = link_image(model, board)
    with pytest.raises(DeviceFaultError) as raised:
        measure_image(image, board, url, (), cycles_source=source)
    place = re.search("pc=([0-9a-f]{8})", str(raised.value))
    assert place is not None
    program = image.segments[0]
    assert program.address <= int(place[1], 16) < program.address + len(program.data)


def test_a_stack_overflow_is_reported_as_a_fault(board: BoardType, url: str, source: CyclesSource) -> None:
    model = changed_network("volatile uint8_t deep[2048]; deep[0] = 1; (void)deep[0];")
    with pytest.raises(DeviceFaultError, match="fault"):
        measure_image(link_image(model, board), board, url, (), cycles_source=source)


def test_another_board_type_is_found_out(board: BoardType, url: str, source: CyclesSource) -> None:
    image = link_image(example_model(WEIGHTS), replace(board, name="another_board"))
    with pytest.raises(WrongBoardError, match="'another_board'"):
        measure_image(image, board, url, (), cycles_source=source)


def test_a_board_in_its_bootloader_is_silent_for_the_runner(board: BoardType, link: SerialLink) -> None:
    if board.flashing[0] == "serial-loader":
        ResidentLoader(link).synchronise(3.0)
    else:
        reset_into_bootloader(link)
    with pytest.raises(DeviceSilentError, match="sync"):
        Runner(link, inference_s=1.0).synchronise(0.7)
