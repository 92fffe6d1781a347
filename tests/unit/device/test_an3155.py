import pytest

from orchestrator.device import an3155, exchange
from orchestrator.device.an3155 import Bootloader
from orchestrator.domain.errors import DeviceRefusedError, DeviceSilentError, UnexpectedReplyError
from tests.unit.device.fake_board import FakeBoard


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LATENCY_S", 0.05)
    monkeypatch.setattr(an3155, "_SYNC_INTERVAL_S", 0.02)


@pytest.fixture
def board() -> FakeBoard:
    board = FakeBoard()
    board.runs_bootloader = True
    return board


@pytest.fixture
def bootloader(board: FakeBoard) -> Bootloader:
    bootloader = Bootloader(board)
    bootloader.synchronise(0.1)
    return bootloader


def test_frames_are_those_of_the_application_note() -> None:
    assert an3155.with_complement(0x31) == b"\x31\xce"
    assert an3155.address_frame(0x08000100) == bytes([0x08, 0x00, 0x01, 0x00, 0x09])
    assert an3155.erase_frame([1, 258]) == bytes([0, 1, 0, 1, 1, 2, 1 ^ 1 ^ 1 ^ 2])
    assert an3155.write_frame(bytes(8)) == bytes([7, *bytes(8), 7])


@pytest.mark.parametrize("count", [0, 4, 257, 264])
def test_a_write_of_a_wrong_length_is_rejected_before_anything_is_sent(count: int) -> None:
    with pytest.raises(ValueError, match="8 to 256 bytes"):
        an3155.write_frame(bytes(count))


def test_what_is_written_reads_back(bootloader: Bootloader) -> None:
    data = bytes(range(256))
    bootloader.erase([1])
    bootloader.write(0x08000800, data)
    assert bootloader.read(0x08000800, 256) == data


def test_the_product_id_and_the_version_are_understood(bootloader: Bootloader) -> None:
    assert bootloader.get_id() == 0x415
    info = bootloader.get()
    assert info.version == 0x31
    assert info.commands == {0x00, 0x02, 0x44}


def test_a_program_is_started_at_its_vector_table(board: FakeBoard, bootloader: Bootloader) -> None:
    bootloader.go(0x08000400)
    assert board.bootloader.started_at == 0x08000400


def test_a_bootloader_that_is_in_step_already_is_accepted(board: FakeBoard, bootloader: Bootloader) -> None:
    board.bootloader.feed(b"\x7f")  # an earlier start byte whose answer was late: half a command
    bootloader.synchronise(0.1)
    assert bootloader.get_id() == 0x415


def test_leftovers_of_the_firmware_are_not_taken_for_an_acknowledgement(board: FakeBoard) -> None:
    board.pending += b"m-ready\n" * 3
    Bootloader(board).synchronise(0.1)
    assert not board.pending


def test_a_mute_board_is_reported_as_silent(board: FakeBoard) -> None:
    board.is_mute = True
    with pytest.raises(DeviceSilentError, match=r"fake: no reply to the bootloader's start byte within 0\.1 s"):
        Bootloader(board).synchronise(0.1)


def test_a_board_that_falls_silent_later_is_reported_with_what_was_attempted(
    board: FakeBoard, bootloader: Bootloader
) -> None:
    board.is_mute = True
    with pytest.raises(DeviceSilentError, match="GET_ID"):
        bootloader.get_id()


def test_a_board_slower_than_its_deadline_is_reported_as_silent(board: FakeBoard, bootloader: Bootloader) -> None:
    board.late_s = 1.0
    with pytest.raises(DeviceSilentError):
        bootloader.get_id()


def test_an_address_outside_flash_is_refused(bootloader: Bootloader) -> None:
    with pytest.raises(DeviceRefusedError, match="0x20000000"):
        bootloader.read(0x20000000, 4)


def test_garbage_instead_of_an_acknowledgement_is_shown(board: FakeBoard, bootloader: Bootloader) -> None:
    board.pending += b"\x55"
    with pytest.raises(UnexpectedReplyError, match="b'U'"):
        bootloader.get_id()


def test_a_reply_cut_short_is_unexpected_not_silent(board: FakeBoard) -> None:
    board.is_mute = True
    board.pending += an3155.ACK + b"\x01\x04"
    with pytest.raises(UnexpectedReplyError, match="2 bytes"):
        Bootloader(board).get_id()
