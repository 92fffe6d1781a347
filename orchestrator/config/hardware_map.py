"""`hardware-map.yaml`: the dev kits of one host, with the field names of Zephyr twister's hardware map."""

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.flash_options import flash_options_of
from orchestrator.config.strict import StrictModel, explain_rows
from orchestrator.config.units import parse_voltage_v
from orchestrator.domain.errors import InputError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.meter import MeterSetup

Named = TypeVar("Named")

UNSTABLE_PORTS = ("/dev/ttyACM", "/dev/ttyUSB")
"""These numbers are given in the order in which kits were found, and change when one restarts."""

UNKNOWN = "unknown"
"""What a row that is not connected may have for its board type, until somebody fills it in."""

# Fields of twister's that say how twister tests; a map shared with it may hold them.
_TWISTER_ONLY = ("flash_before", "flash_with_test", "serial_pty", "script_param", "counter", "available")


def _stable(port: str) -> str:
    if port.startswith(UNSTABLE_PORTS):
        raise ValueError(
            "must be a name that stays the kit's own, such as /dev/serial/by-id/... (`mcutune boards scan` "
            f"prints it), or a URL of pyserial, but got {port!r}"
        )
    return port


StablePort = Annotated[str, Field(min_length=1), AfterValidator(_stable)]


class _Meter(StrictModel):
    serial: StablePort
    voltage: Annotated[float, BeforeValidator(parse_voltage_v), Field(gt=0.0)]
    source: bool = False


class _Row(StrictModel):
    id: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")
    platform: str
    serial: StablePort
    connected: bool = Field(default=True, validate_default=True)
    product: str = ""
    runner: str | None = None
    runner_params: tuple[str, ...] = ()
    baud: int | None = Field(default=None, gt=0)
    probe_id: str | None = None
    fixtures: tuple[str, ...] = ()
    notes: str = ""
    pre_script: Path | None = None
    post_flash_script: Path | None = None
    post_script: Path | None = None
    flash_timeout: float | None = Field(default=None, gt=0)
    meter: _Meter | None = None
    cycles_source: CyclesSource = CyclesSource.SILICON

    @field_validator("id", "probe_id", mode="before")
    @classmethod
    def _numbers_are_names(cls, value: object) -> object:
        """YAML reads a serial number of digits alone as a number."""
        return str(value) if isinstance(value, int) else value

    @field_validator("platform")
    @classmethod
    def _known_platform(cls, value: str) -> str:
        try:
            if value != UNKNOWN:
                load_board_type(value)
        except InputError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("connected")
    @classmethod
    def _known_if_connected(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("platform") == UNKNOWN:
            raise ValueError("must be false until `platform` is a board type")
        return value


_ROWS = TypeAdapter(tuple[_Row, ...])


def read_hardware_map(path: Path) -> tuple[MappedDevice, ...]:
    """Read the rows of a hardware map, unconnected ones included; scripts are taken from the map's own folder.

    Raises:
        InputError: unreadable file, YAML syntax, unknown key, bad value, a script that is not there, or two rows with
            one id or one port.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, list):
        raise InputError(f"{path}: must hold a list of boards, but holds {type(content).__name__}")
    try:
        rows = _ROWS.validate_python([_without_twisters_own(row) for row in content])
    except ValidationError as error:
        raise InputError(explain_rows(path, _Row, error)) from error
    devices = tuple(_device(row, path) for row in rows)
    for field in ("id", "serial"):
        _refuse_twins(path, field, [getattr(device, field) for device in devices if device.connected])
    return devices


def _without_twisters_own(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {key: value for key, value in row.items() if key not in _TWISTER_ONLY and value is not None}


def _device(row: _Row, path: Path) -> MappedDevice:
    fields: dict[str, Any] = row.model_dump(exclude={"flash_timeout", "meter"})
    for name in ("pre_script", "post_flash_script", "post_script"):
        fields[name] = _script(path, row.id, name, fields[name])
    meter = None if row.meter is None else MeterSetup(row.meter.serial, row.meter.voltage, row.meter.source)
    return MappedDevice(**fields, flash_timeout_s=row.flash_timeout, flash=_flash(row, path), meter=meter)


def _flash(row: _Row, path: Path) -> FlashOptions:
    try:
        return flash_options_of(row.runner, row.runner_params, row.probe_id, row.flash_timeout)
    except ValueError as error:
        raise InputError(f"{path}: {row.id}: runner or runner_params: {error}") from error


def _script(path: Path, unit: str, field: str, script: Path | None) -> Path | None:
    if script is None:
        return None
    found = (path.parent / script).resolve()
    if not found.is_file():
        raise InputError(f"{path}: {unit}: {field}: there is no file {found}")
    return found


def _refuse_twins(path: Path, field: str, values: list[str]) -> None:
    twins = sorted({value for value in values if values.count(value) > 1})
    if twins:
        raise InputError(f"{path}: {field}: must differ from row to row, but {twins[0]!r} stands in several")


def selected(names: Sequence[str], units: Sequence[Named], name_of: Callable[[Named], str], where: str) -> list[Named]:
    """Give the units with the names given, or all where none is.

    Args:
        where: what holds the units, for the error text.

    Raises:
        InputError: there is no such unit; the text names the nearest.
    """
    by_name = {name_of(unit): unit for unit in units}
    for name in names:
        if name not in by_name:
            nearest = difflib.get_close_matches(name, by_name, n=1)
            meant = f"did you mean {nearest[0]!r}? " if nearest else ""
            raise InputError(f"{where}: has no unit {name!r}; {meant}there are: {', '.join(by_name) or 'none'}")
    return [by_name[name] for name in names or by_name]
