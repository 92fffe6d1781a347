from dataclasses import replace

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device import exchange, flashing
from orchestrator.device.flashing import flash_image, pages_of, program_blocks
from orchestrator.domain.errors import (
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    InputError,
    WrongBoardError,
)
from orchestrator.domain.model import FirmwareImage, Footprint, Segment
from tests.unit.device.fake_board import FLASH_ORIGIN, FakeBoard

BOARD = load_board_type("nucleo_l476rg")
DATA = bytes(i * 7 & 0xFF for i in range(5000))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LATENCY_S", 0.05)
    monkeypatch.setattr(flashing, "_SYNC_LIMIT_S", 0.05)


def image_of(*segments: Segment) -> FirmwareImage:
    footprint = Footprint(0, 0, 0, 0, 0, ())
    return FirmwareImage(BOARD.name, "00112233aabbccdd", b"", segments, footprint, (), (), ())


IMAGE = image_of(Segment(FLASH_ORIGIN, DATA))


def test_the_image_is_in_flash_and_the_firmware_runs() -> None:
    board = FakeBoard()
    flash_image(board, IMAGE, BOARD)
    assert board.bootloader.flash[: len(DATA)] == DATA
    assert not board.runs_bootloader
    assert not board.is_parity_even


def test_only_the_pages_that_the_image_needs_are_erased() -> None:
    board = FakeBoard()
    flash_image(board, IMAGE, BOARD)
    assert board.bootloader.erased_pages == [0, 1, 2]


def test_blocks_fill_gaps_so_that_no_double_word_is_written_twice() -> None:
    blocks = program_blocks([Segment(0x100, b"\x01" * 3), Segment(0x104, b"\x02" * 2), Segment(0x3F8, b"\x03")])
    assert blocks == [
        Segment(0x100, b"\x01\x01\x01\xff\x02\x02\xff\xff"),
        Segment(0x300, b"\xff" * 0xF8 + b"\x03" + b"\xff" * 7),
    ]


def test_pages_are_counted_from_the_start_of_flash() -> None:
    assert pages_of([Segment(FLASH_ORIGIN + 2040, bytes(16)), Segment(FLASH_ORIGIN + 8192, bytes(8))], BOARD) == [
        0,
        1,
        4,
    ]


def test_a_first_connection_that_stays_silent_is_tried_again() -> None:
    board = FakeBoard()
    board.mute_resets = 1
    flash_image(board, IMAGE, BOARD)
    assert board.bootloader.flash[: len(DATA)] == DATA


def test_a_board_that_stays_silent_is_reported_as_silent() -> None:
    board = FakeBoard()
    board.mute_resets = 10
    with pytest.raises(DeviceSilentError):
        flash_image(board, IMAGE, BOARD)


def test_another_chip_is_found_out_before_anything_is_erased() -> None:
    board = FakeBoard()
    board.bootloader.product_id = 0x421
    with pytest.raises(WrongBoardError, match="0x421"):
        flash_image(board, IMAGE, BOARD)
    assert not board.bootloader.erased_pages


def test_worn_flash_fails_the_verification_with_the_address() -> None:
    board = FakeBoard()
    board.bootloader.stuck_bit_at = 0x123  # DATA is odd there
    with pytest.raises(FlashFailedError, match="0x8000123"):
        flash_image(board, IMAGE, BOARD)


def test_a_protected_chip_refuses() -> None:
    board = FakeBoard()
    board.bootloader.refuses_reads = True
    with pytest.raises(DeviceRefusedError, match="read-protected"):
        flash_image(board, IMAGE, BOARD)


def test_a_board_type_without_a_known_method_is_rejected() -> None:
    with pytest.raises(InputError, match="known: stm32-serial"):
        flash_image(FakeBoard(), IMAGE, replace(BOARD, flashing=("by-pigeon",)))
