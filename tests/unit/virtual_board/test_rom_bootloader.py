"""AN3155, byte by byte, against the bootloader of a board in this process."""

from functools import reduce
from operator import xor

import pytest

from orchestrator.virtual_board.serial_line import LineFormat
from tests.unit.virtual_board.firmware import ECHO_POLLED, FLASH_ORIGIN, Bench

ACK, NACK = b"\x79", b"\x1f"
ERASED_ADDRESS = FLASH_ORIGIN + 0x8000


@pytest.fixture
def bench() -> Bench:
    """A board whose bootloader has taken 0x7F."""
    bench = Bench(ECHO_POLLED)
    enter_bootloader(bench)
    assert bench.talk(b"\x7f") == ACK
    return bench


def enter_bootloader(bench: Bench) -> None:
    bench.line.host_format = LineFormat(115_200.0, "E")
    bench.line.rts = False
    bench.line.dtr = False
    bench.line.dtr = True


def with_checksum(data: bytes) -> bytes:
    return data + bytes([reduce(xor, data)])


def command(code: int) -> bytes:
    return bytes([code, code ^ 0xFF])


def address(value: int) -> bytes:
    return with_checksum(value.to_bytes(4, "big"))


def write(bench: Bench, at: int, data: bytes) -> bytes:
    answers = bench.talk(command(0x31)) + bench.talk(address(at))
    return answers + bench.talk(with_checksum(bytes([len(data) - 1]) + data))


def read(bench: Bench, at: int, count: int) -> bytes:
    answers = bench.talk(command(0x11)) + bench.talk(address(at)) + bench.talk(command(count - 1))
    assert answers[:3] == 3 * ACK
    return answers[3:]


def test_get_names_protocol_version_and_commands(bench: Bench) -> None:
    commands = bytes([0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44, 0x63, 0x73, 0x82, 0x92])
    assert bench.talk(command(0x00)) == ACK + bytes([11, 0x31]) + commands + ACK
    assert bench.talk(command(0x01)) == ACK + b"\x31\0\0" + ACK


def test_get_id_gives_the_product_and_its_version_byte_is_readable(bench: Bench) -> None:
    assert bench.talk(command(0x02)) == ACK + b"\x01\x04\x15" + ACK
    assert read(bench, 0x1FFF_6FFE, 1) == b"\x92"


@pytest.mark.parametrize("code", [0x63, 0x73, 0x82, 0x92, 0x43, 0x55])
def test_protection_and_unknown_commands_are_refused(bench: Bench, code: int) -> None:
    assert bench.talk(command(code)) == NACK


def test_a_wrong_complement_is_refused_and_the_next_command_works(bench: Bench) -> None:
    assert bench.talk(b"\x00\xfe") == NACK
    assert bench.talk(command(0x02))[:1] == ACK


def test_a_wrong_address_checksum_is_refused(bench: Bench) -> None:
    assert bench.talk(command(0x31)) == ACK
    assert bench.talk(address(ERASED_ADDRESS)[:4] + b"\x00") == NACK


@pytest.mark.parametrize("at", [0x0900_0000, 0x4002_1000, 0x2000_0000, ERASED_ADDRESS + 2])
def test_writing_where_nothing_may_be_written_is_refused(bench: Bench, at: int) -> None:
    assert bench.talk(command(0x31)) + bench.talk(address(at)) == ACK + NACK


def test_data_with_a_wrong_checksum_are_refused_and_not_written(bench: Bench) -> None:
    bench.talk(command(0x31) + address(ERASED_ADDRESS))
    assert bench.talk(b"\x07" + bytes(8) + b"\x06") == NACK
    assert read(bench, ERASED_ADDRESS, 8) == b"\xff" * 8


def test_what_was_written_is_read_back(bench: Bench) -> None:
    data = bytes(range(256))
    assert write(bench, ERASED_ADDRESS, data) == 3 * ACK
    assert read(bench, ERASED_ADDRESS, 256) == data
    assert write(bench, 0x2000_4000, data) == 3 * ACK
    assert read(bench, 0x2000_4000, 256) == data


def test_a_double_word_is_programmed_only_once_until_it_is_erased(bench: Bench) -> None:
    write(bench, ERASED_ADDRESS, b"\x0f" * 16)
    write(bench, ERASED_ADDRESS + 8, b"\x03" * 16)
    assert read(bench, ERASED_ADDRESS, 24) == b"\x0f" * 16 + b"\x03" * 8
    write(bench, ERASED_ADDRESS, bytes(8))
    assert read(bench, ERASED_ADDRESS, 16) == bytes(8) + b"\x0f" * 8


def test_erase_takes_just_the_pages_that_are_listed(bench: Bench) -> None:
    write(bench, ERASED_ADDRESS, bytes(8))
    write(bench, ERASED_ADDRESS + 2048, bytes(8))
    page = (ERASED_ADDRESS - FLASH_ORIGIN) // 2048
    assert bench.talk(command(0x44)) == ACK
    assert bench.talk(with_checksum(b"\0\0" + page.to_bytes(2, "big"))) == ACK
    assert read(bench, ERASED_ADDRESS, 8) == b"\xff" * 8
    assert read(bench, ERASED_ADDRESS + 2048, 8) == bytes(8)


def test_mass_erase_takes_everything_and_a_page_beyond_the_end_is_refused(bench: Bench) -> None:
    assert bench.talk(command(0x44)) + bench.talk(b"\xff\xff\x00") == 2 * ACK
    assert read(bench, FLASH_ORIGIN, 8) == b"\xff" * 8
    assert bench.talk(command(0x44)) + bench.talk(with_checksum(b"\0\0\x02\x00")) == ACK + NACK


def test_go_starts_the_program(bench: Bench) -> None:
    assert bench.talk(command(0x21)) + bench.talk(address(FLASH_ORIGIN)) == 2 * ACK
    bench.line.host_format = LineFormat(115_200.0, "N")
    assert bench.talk(b"hello") == b"hello"


def test_bytes_without_even_parity_are_not_understood() -> None:
    bench = Bench(ECHO_POLLED)
    enter_bootloader(bench)
    bench.line.host_format = LineFormat(115_200.0, "N")
    assert bench.talk(b"\x7f\x7f") == b""
    bench.line.host_format = LineFormat(57_600.0, "E")
    assert bench.talk(b"\x7f") == ACK
