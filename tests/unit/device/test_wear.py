"""Erasures are counted for good, by several processes at once, and held against what the flash endures."""

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.wear import WearStore, spend_erasures
from orchestrator.domain.errors import InfrastructureError, WornOutError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.wear import UnitWear

BOARD = replace(
    load_board_type("nucleo_l4r5zi"), flash=replace(load_board_type("nucleo_l4r5zi").flash, endurance_cycles=10)
)


def test_erasures_add_up_and_outlive_the_process_that_counted(tmp_path: Path) -> None:
    WearStore(tmp_path).add("a", "nucleo_l4r5zi", [3, 4])
    WearStore(tmp_path).add("a", "nucleo_l4r5zi", [4])
    WearStore(tmp_path).add("b", "nucleo_f446re", [5])
    store = WearStore(tmp_path)
    assert store.counts("a") == {3: 1, 4: 2}
    assert store.worst_count("a") == 2
    assert store.worst_count("never seen") == 0
    assert store.units() == (UnitWear("a", "nucleo_l4r5zi", 4, 2, 3), UnitWear("b", "nucleo_f446re", 5, 1, 1))


def test_no_erasure_is_lost_between_processes(tmp_path: Path) -> None:
    count = (
        "import sys; from pathlib import Path; from orchestrator.device.wear import WearStore\n"
        "for _ in range(40): WearStore(Path(sys.argv[1])).add('a', 'b', [1, 2])"
    )
    processes = [subprocess.Popen([sys.executable, "-c", count, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert WearStore(tmp_path).counts("a") == {1: 120, 2: 120}


def spend(folder: Path, times: int, **options: bool) -> None:
    for _ in range(times):
        spend_erasures(FlashOptions(wear_folder=folder, **options), "a", BOARD, [7])


def test_nearly_worn_flash_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        spend(tmp_path, 9)
        assert not caplog.records
        spend(tmp_path, 1)
    assert "nucleo_l4r5zi a: sector 7 of its flash was erased 9 times, of 10" in caplog.text


def test_worn_flash_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    spend(tmp_path, 10)
    with pytest.raises(WornOutError, match="retire the unit, or allow it with the option use_worn_flash"):
        spend(tmp_path, 1)
    assert WearStore(tmp_path).worst_count("a") == 10
    spend(tmp_path, 1, use_worn_flash=True)
    assert WearStore(tmp_path).worst_count("a") == 11
    spend_erasures(FlashOptions(wear_folder=tmp_path), "a", BOARD, [8])  # another sector is as new


def test_nothing_is_counted_where_there_is_no_folder_or_no_erasure(tmp_path: Path) -> None:
    spend_erasures(FlashOptions(), "a", BOARD, [1])
    spend_erasures(FlashOptions(wear_folder=tmp_path), "a", BOARD, [])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "wear.sqlite").write_text("no database, but long enough to be looked at")
    with pytest.raises(InfrastructureError, match=r"wear\.sqlite: erasures cannot be counted"):
        WearStore(tmp_path).units()
