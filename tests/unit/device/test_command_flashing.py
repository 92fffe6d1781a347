"""A program that flashes: what it is given, and what becomes of the ways in which it can fail."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.flash_options import named_commands
from orchestrator.device import command_flashing
from orchestrator.device.flashing import flash_image
from orchestrator.domain.errors import FlashFailedError, InputError, WrongBoardError
from orchestrator.domain.flash_options import FlashCommand, FlashOptions
from tests.records import IMAGE
from tests.unit.device.fake_board import FakeBoard

BOARD = load_board_type("nucleo_l476rg")


class LendingBoard(FakeBoard):
    """Knows whether its port is lent."""

    lent_times = 0

    @contextmanager
    def lent(self) -> Iterator[None]:
        self.lent_times += 1
        yield


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_flashing, "_ASK_LIMIT_S", 0.05)


def options_for(*arguments: str, timeout_s: float = 20.0) -> FlashOptions:
    return FlashOptions(method="command", probe_id="0671FF", command=FlashCommand(arguments, timeout_s))


def python(code: str, *arguments: str, timeout_s: float = 20.0) -> FlashOptions:
    return options_for(sys.executable, "-c", code, *arguments, timeout_s=timeout_s)


def test_the_program_gets_the_files_the_port_and_the_probe(tmp_path: Path) -> None:
    board = LendingBoard()
    code = (
        "import sys, pathlib; out, elf, hex, bin, *rest = sys.argv[1:]\n"
        "pathlib.Path(out).write_text(repr((pathlib.Path(elf).read_bytes(), pathlib.Path(bin).read_bytes(), rest)))\n"
        "assert pathlib.Path(hex).read_text().endswith(':00000001FF\\n')"
    )
    out = tmp_path / "seen"
    fields = ("{elf}", "{hex}", "{bin}", "{address}", "sn={probe_id}", "{port}", "{openocd_target}", "{not ours}")
    flash_image(board, IMAGE, BOARD, python(code, str(out), *fields))
    rest = ["0x08000000", "sn=0671FF", "fake", "target/stm32l4x.cfg", "{not ours}"]
    assert out.read_text() == repr((IMAGE.elf, bytes(8), rest))
    assert board.lent_times == 1
    assert not board.runs_bootloader


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(FlashFailedError, match=r"exit code 3 after .* it said: no probe was found"):
        flash_image(LendingBoard(), IMAGE, BOARD, python("print('no probe\\n was found'); exit(3)"))


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(FlashFailedError, match=r"longer than 0\.5 s and was ended; it said: waiting"):
        code = "import time; print('waiting', flush=True); time.sleep(60)"
        flash_image(LendingBoard(), IMAGE, BOARD, python(code, timeout_s=0.5))


def test_a_program_that_there_is_not_is_named() -> None:
    with pytest.raises(FlashFailedError, match="no-such-program cannot be run: No such file"):
        flash_image(LendingBoard(), IMAGE, BOARD, options_for("no-such-program"))


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        (FlashOptions(method="command"), "the option `command`"),
        (replace(options_for("x", "{probe_id}"), probe_id=None), "needs probe_id"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(options: FlashOptions, missing: str) -> None:
    board = LendingBoard()
    with pytest.raises(InputError, match=missing):
        flash_image(board, IMAGE, BOARD, options)
    assert board.lent_times == 0


def test_a_firmware_of_another_board_type_is_not_flashed_over() -> None:
    board = LendingBoard()
    board.firmware.board = "nucleo_l4r5zi"
    with pytest.raises(WrongBoardError, match="'nucleo_l4r5zi'"):
        flash_image(board, IMAGE, BOARD, options_for("true"))
    assert board.lent_times == 0


@pytest.mark.parametrize("name", ["openocd", "st-flash", "STM32_Programmer_CLI", "nrfjprog"])
def test_a_command_of_ours_names_the_probe_and_one_file(name: str) -> None:
    words = " ".join(named_commands()[name].arguments)
    assert "{probe_id}" in words
    assert sum(words.count(f"{{{kind}}}") for kind in ("elf", "hex", "bin")) == 1
