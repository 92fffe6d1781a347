import pytest

from orchestrator.device import exchange, runner
from orchestrator.device.resident_loader import ResidentLoader
from orchestrator.device.runner import Runner
from orchestrator.domain.errors import (
    DeviceFaultError,
    DeviceRefusedError,
    DeviceSilentError,
    UnexpectedReplyError,
)
from tests.unit.device.fake_board import FakeBoard, FakeFirmware

SAMPLE = bytes(i & 0xFF for i in range(300))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LATENCY_S", 0.05)
    monkeypatch.setattr(runner, "_SYNC_INTERVAL_S", 0.03)


@pytest.fixture
def board() -> FakeBoard:
    board = FakeBoard()
    board.is_parity_even = False
    return board


@pytest.fixture
def session(board: FakeBoard) -> Runner:
    return Runner(board, inference_s=0.05)


@pytest.mark.parametrize("stale", [b"", b"m-ready\n", FakeFirmware.BANNER, FakeFirmware.BANNER * 2 + b"m-re", b"\xff"])
def test_whatever_was_on_the_line_before_the_session_gets_in_step(
    board: FakeBoard, session: Runner, stale: bytes
) -> None:
    board.pending += stale
    session.synchronise(0.5)
    assert session.identity().model_hash == board.firmware.model_hash


def test_half_a_command_of_an_earlier_session_does_no_harm(board: FakeBoard, session: Runner) -> None:
    board.firmware.feed(b"db 001")
    session.synchronise(0.5)
    assert session.identity().device == "0a0b"


def test_a_silent_board_is_reported_with_the_port(board: FakeBoard, session: Runner) -> None:
    board.is_mute = True
    with pytest.raises(DeviceSilentError, match=r"^fake: no reply to 'sync%'"):
        session.synchronise(0.1)
    with pytest.raises(DeviceSilentError, match="'identity'"):
        session.identity()


def test_an_input_is_loaded_checked_and_computed(board: FakeBoard, session: Runner) -> None:
    session.load_input(0, SAMPLE)
    assert session.run() == 100
    assert session.output(0, 300) == bytes(byte ^ 0xFF for byte in SAMPLE)


def test_an_input_that_the_board_holds_already_is_not_sent_again(board: FakeBoard, session: Runner) -> None:
    session.load_input(0, SAMPLE)
    session.load_input(0, SAMPLE)
    assert board.firmware.loads == 1


def test_an_input_that_arrives_damaged_is_noticed(board: FakeBoard, session: Runner) -> None:
    board.firmware.drops_a_bit = True
    with pytest.raises(UnexpectedReplyError, match="CRC"):
        session.load_input(0, SAMPLE)


def test_warm_ups_do_not_count(session: Runner) -> None:
    assert session.bench(3, 2) == (100, 101, 102)


def test_an_error_line_is_a_refusal(board: FakeBoard, session: Runner) -> None:
    board.firmware.canned["run"] = "e-[Bad arguments: run]\n"
    with pytest.raises(DeviceRefusedError, match="Bad arguments"):
        session.run()


def test_a_fault_is_told_from_a_refusal(board: FakeBoard, session: Runner) -> None:
    board.firmware.canned["run"] = "\ne-[fault pc=08000100 lr=0 cfsr=1]\n"
    with pytest.raises(DeviceFaultError, match="pc=08000100"):
        session.run()


@pytest.mark.parametrize("reply", ["m-stack-[1]\n", "m-stack-[x]\nm-b-[2]\nm-c-[3]\n", "a\n" * 9])
def test_a_reply_of_another_form_is_unexpected(board: FakeBoard, session: Runner, reply: str) -> None:
    board.firmware.canned["memory"] = reply
    with pytest.raises(UnexpectedReplyError, match="'memory'"):
        session.memory()


@pytest.mark.parametrize("command", ["identity", "run", "bench 1 0", "output 0", "layers", "memory", "check"])
def test_a_figure_with_one_wrong_bit_is_never_taken(board: FakeBoard, session: Runner, command: str) -> None:
    board.firmware.flips_a_bit_of = command
    with pytest.raises(UnexpectedReplyError):
        session.identity()
        session.run()
        session.bench(1, 0)
        session.output(0, 300)
        session.layers(2)
        session.memory()


def test_a_line_that_babbles_without_end_is_given_up(board: FakeBoard, session: Runner) -> None:
    board.is_mute = True
    board.babble = b"x"
    with pytest.raises(UnexpectedReplyError, match="a whole line"):
        session.run()
    with pytest.raises(DeviceSilentError, match="sync"):
        session.synchronise(0.2)
    with pytest.raises(DeviceSilentError, match="resident loader"):
        ResidentLoader(board).synchronise(0.2)


def test_an_output_of_another_size_is_unexpected(board: FakeBoard, session: Runner) -> None:
    with pytest.raises(UnexpectedReplyError, match="300 bytes"):
        session.output(0, 10)


def test_a_line_that_does_not_end_is_unexpected_not_silent(board: FakeBoard, session: Runner) -> None:
    board.is_mute = True
    board.pending += b"m-cyc"
    with pytest.raises(UnexpectedReplyError, match="m-cyc"):
        session.run()
