"""How one unit is flashed, where that is not a fact of its board type: wiring, probe, command, what is allowed."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

COMMAND_FIELDS = ("elf", "hex", "bin", "address", "port", "probe_id", "openocd_target")
"""What a command may name in braces: files of the image, the first address of `bin`, the console, the probe, and the
OpenOCD script of the board type."""


class ModemLine(Enum):
    """A line that a serial port drives besides its data."""

    DTR = "dtr"
    RTS = "rts"


@dataclass(frozen=True)
class ControlLine:
    """A modem line wired to a pin of the chip; `active_when_asserted`: or else while it is deasserted."""

    line: ModemLine
    active_when_asserted: bool


@dataclass(frozen=True)
class ResetWiring:
    """What drives NRST (active: in reset) and BOOT0 (active: high); None: nothing, a hand has to do it."""

    reset: ControlLine | None = ControlLine(ModemLine.DTR, active_when_asserted=True)
    boot0: ControlLine | None = ControlLine(ModemLine.RTS, active_when_asserted=False)


@dataclass(frozen=True)
class FlashCommand:
    """A program that flashes.

    Attributes:
        arguments: the program and its arguments, with `{name}` for the names of `COMMAND_FIELDS`; no shell is involved.
        timeout_s: the longest that it may take.
        needs_bootloader: it talks to the ROM bootloader over the console, which is to be started before.
    """

    arguments: tuple[str, ...]
    timeout_s: float = 120.0
    needs_bootloader: bool = False


@dataclass(frozen=True)
class FlashOptions:
    """What flashing one unit takes besides its board type.

    Attributes:
        method: name of the method; None: the first of the board type's.
        bauds: speeds at which the ROM bootloader is called, in this order, until it answers. AN3155 section 2.2 says
            115,200 at most; some kits carry more.
        remove_write_protection: do so where it is in the way.
        probe_id: unique id of the debug probe, for `pyocd` and for commands.
        keep_stale_weights: leave pages alone that hold nothing but weights: the network takes the same cycles, but
            computes nothing of use.
        wear_folder: where erasures are counted; None: nowhere.
        use_worn_flash: flash on beyond the endurance of the board type's flash.
    """

    method: str | None = None
    wiring: ResetWiring = field(default_factory=ResetWiring)
    bauds: tuple[int, ...] = (115_200, 57_600, 19_200)
    remove_write_protection: bool = False
    probe_id: str | None = None
    command: FlashCommand | None = None
    keep_stale_weights: bool = False
    wear_folder: Path | None = None
    use_worn_flash: bool = False


@dataclass(frozen=True)
class Flashed:
    """What flashing did; `stale_pages` are those left with an earlier network's weights."""

    stale_pages: int = 0
