"""Reset and boot mode by the modem lines of the console.

Opening a port may move the lines by itself, so nobody may rely on what ran before. How they are wired is said by
`ResetWiring`; by default a reset pulse comes when DTR goes from deasserted to asserted, and BOOT0 is high while RTS is
deasserted. Where nothing is wired, nothing happens.
"""

import time

from orchestrator.device.link import Link
from orchestrator.domain.flash_options import ControlLine, ModemLine, ResetWiring

# The line may be coupled to NRST by a capacitor: 100 nF against the chip's pull-up of at most 55 kOhm (DS10198, table
# "NRST pin characteristics") has recovered after two time constants.
_PULSE_S = 0.011

AS_USUAL = ResetWiring()


def reset_into_bootloader(link: Link, wiring: ResetWiring = AS_USUAL) -> None:
    """Start the ROM bootloader."""
    _drive(link, wiring.boot0, True)
    _pulse(link, wiring)


def reset_into_firmware(link: Link, wiring: ResetWiring = AS_USUAL) -> None:
    """Start what is in flash."""
    _drive(link, wiring.boot0, False)
    _pulse(link, wiring)


def _pulse(link: Link, wiring: ResetWiring) -> None:
    if wiring.reset is None:
        return
    _drive(link, wiring.reset, False)
    _drive(link, wiring.reset, True)
    time.sleep(_PULSE_S)
    _drive(link, wiring.reset, False)


def _drive(link: Link, control: ControlLine | None, active: bool) -> None:
    if control is None:
        return
    set_line = link.set_dtr if control.line is ModemLine.DTR else link.set_rts
    set_line(active is control.active_when_asserted)
