"""Flashing through pyOCD: the very probe that was asked for, the right chip, pages that differ, read back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pyocd.core.session import Session
from pyocd.probe import aggregator
from pyocd.target import TARGET

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.device.probe_flashing import session_options
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import MemoryKind
from orchestrator.domain.errors import (
    DeviceSilentError,
    FlashFailedError,
    InputError,
    PortMissingError,
    WrongBoardError,
)
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.model import FirmwareImage
from orchestrator.toolchain.link import link_image
from tests.contract.bench_probe import BenchProbe, bench_target
from tests.contract.example_model import example_model
from tests.contract.loader_bench import LoaderBench

BOARD = load_board_type("nucleo_l4r5zi")
PROBE_ID = "0671FF303435554157113122"
OPTIONS = FlashOptions(method="pyocd", probe_id=PROBE_ID)


def image_of(filler: int) -> FirmwareImage:
    return link_image(example_model(bytes([filler]) * 9000), BOARD)


@dataclass
class ProbedBench:
    bench: LoaderBench
    target: Any


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProbedBench]:
    bench = LoaderBench(BOARD)
    target = bench_target(bench)
    monkeypatch.setattr(aggregator, "PROBE_CLASSES", {"bench": BenchProbe})
    monkeypatch.setattr(BenchProbe, "connected", [PROBE_ID, "another"])
    monkeypatch.setitem(TARGET, BOARD.probe.pyocd_target, target)
    loader = bench.loader_bytes()
    yield ProbedBench(bench, target)
    assert bench.loader_bytes() == loader


def test_the_image_runs_behind_the_resident_loader_and_the_loader_accepts_it(probed: ProbedBench) -> None:
    image = image_of(1)
    probed.bench.flash(image, OPTIONS)
    assert probed.bench.model_hash() == image.model_hash
    probed.bench.flash(image)  # by the loader, which finds it whole
    assert probed.bench.erased_pages == []


def test_sectors_that_hold_what_is_wanted_are_not_erased(probed: ProbedBench) -> None:
    probed.bench.flash(image_of(1), OPTIONS)
    probed.bench.flash(image_of(1), OPTIONS)
    assert probed.bench.erased_pages == []


def test_all_sectors_of_the_image_are_counted_for_the_chip(probed: ProbedBench, tmp_path: Path) -> None:
    probed.bench.flash(image_of(1))
    probed.bench.flash(image_of(2), replace(OPTIONS, wear_folder=tmp_path))
    counts = WearStore(tmp_path).counts(probed.bench.unique_id().hex())
    assert set(probed.bench.erased_pages) <= set(counts)
    assert set(counts.values()) == {1}


def test_without_an_id_no_probe_is_used_and_those_connected_are_listed(probed: ProbedBench) -> None:
    with pytest.raises(InputError, match=rf"needs the option probe_id.*{PROBE_ID} \(bench probe\), another"):
        probed.bench.flash(image_of(1), replace(OPTIONS, probe_id=None))


@pytest.mark.parametrize("probe_id", ["nowhere", PROBE_ID[:8], PROBE_ID.lower()])
def test_another_probe_is_never_used_instead(probed: ProbedBench, probe_id: str) -> None:
    with pytest.raises(PortMissingError, match=f"probe {probe_id}: is not connected"):
        probed.bench.flash(image_of(1), replace(OPTIONS, probe_id=probe_id))
    assert probed.bench.erased_pages == []


def test_another_chip_is_found_out_before_anything_is_erased(probed: ProbedBench) -> None:
    probed.target.chip_id_word = 0x1007_6415
    with pytest.raises(WrongBoardError, match="chip's id is 0x415, but STM32L4R5ZI of nucleo_l4r5zi has 0x470"):
        probed.bench.flash(image_of(1), OPTIONS)
    assert probed.bench.erased_pages == []


def test_a_chip_that_does_not_answer_is_silent(probed: ProbedBench) -> None:
    probed.target.is_silent = True
    with pytest.raises(DeviceSilentError, match=f"probe {PROBE_ID}: STM32L4R5ZI does not answer"):
        probed.bench.flash(image_of(1), OPTIONS)


def test_an_erasure_that_fails_is_a_failure_of_the_flash(probed: ProbedBench) -> None:
    probed.target.refuses_to_erase = True
    probed.bench.flash(image_of(1))
    with pytest.raises(FlashFailedError, match="erase sector failure"):
        probed.bench.flash(image_of(2), OPTIONS)


def test_what_was_not_written_is_found_by_reading_back(probed: ProbedBench) -> None:
    page = BOARD.application_offset_bytes // BOARD.flash.page_bytes
    probed.bench.install(f"flash-worn={page}")
    with pytest.raises(FlashFailedError, match=f"probe {PROBE_ID}: flash at 0x8003"):
        probed.bench.flash(image_of(1), OPTIONS)


@pytest.mark.parametrize("name", board_type_names())
def test_pyocd_knows_the_target_of_a_board_type_or_the_pack_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = load_board_type(name)
    facts = board.probe
    assert facts.pyocd_target is not None
    monkeypatch.setattr(aggregator, "PROBE_CLASSES", {"bench": BenchProbe})
    monkeypatch.setattr(BenchProbe, "connected", [PROBE_ID])
    if facts.pyocd_pack is not None:
        with pytest.raises(InputError, match=f"does not know its target.*pyocd pack install {facts.pyocd_pack}"):
            LoaderBench(board).flash(link_image(example_model(), board), OPTIONS)
        return
    session = Session(BenchProbe(PROBE_ID), options=session_options(board))
    flash = board.memory(MemoryKind.FLASH)
    region = session.target.memory_map.get_boot_memory()
    assert (region.start, region.length, region.sector_size) == (flash.origin, flash.size_bytes, board.flash.page_bytes)
    for memory in board.memories:
        assert session.target.memory_map.get_region_for_address(memory.origin).length == memory.size_bytes


def test_every_option_is_one_that_pyocd_has() -> None:
    from pyocd.core.options import OPTIONS_INFO

    for key, value in session_options(BOARD).items():
        assert isinstance(value, OPTIONS_INFO[key].type)
