"""The driver of Renode against a fake one (fake_renode.py): the whole way of a measurement, and whatever goes wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device import measure
from orchestrator.domain.errors import (
    DeviceError,
    DeviceFaultError,
    DeviceSilentError,
    InputError,
    WrongBoardError,
)
from orchestrator.domain.measurement import CyclesSource
from orchestrator.lab.devices import measure_on, open_device
from orchestrator.renode import board as renode_board
from orchestrator.renode.board import RenodeBoard
from orchestrator.toolchain.link import link_image
from tests.contract import fake_renode
from tests.contract.example_model import INPUT_BYTES, example_model

BOARD = load_board_type("nucleo_l476rg")
SAMPLES = ((bytes(range(INPUT_BYTES)),), (bytes(INPUT_BYTES),))


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The fake as a program; its folders are made where they can be counted."""
    program = tmp_path / "renode"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {fake_renode.__file__} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("MCUTUNE_RENODE", str(program))
    monkeypatch.setenv("FAKE_RENODE_BOARD", BOARD.name)
    folders = tmp_path / "folders"
    folders.mkdir()
    monkeypatch.setattr(renode_board.tempfile, "tempdir", str(folders))
    return folders


def processes(folders: Path) -> list[int]:
    """Give those that know a folder of ours: keeper, fake, and the virtual board by its image."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            known = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except (OSError, ValueError):
            continue
        if process.name.isdecimal() and int(process.name) != os.getpid() and f"{folders}/".encode() in known:
            found.append(int(process.name))
    return found


def assert_nothing_is_left(folders: Path) -> None:
    deadline = time.monotonic() + 10.0
    while (processes(folders) or list(folders.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes(folders) == []
    assert list(folders.iterdir()) == []


def test_a_network_is_measured_as_on_a_virtual_board_that_counts_instructions(fake: Path) -> None:
    image = link_image(example_model(), BOARD)
    with open_device(BOARD, count_instructions=True) as device:
        expected = measure_on(device, image, BOARD, SAMPLES, repeats=1)
    with open_device(BOARD, "renode") as device:
        run = measure_on(device, image, BOARD, SAMPLES, repeats=1)
    assert run.outputs == expected.outputs
    assert run.measurement.cycles == expected.measurement.cycles
    assert run.measurement.cycles_source is CyclesSource.RENODE
    assert_nothing_is_left(fake)


@pytest.mark.parametrize(
    ("mischief", "kind", "said"),
    [
        ("aborts", DeviceFaultError, "stopped the core: .*CPU abort .PC=0xE1A00000"),
        ("dies", DeviceError, "ended during 'start': .*FATAL UNHANDLED EXCEPTION: out of luck"),
        ("silent", DeviceSilentError, "no reply to 'sync%'"),
    ],
)
def test_what_renode_does_not_report_by_an_exit_code_is_an_error_with_its_words(
    mischief: str, kind: type[DeviceError], said: str, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RENODE", mischief)
    monkeypatch.setattr(measure, "ATTEMPTS", 1)
    image = link_image(example_model(), BOARD)
    with open_device(BOARD, "renode") as device, pytest.raises(kind, match=said):
        measure_on(device, image, BOARD, SAMPLES, repeats=1)
    assert_nothing_is_left(fake)


def test_a_platform_that_renode_refuses_is_an_error_with_its_reason(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RENODE", "refuses")
    with pytest.raises(DeviceError, match=r"LoadPlatformDescription.*There was an error.*Error E21"):
        RenodeBoard(BOARD)
    assert_nothing_is_left(fake)


def test_a_monitor_that_does_not_answer_is_given_up(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_RENODE", "deaf")
    monkeypatch.setattr(renode_board, "START_LIMIT_S", 0.5)
    with pytest.raises(DeviceSilentError, match=r"did not come back from 'version' within 0\.5 s"):
        RenodeBoard(BOARD)
    assert_nothing_is_left(fake)


def test_a_renode_that_is_killed_is_an_error_and_not_alive(fake: Path) -> None:
    image = link_image(example_model(), BOARD)
    with open_device(BOARD, "renode") as device:
        measure_on(device, image, BOARD, SAMPLES, repeats=1)
        assert device.is_alive()
        for process in processes(fake):
            if "fake_renode" in "".join((Path("/proc") / str(process) / "cmdline").read_text().split("\0")[1:2]):
                os.kill(process, signal.SIGKILL)
        with pytest.raises(DeviceError, match="ended"):
            measure_on(device, image, BOARD, SAMPLES, repeats=1)
        assert not device.is_alive()
    assert_nothing_is_left(fake)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_measuring_process_ends(number: signal.Signals, fake: Path) -> None:
    script = (
        "import sys, tempfile, time\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "from orchestrator.config.board_catalogue import load_board_type\n"
        "from orchestrator.renode.board import RenodeBoard\n"
        "board = RenodeBoard(load_board_type('nucleo_l476rg'))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(fake)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert any(folder.joinpath("console").is_symlink() for folder in fake.iterdir())
        process.send_signal(number)
        process.wait(10)
        assert_nothing_is_left(fake)


def test_an_image_for_another_board_is_refused(fake: Path) -> None:
    image = link_image(example_model(), load_board_type("nucleo_l4r5zi"))
    with open_device(BOARD, "renode") as device, pytest.raises(WrongBoardError, match="nucleo_l4r5zi"):
        measure_on(device, image, BOARD, SAMPLES, repeats=1)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MCUTUNE_RENODE", "/nowhere/renode", "/nowhere/renode is not found.*MCUTUNE_RENODE"),
        ("MCUTUNE_RENODE", "true", "prints no version"),
        ("FAKE_RENODE_VERSION", "Renode v1.14.0.1234", "too old; needs 1.15"),
    ],
)
def test_a_renode_that_cannot_be_used_is_refused(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=said), open_device(BOARD, "renode"):
        pass


def test_the_monitor_goes_on_after_a_refusal(fake: Path) -> None:
    board = RenodeBoard(BOARD)
    try:
        with pytest.raises(DeviceError, match=r"LoadELF.*File does not exist: /nowhere"):
            board._monitor.run("sysbus LoadELF @/nowhere")
        board._monitor.run("version")
    finally:
        board.close()
    with pytest.raises(DeviceError, match="ended"):
        board._monitor.run("version")
