"""Reset and boot mode by the modem lines of the console.

Wiring: a reset pulse at NRST when DTR goes from deasserted to asserted; BOOT0 is high while RTS is deasserted.
Opening a port may move the lines by itself, so nobody may rely on what ran before.
"""

import time

from orchestrator.device.link import Link

# The line is coupled to NRST by a capacitor: 100 nF against the chip's pull-up of at most 55 kOhm (DS10198, table
# "NRST pin characteristics") has recovered after two time constants.
_PULSE_S = 0.011


def reset_into_bootloader(link: Link) -> None:
    """Start the ROM bootloader."""
    link.set_rts(False)
    _pulse(link)


def reset_into_firmware(link: Link) -> None:
    """Start what is in flash."""
    link.set_rts(True)
    _pulse(link)


def _pulse(link: Link) -> None:
    link.set_dtr(False)
    link.set_dtr(True)
    time.sleep(_PULSE_S)
    link.set_dtr(False)
