"""What every flashing method has to pass; parametrised over the methods, each with the virtual board it is for."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from pyocd.probe import aggregator
from pyocd.target import TARGET

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device import measure
from orchestrator.device.flashing import FLASHERS, flash_image
from orchestrator.device.link import Link, SerialLink
from orchestrator.device.measure import measure_image
from orchestrator.device.reset import reset_into_firmware
from orchestrator.device.runner import Runner
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceSilentError, FlashFailedError, WornOutError, WrongBoardError
from orchestrator.domain.flash_options import FlashCommand, FlashOptions
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.domain.model import FirmwareImage
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.bench_probe import BenchProbe, bench_target
from tests.contract.example_model import INPUT_BYTES, example_model, expected_output
from tests.contract.loader_bench import LoaderBench

L476, L4R5 = load_board_type("nucleo_l476rg"), load_board_type("nucleo_l4r5zi")
SILENT_LIMIT_S = 15.0
SAMPLE = bytes(range(INPUT_BYTES))


class Unit(ABC):
    """A board that is flashed by one method."""

    def __init__(self, board: BoardType, options: FlashOptions) -> None:
        self.board = board
        self.options = options

    @abstractmethod
    def line(self) -> AbstractContextManager[Link]:
        """Give its console."""

    @abstractmethod
    def measure(self, image: FirmwareImage) -> DeviceRun:
        """Flash and measure as a sweep does."""

    def flash(self, image: FirmwareImage, board: BoardType | None = None, **changes: object) -> None:
        with self.line() as link:
            flash_image(link, image, board or self.board, replace(self.options, **changes))  # type: ignore[arg-type]

    def model_hash(self) -> str:
        with self.line() as link:
            link.use_even_parity(False)
            reset_into_firmware(link)
            runner = Runner(link, inference_s=1.0)
            runner.synchronise(3.0)
            return runner.identity().model_hash

    def image(self, filler: int) -> FirmwareImage:
        return link_image(example_model(bytes([filler]) * 64), self.board)


class ProcessUnit(Unit):
    def __init__(self, board: BoardType, options: FlashOptions, url: str) -> None:
        super().__init__(board, options)
        self.url = url

    def line(self) -> AbstractContextManager[Link]:
        return SerialLink(self.url, self.board.console.baud)

    def measure(self, image: FirmwareImage) -> DeviceRun:
        return measure_image(
            image, self.board, self.url, [(SAMPLE,)], cycles_source=CyclesSource.VIRTUAL, flash=self.options
        )


class BenchUnit(Unit):
    def __init__(self, board: BoardType, options: FlashOptions, bench: LoaderBench) -> None:
        super().__init__(board, options)
        self._bench = bench

    def line(self) -> AbstractContextManager[Link]:
        return nullcontext(self._bench)

    def measure(self, image: FirmwareImage) -> DeviceRun:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(measure, "SerialLink", lambda *_: self.line())
            return measure_image(
                image, self.board, "bench", [(SAMPLE,)], cycles_source=CyclesSource.VIRTUAL, flash=self.options
            )


@contextmanager
def by_rom_bootloader(fault: str | None) -> Iterator[Unit]:
    with start_virtual_board(L476, faults=faults_of(fault, L476)) as device:
        yield ProcessUnit(L476, FlashOptions(method="stm32-serial", bauds=(115_200,)), device.url)


@contextmanager
def by_resident_loader(fault: str | None) -> Iterator[Unit]:
    with start_virtual_board(L4R5, faults=faults_of(fault, L4R5)) as device:
        yield ProcessUnit(L4R5, FlashOptions(method="serial-loader"), device.url)


@contextmanager
def by_command(fault: str | None) -> Iterator[Unit]:
    """Debian's stm32flash over the pty; where the board is silent a program that has nothing against it."""
    with start_virtual_board(L476, faults=faults_of(fault, L476), pty=True) as device:
        assert device.pty is not None
        arguments = ("stm32flash", "-b", "115200", "-m", "8n1", "-w", "{bin}", "-v", "-S", "{address}", device.pty)
        command = FlashCommand(("true",) if fault == "silent" else arguments, timeout_s=60.0, needs_bootloader=True)
        yield ProcessUnit(L476, FlashOptions(method="command", command=command), device.url)


@contextmanager
def by_probe(fault: str | None) -> Iterator[Unit]:
    bench = LoaderBench(L4R5)
    bench.install(*(() if fault == "silent" else faults_of(fault, L4R5)))
    target = bench_target(bench)
    target.is_silent = fault == "silent"  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregator, "PROBE_CLASSES", {"bench": BenchProbe})
        patch.setattr(BenchProbe, "connected", ["one", "two"])
        patch.setitem(TARGET, L4R5.probe.pyocd_target, target)
        yield BenchUnit(L4R5, FlashOptions(method="pyocd", probe_id="two"), bench)


def faults_of(fault: str | None, board: BoardType) -> tuple[str, ...]:
    first_sector = board.sector_starts.index(board.application_offset_bytes)
    return {None: (), "silent": ("mute=1",), "worn": (f"flash-worn={first_sector}",)}[fault]


METHODS: dict[str, Callable[[str | None], AbstractContextManager[Unit]]] = {
    "stm32-serial": by_rom_bootloader,
    "serial-loader": by_resident_loader,
    "command": by_command,
    "pyocd": by_probe,
}


@pytest.fixture(scope="module", params=METHODS)
def unit(request: pytest.FixtureRequest) -> Iterator[Unit]:
    with METHODS[request.param](None) as unit:
        yield unit


def test_every_method_is_held_to_this_contract() -> None:
    assert set(METHODS) == set(FLASHERS)


def test_an_image_is_flashed_starts_answers_and_is_compared(unit: Unit) -> None:
    for filler in (1, 2):
        image = unit.image(filler)
        run = unit.measure(image)
        assert (run.model_hash, run.measurement.board) == (image.model_hash, unit.board.name)
        assert run.outputs == ((expected_output(bytes([filler]) * 64, SAMPLE),),)


def test_an_image_for_another_board_type_is_refused_and_the_old_one_still_runs(unit: Unit) -> None:
    old = unit.image(3)
    unit.flash(old)
    with pytest.raises(WrongBoardError, match="'another_board'"):
        unit.flash(replace(unit.image(4), board="another_board"))
    with pytest.raises(WrongBoardError):
        unit.flash(replace(unit.image(4), board="another_board"), replace(unit.board, name="another_board", **WRONG))
    assert unit.model_hash() == old.model_hash


# Another board type, whose chip says so: to the ROM bootloader by its product, to a probe by its id.
WRONG = {
    "rom_bootloader": None,
    "probe": replace(L4R5.probe, chip_id=replace(L4R5.probe.chip_id, value=0x421)),  # type: ignore[type-var]
}


def test_erasures_are_counted_for_the_chip_and_worn_flash_is_refused_before_it_is_erased(
    unit: Unit, tmp_path: Path
) -> None:
    device = unit.measure(unit.image(5)).measurement.device
    new = unit.image(6)
    worn = replace(unit.board, flash=replace(unit.board.flash, endurance_cycles=1))
    unit.flash(new, worn, wear_folder=tmp_path)
    (wear,) = WearStore(tmp_path).units()
    assert (wear.unit, wear.board, wear.worst_count) == (device, unit.board.name, 1)
    with pytest.raises(WornOutError, match="was erased 1 times, of 1 that it endures"):
        unit.flash(unit.image(7), worn, wear_folder=tmp_path)
    assert unit.model_hash() == new.model_hash


@pytest.mark.parametrize("method", METHODS)
def test_a_write_that_fails_is_reported_as_that(method: str) -> None:
    with METHODS[method]("worn") as unit, pytest.raises(FlashFailedError):
        unit.flash(unit.image(1))


@pytest.mark.parametrize("method", METHODS)
def test_a_board_that_says_nothing_is_reported_as_silent_in_time(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ATTEMPTS", 1)
    with METHODS[method]("silent") as unit:
        started = time.monotonic()
        with pytest.raises(DeviceSilentError):
            unit.measure(unit.image(1))
        assert time.monotonic() - started < SILENT_LIMIT_S
