"""Screening spares the flash: pages that hold nothing but weights may keep those of an earlier network."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.measure import measure_image
from orchestrator.device.resident_loader_flashing import plan_pages
from orchestrator.device.runner import Runner
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.model import FirmwareImage
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.example_model import INPUT_BYTES, example_model, expected_output
from tests.contract.loader_bench import LoaderBench

BOARDS = {name: load_board_type(name) for name in ("nucleo_l4r5zi", "nucleo_f446re")}
SAMPLE = (bytes(range(INPUT_BYTES)),)


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> BoardType:
    return BOARDS[request.param]


def image_of(board: BoardType, filler: int, count: int = 20_000) -> FirmwareImage:
    return link_image(example_model(bytes([filler]) * count), board)


def weights_pages(image: FirmwareImage, board: BoardType) -> set[int]:
    """Number the flash's sectors that hold nothing but weights, by asking for each whether all of it is weights."""
    origin = board.memories[0].origin
    starts = board.sector_starts
    return {
        number
        for number, (start, end) in enumerate(pairwise(starts))
        if image.weights_addresses.start <= origin + start and origin + end <= image.weights_addresses.stop
    }


def test_the_image_knows_where_its_weights_lie(board: BoardType) -> None:
    image = image_of(board, 0x5A)
    (segment,) = (
        s for s in image.segments if image.weights_addresses.start in range(s.address, s.address + len(s.data))
    )
    first = image.weights_addresses.start - segment.address
    assert segment.data[first : first + len(image.weights_addresses)] == b"\x5a" * 20_000
    assert b"\x5a" * 20 not in segment.data[:first] + segment.data[first + 20_000 :]


def test_weights_stay_stale_and_all_else_is_written(board: BoardType) -> None:
    bench = LoaderBench(board)
    old, new = image_of(board, 1), image_of(board, 2)
    bench.flash(old)
    flashed = bench.flash(new, FlashOptions(keep_stale_weights=True))
    assert weights_pages(new, board).isdisjoint(bench.erased_pages)
    if not board.flash.sectors_bytes:
        assert flashed.stale_pages == len(weights_pages(new, board)) >= 3
    assert bench.model_hash() == new.model_hash
    bench.flash(new)
    content = bench.application_bytes(len(new.segments[0].data))
    assert content == new.segments[0].data


def test_a_shorter_network_leaves_what_was_never_written_as_it_is() -> None:
    board = BOARDS["nucleo_l4r5zi"]
    bench = LoaderBench(board)
    bench.flash(image_of(board, 1, count=9_000))
    large = image_of(board, 2)
    bench.flash(large, FlashOptions(keep_stale_weights=True))
    assert bench.model_hash() == large.model_hash


def test_stale_weights_change_no_cycle() -> None:
    board = BOARDS["nucleo_l4r5zi"]
    bench = LoaderBench(board)
    new = image_of(board, 2)

    def cycles() -> tuple[int, ...]:
        runner = Runner(bench, inference_s=10.0)
        runner.synchronise(3.0)
        return runner.layers(2)

    bench.flash(new)
    fresh = cycles()
    bench.flash(image_of(board, 0x99))
    bench.flash(new, FlashOptions(keep_stale_weights=True))
    assert cycles() == fresh


def test_pages_that_share_a_sector_with_a_changed_one_are_never_stale() -> None:
    board = BOARDS["nucleo_f446re"]
    page = board.flash.page_bytes
    start = board.application_flash.origin
    image = replace(image_of(board, 1), weights_addresses=range(start + page, start + 12 * page))
    plan = plan_pages([bytes([n]) * page for n in range(12)], [0] * 12, image, board, keep_stale_weights=True)
    assert plan.to_write == (0, 1, 2, 3)  # the sector of 16 KiB with page 0, which is no weights
    assert plan.stale == frozenset(range(4, 12))


def test_what_was_erased_is_counted_sector_by_sector(board: BoardType, tmp_path: Path) -> None:
    bench = LoaderBench(board)
    bench.flash(image_of(board, 1))  # finds no record to erase, which the host cannot know
    erased: list[int] = []
    for image in (image_of(board, 2), image_of(board, 2), image_of(board, 3, count=9_000)):
        bench.flash(image, FlashOptions(wear_folder=tmp_path))
        erased += bench.erased_pages
    (unit,) = WearStore(tmp_path).units()
    assert bytes.fromhex(unit.unit) == bench.unique_id()
    assert WearStore(tmp_path).counts(unit.unit) == {sector: erased.count(sector) for sector in set(erased)}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_virtual_board(BOARDS["nucleo_l4r5zi"]) as device:
        yield device.url


def test_a_measurement_says_that_it_computed_nothing_and_the_next_one_computes(url: str) -> None:
    board = BOARDS["nucleo_l4r5zi"]
    old, new = image_of(board, 1), image_of(board, 2)
    options = FlashOptions(keep_stale_weights=True)
    virtual = CyclesSource.VIRTUAL
    measure_image(old, board, url, (), cycles_source=virtual)
    stale = measure_image(new, board, url, [SAMPLE], cycles_source=virtual, flash=options)
    assert stale.stale_pages > 0
    assert stale.outputs == ()
    fresh = measure_image(new, board, url, [SAMPLE], cycles_source=virtual)
    assert fresh.stale_pages == 0
    assert fresh.outputs == ((expected_output(b"\x02" * 20_000, SAMPLE[0]),),)
    assert stale.measurement == fresh.measurement
    again = measure_image(new, board, url, [SAMPLE], cycles_source=virtual, flash=options)
    assert (again.stale_pages, again.outputs) == (0, fresh.outputs)
