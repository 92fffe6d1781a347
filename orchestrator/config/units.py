"""Quantities with units as people write them (`24KiB`, `20ms`, `80MHz`), as plain numbers in base units."""

import re

_NUMBER = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]*)\s*$")

SIZE_UNITS = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "kB": 1000, "MB": 1000**2}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0}
FREQUENCY_UNITS = {"Hz": 1, "kHz": 10**3, "MHz": 10**6}
ENERGY_UNITS = {"J": 1.0, "mJ": 1e-3, "uJ": 1e-6}
VOLTAGE_UNITS = {"V": 1.0, "mV": 1e-3}
COUNT_UNITS = {"": 1, "k": 10**3, "M": 10**6}


def parse_quantity(text: object, units: dict[str, int] | dict[str, float], example: str) -> float:
    """Read `text` as a number with one of `units`, in base units.

    Raises:
        ValueError: not a number, or an unknown unit; the text names the allowed ones.
    """
    match = _NUMBER.match(str(text))
    if match is None or isinstance(text, bool):
        raise ValueError(f"must be a number with a unit such as {example}, but got {text!r}")
    number, unit = match.groups()
    if unit not in units:
        allowed = ", ".join(name or "(none)" for name in units)
        raise ValueError(f"must have one of the units {allowed} (as in {example}), but got {text!r}")
    return float(number) * units[unit]


def parse_whole(text: object, units: dict[str, int], example: str) -> int:
    """Read a quantity that must be a whole number of base units."""
    value = parse_quantity(text, units, example)
    if value != int(value):
        raise ValueError(f"must be a whole number of base units, but got {text!r}")
    return int(value)


def parse_size_bytes(text: object) -> int:
    """Read a memory size in bytes: `24KiB`, `1MiB`, `4096`."""
    return parse_whole(text, SIZE_UNITS, "24KiB")


def parse_time_s(text: object) -> float:
    """Read a duration in seconds: `20ms`, `1.5s`."""
    return parse_quantity(text, TIME_UNITS, "20ms")


def parse_frequency_hz(text: object) -> int:
    """Read a frequency in hertz: `80MHz`."""
    return parse_whole(text, FREQUENCY_UNITS, "80MHz")


def parse_energy_j(text: object) -> float:
    """Read an energy in joules: `1.5mJ`, `800uJ`."""
    return parse_quantity(text, ENERGY_UNITS, "1.5mJ")


def parse_voltage_v(text: object) -> float:
    """Read a voltage in volts: `3.3V`, `1800mV`."""
    return parse_quantity(text, VOLTAGE_UNITS, "3.3V")


def parse_count(text: object) -> int:
    """Read a plain count: `1500000`, `1.5M`."""
    return parse_whole(text, COUNT_UNITS, "1.5M")
