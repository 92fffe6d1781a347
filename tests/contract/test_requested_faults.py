"""Flashing and measuring a board that misbehaves: the right figures, or an error that names cause and device.

Every fault of docs/virtual_board.md is met here, never a hang and never a wrong figure.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device import exchange, measure, resident_loader_flashing, stm32_serial
from orchestrator.device.link import SerialLink
from orchestrator.device.measure import measure_image
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    PortMissingError,
    UnexpectedReplyError,
)
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import VirtualBoardProcess, start_virtual_board
from orchestrator.virtual_board.requested_faults.catalogue import KINDS
from tests.contract.example_model import INPUT_BYTES, example_model

DEVICE_ID = "00112233445566778899aabb"
SAMPLES = [(bytes(range(at, at + INPUT_BYTES)),) for at in (0, 100)]
LIMIT_S = 40.0
"""With the short waits below, every case must have ended by then, one way or the other."""


Outcome = Callable[..., DeviceRun | DeviceError]
slow = pytest.mark.slow


@dataclass(frozen=True)
class Undisturbed:
    """What a sound board gives, and how many bytes cross its line on the way."""

    run: DeviceRun
    bytes_to_board: int
    bytes_to_host: int


@pytest.fixture(scope="module", params=["nucleo_l476rg", "nucleo_l4r5zi"])
def board(request: pytest.FixtureRequest) -> BoardType:
    return load_board_type(request.param)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LATENCY_S", 0.5)
    monkeypatch.setattr(stm32_serial, "_SYNC_LIMIT_S", 0.4)
    monkeypatch.setattr(measure, "_BOOT_LIMIT_S", 1.5)
    monkeypatch.setattr(resident_loader_flashing, "_ENTRY_LIMIT_S", 1.5)


def measured(device: VirtualBoardProcess, board: BoardType, log: Path | None = None) -> DeviceRun:
    image = link_image(example_model(), board)
    return measure_image(image, board, device.url, SAMPLES, cycles_source=CyclesSource.VIRTUAL, log=log)


def traffic(log: Path, direction: str) -> int:
    lines = (line.split(maxsplit=2) for line in log.read_text().splitlines())
    return sum(len(eval(text)) for _, way, text in lines if way == direction)


@pytest.fixture(scope="module")
def undisturbed(board: BoardType, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    log = tmp_path_factory.mktemp("undisturbed") / "serial.log"
    with start_virtual_board(board, device_id=DEVICE_ID) as device:
        run = measured(device, board, log)
    return Undisturbed(run, traffic(log, ">"), traffic(log, "<"))


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < LIMIT_S


@pytest.fixture
def outcome(board: BoardType, tmp_path: Path) -> Outcome:
    """Flash and measure under faults, which must strike; an error must name the board's port."""
    log = tmp_path / "board.log"

    def met(*faults: str, seed: int = 0) -> DeviceRun | DeviceError:
        with start_virtual_board(board, device_id=DEVICE_ID, faults=faults, fault_seed=seed, log=log) as device:
            url = device.url
            try:
                return measured(device, board)
            except DeviceError as error:
                assert str(error).startswith(url)
                return error
            finally:
                assert "fault on request" in log.read_text()

    return met


@pytest.mark.parametrize("where", [pytest.param(0.01, marks=slow), 0.5, pytest.param(0.97, marks=slow)])
@pytest.mark.parametrize("direction", ["to-board", "to-host"])
@pytest.mark.parametrize("kind", ["flip", "lose", "duplicate", "late"])
def test_one_disturbed_byte_is_met_by_a_fresh_start_wherever_it_is(
    outcome: Outcome, undisturbed: Undisturbed, kind: str, direction: str, where: float
) -> None:
    count = undisturbed.bytes_to_board if direction == "to-board" else undisturbed.bytes_to_host
    assert outcome(f"{kind}={round(where * count)}@{direction}") == undisturbed.run


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=slow) for seed in (1, 2, 3))])
def test_a_noisy_line_gives_the_right_figures_or_an_error(
    outcome: Outcome, undisturbed: Undisturbed, seed: int
) -> None:
    met = outcome("flip=0.0002", "lose=0.00005", "duplicate=0.00005", seed=seed)
    assert met == undisturbed.run or isinstance(met, measure.RETRIED)


def test_a_line_on_which_every_byte_is_damaged_is_an_error(outcome: Outcome) -> None:
    met = outcome("flip=1+")
    assert isinstance(met, DeviceSilentError | UnexpectedReplyError | DeviceRefusedError)


@pytest.mark.parametrize("where", [pytest.param(0.0, marks=slow), pytest.param(0.5, marks=slow), 0.97])
def test_a_board_that_falls_mute_is_silent(outcome: Outcome, undisturbed: Undisturbed, where: float) -> None:
    met = outcome(f"mute={1 + round(where * undisturbed.bytes_to_host)}")
    assert isinstance(met, DeviceSilentError)
    assert "no reply to" in str(met)


@pytest.mark.parametrize("fault", ["noise=40", "boot=1", "boot=2", "reset=1", "reset=3", "hang=2", "flash-write=5"])
def test_what_happens_once_is_met_by_a_fresh_start(outcome: Outcome, undisturbed: Undisturbed, fault: str) -> None:
    assert outcome(fault) == undisturbed.run


@pytest.mark.parametrize("fault", ["boot=1+", "hang=1+"])
def test_a_board_that_never_boots_or_always_hangs_is_silent(outcome: Outcome, fault: str) -> None:
    assert isinstance(outcome(fault), DeviceSilentError)


def test_a_board_that_resets_in_every_inference_is_an_error(outcome: Outcome) -> None:
    assert isinstance(outcome("reset=1+"), DeviceSilentError | UnexpectedReplyError)


def test_a_worn_page_fails_the_verification(board: BoardType, outcome: Outcome) -> None:
    first_page = board.application_offset_bytes // board.flash.page_bytes
    met = outcome(f"flash-worn={first_page}")
    assert isinstance(met, FlashFailedError)
    assert "worn out" in str(met)


def test_flash_that_takes_nothing_right_fails_the_verification(outcome: Outcome) -> None:
    assert isinstance(outcome("flash-write=1+"), FlashFailedError)


@pytest.mark.parametrize("where", [pytest.param(0.01, marks=slow), pytest.param(0.5, marks=slow), 0.97])
def test_a_port_that_vanishes_is_missing_until_it_is_back(
    board: BoardType, undisturbed: Undisturbed, where: float
) -> None:
    fault = f"vanish={round(where * undisturbed.bytes_to_host)}:0.3"
    with start_virtual_board(board, device_id=DEVICE_ID, faults=(fault,)) as device:
        before = device.url
        with pytest.raises(PortMissingError, match=f"^{before}: the port went away"):
            measured(device, board)
        with pytest.raises(PortMissingError, match=f"^{before}: cannot open the port"):
            SerialLink(before, board.console.baud)
        while device.url == before:
            time.sleep(0.02)
        assert measured(device, board) == undisturbed.run


def test_every_kind_of_fault_is_met_here() -> None:
    text = Path(__file__).read_text()
    assert [kind for kind in KINDS if f'"{kind}' not in text] == []
