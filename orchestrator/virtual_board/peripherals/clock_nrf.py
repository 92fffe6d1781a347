"""CLOCK of nRF52 (nRF52840 product specification, chapter "CLOCK"): the core always has 64 MHz, from crystal or RC."""

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

HFCLKSTART, HFCLKSTOP, HFCLKSTARTED, HFCLKRUN, HFCLKSTAT = 0x000, 0x004, 0x100, 0x408, 0x40C
RUNNING, CRYSTAL = 1 << 16, 1 << 0
HCLK_HZ = 64e6


class ClockOfNrf(Peripheral):
    """The crystal oscillator runs at once; POWER shares the block and is plain storage."""

    def __init__(self) -> None:
        super().__init__({HFCLKSTAT: RUNNING})

    def write(self, offset: int, value: int) -> None:
        if offset == HFCLKSTART and value & 1:
            self._stored.update({HFCLKSTARTED: 1, HFCLKRUN: 1, HFCLKSTAT: RUNNING | CRYSTAL})
        elif offset == HFCLKSTOP and value & 1:
            self._stored.update({HFCLKRUN: 0, HFCLKSTAT: RUNNING})
        elif offset not in (HFCLKRUN, HFCLKSTAT):
            super().write(offset, value)

    def hclk_hz(self) -> float:
        """Frequency of the core."""
        return HCLK_HZ
