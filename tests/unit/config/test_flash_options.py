"""What a lab may write about how a unit is flashed, and the commands that come with the package."""

from pathlib import Path

import pytest

from orchestrator.config.flash_options import named_commands, read_flash_options
from orchestrator.config.state_folder import wear_folder
from orchestrator.domain.errors import InputError
from orchestrator.domain.flash_options import ControlLine, FlashCommand, FlashOptions, ModemLine, ResetWiring


def read(folder: Path, text: str) -> FlashOptions:
    file = folder / "flashing.yaml"
    file.write_text(text)
    return read_flash_options(file)


def test_nothing_said_is_the_usual_way(tmp_path: Path) -> None:
    assert read(tmp_path, "{}") == FlashOptions()


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    options = read(
        tmp_path,
        "method: stm32-serial\nreset: not-rts\nboot0: none\nbauds: [460800, 115200]\n"
        "remove_write_protection: true\nprobe_id: '0671FF'\ncommand: {arguments: [flash.sh, '{elf}'], timeout_s: 9}\n",
    )
    assert options == FlashOptions(
        method="stm32-serial",
        wiring=ResetWiring(ControlLine(ModemLine.RTS, active_when_asserted=False), None),
        bauds=(460_800, 115_200),
        remove_write_protection=True,
        probe_id="0671FF",
        command=FlashCommand(("flash.sh", "{elf}"), timeout_s=9.0),
    )


def test_a_command_may_be_named(tmp_path: Path) -> None:
    assert read(tmp_path, "command: openocd").command == named_commands()["openocd"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("command: opencd", "must be one of openocd, st-flash.*but got 'opencd'"),
        ("command: {arguments: [x, '{elf}', '{image}']}", r"may name \{elf\}, \{hex\}, \{bin\}.*but got \{image\}"),
        ("command: {arguments: []}", "at least 1"),
        ("command: {arguments: [x], timeout_s: 0}", "greater than 0"),
        ("probe: x", "did you mean 'probe_id'"),
        ("reset: cts", "'dtr', 'rts', 'not-dtr', 'not-rts' or 'none', but got 'cts'"),
        ("method: by-pigeon", "but got 'by-pigeon'"),
        ("bauds: []", "at least 1"),
    ],
)
def test_a_mistake_takes_one_line_that_says_what_is_allowed(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule) as caught:
        read(tmp_path, text)
    assert str(caught.value).count("flashing.yaml") == 1


def test_wear_is_kept_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MCUTUNE_STATE", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert wear_folder() == Path.home() / ".local/state/mcutune/wear"
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert wear_folder() == Path("/elsewhere/mcutune/wear")
    monkeypatch.setenv("MCUTUNE_STATE", "/lab")
    assert wear_folder() == Path("/lab/wear")
