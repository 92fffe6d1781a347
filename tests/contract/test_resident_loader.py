"""The resident loader as the chip runs it, and the host's side of it, on each family of UART and flash."""

import random
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.deadline import Deadline
from orchestrator.device.resident_loader import ResidentLoader
from orchestrator.device.resident_loader_messages import (
    Command,
    ReplyFinder,
    Status,
    commit_payload,
    crcs_payload,
    encode_frame,
    speed_payload,
    write_payload,
)
from orchestrator.domain.board_type import LOADER_BYTES, BoardType, MemoryKind
from orchestrator.domain.errors import (
    DeviceSilentError,
    FlashFailedError,
    UnexpectedReplyError,
    WrongBoardError,
    WrongImageError,
)
from orchestrator.domain.model import FirmwareImage, Segment
from orchestrator.toolchain.footprint import read_segments
from orchestrator.toolchain.link import link_image
from orchestrator.toolchain.loader_image import loader_image
from orchestrator.virtual_board import machine
from tests.contract.example_model import example_model
from tests.contract.loader_bench import LoaderBench, PowerLostError

BOARDS = {
    "nucleo_l4r5zi": load_board_type("nucleo_l4r5zi"),
    "nucleo_f446re": load_board_type("nucleo_f446re"),
    "nucleo_g071rb": load_board_type("nucleo_g071rb"),
    "nucleo_h743zi": load_board_type("nucleo_h743zi"),
    "nrf52840dk": load_board_type("nrf52840dk"),
    "nucleo_u575zi_q": load_board_type("nucleo_u575zi_q"),
    "nucleo_l476rg": replace(
        load_board_type("nucleo_l476rg"), flashing=("serial-loader",), application_offset_bytes=10 * 1024
    ),
}
MANY_RUNS_ARE_SLOW = {"nrf52840dk", "nucleo_u575zi_q"}
BANNER = b"m-init-done"
WEIGHTS_BYTES = 20_000


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> BoardType:
    return BOARDS[request.param]


@pytest.fixture
def bench(board: BoardType) -> Iterator[LoaderBench]:
    """A board on which nothing but the loader was ever installed; which must be there as ever at the end."""
    bench = LoaderBench(board)
    loader = bench.loader_bytes()
    yield bench
    assert bench.loader_bytes() == loader


def image_of(board: BoardType, filler: int) -> FirmwareImage:
    """Give an image that ends in `WEIGHTS_BYTES` of `filler`."""
    return link_image(example_model(bytes([filler]) * WEIGHTS_BYTES), board)


def content_of(image: FirmwareImage) -> bytes:
    """Give the image as it lies in flash from the application's start on."""
    start = image.segments[0].address
    content = bytearray()
    for segment in image.segments:
        content += b"\xff" * (segment.address - start - len(content)) + segment.data
    return bytes(content)


def synchronised(bench: LoaderBench) -> ResidentLoader:
    loader = ResidentLoader(bench)
    loader.synchronise(3.0)
    return loader


def ask_raw(bench: LoaderBench, command: int, payload: bytes) -> Status:
    """Send any frame and give the status of the reply."""
    bench.write(encode_frame(77, command, payload))  # type: ignore[arg-type]
    finder = ReplyFinder()
    while data := bench.read(4096, Deadline(1.0)):
        for reply in finder.feed(data):
            return Status(reply.status)
    raise AssertionError("no reply")


def test_the_loader_fits_into_its_part_of_the_flash(board: BoardType) -> None:
    segments = read_segments(loader_image(board).read_bytes())
    end = board.memory(MemoryKind.FLASH).origin + LOADER_BYTES
    assert all(segment.address + len(segment.data) <= end for segment in segments)
    assert sum(len(segment.data) for segment in segments) <= LOADER_BYTES


def test_an_image_is_flashed_and_runs_at_the_end_of_the_window_after_every_reset(
    bench: LoaderBench, board: BoardType
) -> None:
    image = image_of(board, 1)
    bench.flash(image)
    assert bench.model_hash() == image.model_hash
    assert bench.application_bytes(len(content_of(image))) == content_of(image)
    bench.machine.reset()
    assert BANNER not in bench.run_s(0.1)
    assert BANNER in bench.run_s(0.2)


def test_only_what_changed_is_erased(bench: LoaderBench, board: BoardType) -> None:
    bench.flash(image_of(board, 1))
    bench.flash(image_of(board, 1))
    assert bench.erased_pages == []
    image = image_of(board, 1)
    last = image.segments[-1]
    changed = Segment(last.address, last.data[:-1] + bytes([last.data[-1] ^ 0xFF]))
    bench.flash(replace(image, segments=(*image.segments[:-1], changed)))
    flash = bench.machine.flash
    record = flash.page_of(board.application_flash.origin) - 1
    assert bench.erased_pages == [record, flash.page_of(last.address + len(last.data) - 1)]


def test_a_kit_without_a_reset_line_is_flashed_through_the_command_of_its_firmware(
    bench: LoaderBench, board: BoardType
) -> None:
    bench.flash(image_of(board, 1))
    bench.reset_is_wired = False
    other = image_of(board, 2)
    bench.flash(other)
    assert bench.model_hash() == other.model_hash


def test_a_line_that_carries_the_console_s_speed_only_is_used_at_that(bench: LoaderBench, board: BoardType) -> None:
    bench.carries_only = board.console.baud
    image = image_of(board, 1)
    bench.flash(image)
    assert bench.model_hash() == image.model_hash


def test_a_host_that_left_at_another_speed_is_forgotten_after_a_while(bench: LoaderBench, board: BoardType) -> None:
    synchronised(bench).change_speed(921_600)
    bench.use_baud(board.console.baud)
    bench.run_s(5.5)
    synchronised(bench)


def test_a_host_that_comes_back_at_the_console_s_speed_is_heard_soon(bench: LoaderBench, board: BoardType) -> None:
    synchronised(bench).change_speed(921_600)
    bench.use_baud(board.console.baud)
    synchronised(bench)


@pytest.mark.parametrize("damage", ["bit", "length", "lost byte"])
def test_a_damaged_page_is_refused_and_sent_again(bench: LoaderBench, board: BoardType, damage: str) -> None:
    seen: list[bytes] = []

    def tamper(data: bytes) -> bytes:
        is_first_page = data[2:3] == bytes([Command.WRITE]) and not seen
        if not is_first_page:
            return data
        seen.append(data)
        at = {"bit": 700, "length": 3, "lost byte": 700}[damage]
        middle = b"" if damage == "lost byte" else bytes([data[at] ^ 1])
        return data[:at] + middle + data[at + 1 :]

    bench.tamper = tamper
    image = image_of(board, 1)
    bench.flash(image)
    assert seen
    assert bench.model_hash() == image.model_hash


def test_a_line_that_damages_every_page_is_given_up(bench: LoaderBench, board: BoardType) -> None:
    bench.tamper = lambda data: data[:700] + bytes([data[700] ^ 1]) + data[701:] if len(data) > 700 else data
    with pytest.raises(UnexpectedReplyError, match="writing page 0"):
        bench.flash(image_of(board, 1))


def test_an_image_for_another_board_type_is_refused_by_host_and_loader(bench: LoaderBench, board: BoardType) -> None:
    foreign = replace(image_of(board, 1), board="another_board")
    with pytest.raises(WrongBoardError, match="'another_board'"):
        bench.flash(foreign)
    with pytest.raises(WrongBoardError, match="WRONG_BOARD"):
        synchronised(bench).begin("another_board")
    assert ask_raw(bench, Command.WRITE, write_payload(0, bytes(8))) is Status.NOT_BEGUN
    assert bench.erased_pages == []


def test_an_image_linked_to_the_start_of_flash_is_refused(bench: LoaderBench, board: BoardType) -> None:
    with pytest.raises(WrongImageError, match=f"{board.memory(MemoryKind.FLASH).origin:#x}"):
        bench.flash(link_image(example_model(), replace(board, application_offset_bytes=0)))
    assert bench.erased_pages == []


def test_nothing_outside_of_the_application_is_written_or_read(bench: LoaderBench, board: BoardType) -> None:
    loader = synchronised(bench)
    loader.begin(board.name)
    pages = board.application_flash.size_bytes // board.flash.page_bytes
    to_the_loader = 2**32 // board.flash.page_bytes - 1  # times the page size: one page below the application
    for page in (pages, pages + 1, to_the_loader, 2**32 - 1, 2**31):
        assert ask_raw(bench, Command.WRITE, write_payload(page, bytes(8))) is Status.OUT_OF_RANGE
        assert ask_raw(bench, Command.CRCS, crcs_payload(page, 1)) is Status.OUT_OF_RANGE
        assert ask_raw(bench, Command.COMMIT, commit_payload(page + 1 & 2**32 - 1, 0)) is Status.OUT_OF_RANGE
    too_long = struct.pack("<2I", 0, 0) + bytes(board.flash.page_bytes + 8)
    assert ask_raw(bench, Command.WRITE, too_long) is Status.BAD_FRAME
    assert bench.erased_pages == []


@pytest.mark.parametrize(
    ("command", "payload", "status"),
    [
        (99, b"", Status.BAD_COMMAND),
        (Command.HELLO, b"x", Status.BAD_COMMAND),
        (Command.CRCS, bytes(4), Status.BAD_COMMAND),
        (Command.CRCS, crcs_payload(0, 257), Status.OUT_OF_RANGE),
        (Command.SPEED, speed_payload(0), Status.OUT_OF_RANGE),
        (Command.SPEED, speed_payload(100_000_000), Status.OUT_OF_RANGE),
        (Command.START, b"", Status.NO_APPLICATION),
    ],
)
def test_a_senseless_command_is_refused_and_the_next_one_works(
    bench: LoaderBench, command: int, payload: bytes, status: Status
) -> None:
    synchronised(bench)
    assert ask_raw(bench, command, payload) is status
    synchronised(bench)


def test_a_flash_that_does_not_take_a_page_is_reported_and_nothing_is_started(
    bench: LoaderBench, board: BoardType
) -> None:
    first_page = board.sector_starts.index(board.application_offset_bytes)
    bench.install(f"flash-worn={first_page}")
    with pytest.raises(FlashFailedError, match="writing page 0"):
        bench.flash(image_of(board, 1))
    bench.power_cycle()
    assert BANNER not in bench.run_s(0.5)


def flash_until(bench: LoaderBench, image: FirmwareImage, cycles: int) -> None:
    """Flash, and lose power after so many cycles."""
    bench.power_fails_at = bench.machine.clock.now() + cycles
    with suppress(PowerLostError):
        bench.flash(image)
    bench.power_cycle()


@pytest.mark.parametrize(
    "board",
    [pytest.param(name, marks=pytest.mark.slow if name in MANY_RUNS_ARE_SLOW else ()) for name in BOARDS],
    indirect=True,
)
def test_power_may_fail_at_any_time(bench: LoaderBench, board: BoardType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SLICE_CYCLES", 2000)
    old, new = image_of(board, 1), image_of(board, 2)
    bench.flash(old)
    began_at = bench.machine.clock.now()
    bench.flash(new)
    duration = bench.machine.clock.now() - began_at
    contents = {image.model_hash: content_of(image) for image in (old, new)}
    draw = random.Random(5)
    stayed = 0
    for target in (old, new) * 6:
        flash_until(bench, target, round(draw.uniform(0.02, 1.0) * duration))
        if BANNER in bench.run_s(0.4):  # then it must be all of one or all of the other
            running = bench.model_hash()
            assert bench.application_bytes(len(contents[running])) == contents[running]
        else:
            stayed += 1
            synchronised(bench)
    assert stayed >= 3
    bench.flash(old)
    assert bench.model_hash() == old.model_hash


def test_a_board_without_a_loader_is_silent(board: BoardType) -> None:
    bench = LoaderBench(board)
    bench.machine.cpu.program(board.memory(MemoryKind.FLASH).origin, b"\xff" * LOADER_BYTES)
    bench.machine.reset()
    with pytest.raises(DeviceSilentError, match="resident loader"):
        ResidentLoader(bench).synchronise(0.3)
