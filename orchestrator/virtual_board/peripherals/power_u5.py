"""Power control of STM32U5 (RM0456, chapter "Power control"): regulator, voltage ranges and their booster."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR3, VOSR, SVMSR = 0x08, 0x0C, 0x3C
REGSEL, REGS = 1 << 1, 1 << 1
BOOSTRDY, VOSRDY, BOOSTEN = 1 << 14, 1 << 15, 1 << 18
VOS_SHIFT, ACTVOSRDY = 16, 1 << 15

BOOSTER_HZ = (4e6, 16e6)
MAX_HZ_WITHOUT_BOOSTER = 55e6


class PowerU5(Peripheral):
    """A change is done at once, but the booster is never ready without a fitting clock, which `booster_hz` gives."""

    def __init__(self, booster_hz: Callable[[], float]) -> None:
        super().__init__({VOSR: VOSRDY})
        self._booster_hz = booster_hz

    def read(self, offset: int) -> int:
        if offset == VOSR:
            return self.stored(VOSR) | VOSRDY | (BOOSTRDY if self.is_boosted() else 0)
        if offset == SVMSR:
            voltage = self.stored(VOSR) & 3 << VOS_SHIFT
            return voltage | ACTVOSRDY | (REGS if self.stored(CR3) & REGSEL else 0)
        return super().read(offset)

    def voltage_range(self) -> int:
        """Give the range, 1 for the highest voltage to 4, the one after reset."""
        return 4 - (self.stored(VOSR) >> VOS_SHIFT & 3)

    def is_boosted(self) -> bool:
        """Say whether the booster is on and its clock fits."""
        least, most = BOOSTER_HZ
        return bool(self.stored(VOSR) & BOOSTEN) and least <= self._booster_hz() <= most
