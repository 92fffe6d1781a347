from dataclasses import replace

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device import an3155, exchange, stm32_serial
from orchestrator.device.blocks import pages_of, program_blocks
from orchestrator.device.flashing import flash_image
from orchestrator.domain.errors import (
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    InputError,
    WrongBoardError,
)
from orchestrator.domain.flash_options import ControlLine, FlashOptions, ModemLine, ResetWiring
from orchestrator.domain.model import FirmwareImage, Footprint, Segment
from tests.unit.device.fake_board import FLASH_ORIGIN, PAGE_BYTES, FakeBoard

BOARD = load_board_type("nucleo_l476rg")
DATA = bytes(i * 7 & 0xFF for i in range(5000))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LATENCY_S", 0.05)
    monkeypatch.setattr(stm32_serial, "_SYNC_LIMIT_S", 0.05)


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


def test_blocks_fill_gaps_so_that_no_unit_of_flash_is_written_twice() -> None:
    blocks = program_blocks([Segment(0x100, b"\x01" * 3), Segment(0x104, b"\x02" * 2), Segment(0x3F8, b"\x03")])
    assert blocks == [
        Segment(0x100, b"\x01\x01\x01\xff\x02\x02" + b"\xff" * 26),
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


def test_pages_are_erased_in_portions_each_with_its_own_deadline() -> None:
    board = FakeBoard()
    flash_image(board, image_of(Segment(FLASH_ORIGIN, bytes(130 * PAGE_BYTES))), BOARD)
    assert board.bootloader.erase_requests == 3
    assert board.bootloader.erased_pages == [*range(130)]


def test_an_erasure_may_take_what_the_board_type_s_data_sheet_says(monkeypatch: pytest.MonkeyPatch) -> None:
    board = FakeBoard()
    allowed: list[float] = []
    monkeypatch.setattr(an3155, "allowed_s", lambda link, count, work_s: allowed.append(work_s) or 1.0)
    slow = replace(BOARD, flash=replace(BOARD.flash, erase_s=2.0))
    flash_image(board, IMAGE, slow)
    assert max(allowed) == 3 * 2.0


def test_an_older_bootloader_erases_by_the_plain_command() -> None:
    board = FakeBoard()
    board.bootloader.erase_command = 0x43
    flash_image(board, IMAGE, BOARD)
    assert board.bootloader.erased_pages == [0, 1, 2]
    assert board.bootloader.flash[: len(DATA)] == DATA


def test_the_plain_command_does_not_reach_beyond_page_255() -> None:
    with pytest.raises(ValueError, match="but got 256"):
        an3155.plain_erase_frame([3, 256])


def test_a_bootloader_that_does_not_answer_is_called_more_slowly() -> None:
    board = FakeBoard()
    board.bootloader_bauds = {57600}
    flash_image(board, IMAGE, BOARD, FlashOptions(bauds=(460_800, 115_200, 57_600, 9_600)))
    assert board.bauds_used == [460_800, 460_800, 115_200, 57_600, BOARD.console.baud]
    assert board.bootloader.flash[: len(DATA)] == DATA


def test_a_write_protection_is_found_by_reading_back_and_stays() -> None:
    board = FakeBoard()
    board.bootloader.is_write_protected = True
    with pytest.raises(FlashFailedError, match="remove_write_protection"):
        flash_image(board, IMAGE, BOARD)
    assert board.bootloader.unprotected == 0


def test_a_write_protection_is_removed_on_request_and_only_where_there_is_one() -> None:
    options = FlashOptions(remove_write_protection=True)
    board = FakeBoard()
    flash_image(board, IMAGE, BOARD, options)
    assert board.bootloader.unprotected == 0
    board.bootloader.is_write_protected = True
    flash_image(board, image_of(Segment(FLASH_ORIGIN, DATA[::-1])), BOARD, options)
    assert board.bootloader.unprotected == 1
    assert board.bootloader.flash[: len(DATA)] == DATA[::-1]


@pytest.mark.parametrize("reset_line", ModemLine)
@pytest.mark.parametrize("reset_asserted", [True, False])
@pytest.mark.parametrize("boot0_asserted", [True, False])
def test_either_line_may_drive_either_pin_inverted_or_not(
    reset_line: ModemLine, reset_asserted: bool, boot0_asserted: bool
) -> None:
    (boot0_line,) = set(ModemLine) - {reset_line}
    board = FakeBoard()
    board.wiring = ResetWiring(ControlLine(reset_line, reset_asserted), ControlLine(boot0_line, boot0_asserted))
    flash_image(board, IMAGE, BOARD, FlashOptions(wiring=board.wiring))
    assert board.bootloader.flash[: len(DATA)] == DATA
    assert not board.runs_bootloader


def test_without_a_reset_line_the_user_is_told_what_to_do() -> None:
    with pytest.raises(DeviceSilentError, match="hold BOOT0 high, press reset"):
        flash_image(FakeBoard(), IMAGE, BOARD, FlashOptions(wiring=ResetWiring(None, None)))


def test_without_a_reset_line_a_bootloader_that_was_started_by_hand_starts_the_firmware() -> None:
    board = FakeBoard()
    board.runs_bootloader = True
    flash_image(board, IMAGE, BOARD, FlashOptions(wiring=ResetWiring(None, None)))
    assert board.bootloader.flash[: len(DATA)] == DATA
    assert board.bootloader.started_at == FLASH_ORIGIN


def test_a_method_that_the_board_type_does_not_have_is_rejected() -> None:
    with pytest.raises(InputError, match="no flashing method 'serial-loader'; its own: stm32-serial, pyocd, command"):
        flash_image(FakeBoard(), IMAGE, BOARD, FlashOptions(method="serial-loader"))


def test_a_board_type_without_a_known_method_is_rejected() -> None:
    with pytest.raises(InputError, match="known: stm32-serial"):
        flash_image(FakeBoard(), IMAGE, replace(BOARD, flashing=("by-pigeon",)))
