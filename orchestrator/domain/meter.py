"""Which energy meter hangs on a board, and how it feeds it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MeterSetup:
    """A Power Profiler Kit II in the supply of a board.

    Attributes:
        url: its port, any URL of pyserial.
        voltage_v: the board's supply: what the meter gives as a source, or what somebody else gives.
        is_source: the meter powers the board; else it lies in the supply as an ammeter.
    """

    url: str
    voltage_v: float
    is_source: bool = False
