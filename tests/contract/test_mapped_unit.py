"""A row of the hardware map at work, its dev kit being a virtual board."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.measurement import CyclesSource
from orchestrator.lab.golden import Golden
from orchestrator.lab.mapped_unit import MappedUnit, ScriptFailedError
from orchestrator.pipeline.golden import make_golden
from orchestrator.virtual_board.process import start_virtual_board

BOARD = load_board_type("nucleo_l476rg")


@pytest.fixture(scope="module")
def golden() -> Golden:
    return make_golden(BOARD)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_virtual_board(BOARD) as device:
        yield device.url


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCUTUNE_STATE", str(tmp_path / "state"))


def script(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def unit_at(url: str, **scripts: Path) -> MappedUnit:
    return MappedUnit(MappedDevice("kit; rm -rf", BOARD.name, url, cycles_source=CyclesSource.VIRTUAL, **scripts))


def test_the_scripts_run_before_flashing_after_it_and_at_the_end_with_port_and_id(
    tmp_path: Path, golden: Golden, url: str
) -> None:
    said = tmp_path / "said"
    names = ("pre_script", "post_flash_script", "post_script")
    scripts = {name: script(tmp_path, name, f'echo "{name} $1 $2" >> {said}') for name in names}
    run = unit_at(url, **scripts).measure(golden.request(), tmp_path / "log")
    assert run.outputs == golden.outputs
    assert said.read_text().splitlines() == [f"{name} {url} kit; rm -rf" for name in names]


def test_a_script_that_fails_is_a_failure_of_the_unit_with_what_it_said(
    tmp_path: Path, golden: Golden, url: str
) -> None:
    failing = script(tmp_path, "pre", "echo no power >&2; exit 3")
    with pytest.raises(ScriptFailedError, match="ended with 3: no power"):
        unit_at(url, pre_script=failing).measure(golden.request(), tmp_path / "log")


def test_the_last_script_runs_after_a_failed_measurement_too(tmp_path: Path, golden: Golden, url: str) -> None:
    said = tmp_path / "said"
    scripts = {
        "post_flash_script": script(tmp_path, "after-flash", "exit 1"),
        "post_script": script(tmp_path, "last", f"echo off >> {said}"),
    }
    with pytest.raises(ScriptFailedError):
        unit_at(url, **scripts).measure(golden.request(), tmp_path / "log")
    assert said.read_text() == "off\n"
