"""How a unit is flashed, as a lab writes it down: the `flashing:` of a unit, and the commands that have names."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator

import boards
from orchestrator.config.strict import StrictModel, explain, parse_yaml, read_yaml
from orchestrator.domain.flash_options import (
    COMMAND_FIELDS,
    ControlLine,
    FlashCommand,
    FlashOptions,
    ModemLine,
    ResetWiring,
)

_COMMANDS_FILE = Path(boards.__file__).parent / "flash_commands.yaml"
_FIELD = re.compile(r"\{(\w+)\}")


class CommandFile(StrictModel):
    """A program that flashes; see `FlashCommand`."""

    arguments: tuple[str, ...] = Field(min_length=1)
    timeout_s: float = Field(default=FlashCommand.timeout_s, gt=0)
    needs_bootloader: bool = False

    @field_validator("arguments")
    @classmethod
    def _names_only_what_there_is(cls, arguments: tuple[str, ...]) -> tuple[str, ...]:
        for name in _FIELD.findall(" ".join(arguments)):
            if name not in COMMAND_FIELDS:
                allowed = ", ".join(f"{{{known}}}" for known in COMMAND_FIELDS)
                raise ValueError(f"may name {allowed}, but got {{{name}}}")
        return arguments

    def command(self) -> FlashCommand:
        """Give the command as the rest of the program knows it."""
        return FlashCommand(self.arguments, self.timeout_s, self.needs_bootloader)


class _CommandsFile(StrictModel):
    commands: dict[str, CommandFile]


Pin = Literal["dtr", "rts", "not-dtr", "not-rts", "none"]
"""What drives a pin: it is active (NRST low, BOOT0 high) while that line is asserted, or `not-` while it is not."""


def _named(command: object) -> object:
    """Replace the name of a command that comes with the package by the command."""
    if not isinstance(command, str):
        return command
    known = _commands()
    if command not in known:
        raise ValueError(f"must be one of {', '.join(known)}, or have arguments, but got {command!r}")
    return known[command]


class FlashingFile(StrictModel):
    """The `flashing:` of a unit; what is left out is as `FlashOptions` says."""

    method: Literal["stm32-serial", "serial-loader", "pyocd", "command"] | None = None
    reset: Pin = "dtr"
    boot0: Pin = "not-rts"
    bauds: tuple[int, ...] = Field(default=FlashOptions.bauds, min_length=1)
    remove_write_protection: bool = False
    probe_id: str | None = Field(default=None, min_length=1)
    command: Annotated[CommandFile | None, BeforeValidator(_named)] = None
    use_worn_flash: bool = False

    def options(self, wear_folder: Path | None = None) -> FlashOptions:
        """Give the options as the rest of the program knows them; erasures are counted in `wear_folder`."""
        return FlashOptions(
            method=self.method,
            wiring=ResetWiring(_control(self.reset), _control(self.boot0)),
            bauds=self.bauds,
            remove_write_protection=self.remove_write_protection,
            probe_id=self.probe_id,
            command=None if self.command is None else self.command.command(),
            wear_folder=wear_folder,
            use_worn_flash=self.use_worn_flash,
        )


def _control(pin: Pin) -> ControlLine | None:
    if pin == "none":
        return None
    return ControlLine(ModemLine(pin.removeprefix("not-")), active_when_asserted=not pin.startswith("not-"))


@cache
def _commands() -> dict[str, CommandFile]:
    return read_yaml(_COMMANDS_FILE, _CommandsFile).commands


def named_commands() -> dict[str, FlashCommand]:
    """Give the commands that come with the package, by name."""
    return {name: content.command() for name, content in _commands().items()}


def flash_options_of(
    runner: str | None, parameters: Sequence[str], probe_id: str | None, timeout_s: float | None
) -> FlashOptions:
    """Give the options of a row of the hardware map.

    Args:
        runner: a method, or a command by its name.
        parameters: `key=value` each, as in the `flashing:` of a unit.
        timeout_s: of a command.

    Raises:
        ValueError: with one line for each mistake.
    """
    content: dict[str, object] = {} if probe_id is None else {"probe_id": probe_id}
    if runner is not None:
        content |= {"method": "command", "command": runner} if runner in _commands() else {"method": runner}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        content[key] = parse_yaml(value)
    try:
        options = FlashingFile.model_validate(content).options()
    except ValidationError as error:
        raise ValueError(explain(FlashingFile, error)) from error
    if timeout_s is None or options.command is None:
        return options
    return replace(options, command=replace(options.command, timeout_s=timeout_s))


def read_flash_options(path: Path, wear_folder: Path | None = None) -> FlashOptions:
    """Read a file that holds the `flashing:` of one unit.

    Raises:
        InputError: an unknown key, a bad value, or a command that names what there is not.
    """
    return read_yaml(path, FlashingFile).options(wear_folder)
