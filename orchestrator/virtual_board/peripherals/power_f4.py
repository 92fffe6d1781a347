"""Power control of STM32F4 (RM0390 chapter 5) and F7 (RM0385 chapter 4): voltage scale and over-drive, at once."""

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR, CSR = 0x00, 0x04
VOSRDY, OVER_DRIVE, OVER_DRIVE_SWITCHED = 1 << 14, 1 << 16, 1 << 17
"""The latter two are enables in CR and ready flags in CSR."""

_MAX_HZ = {3: (168e6, 180e6), 2: (144e6, 168e6), 1: (120e6, 120e6)}
_MAX_HZ_OF_F7 = {3: (180e6, 216e6), 2: (168e6, 180e6), 1: (144e6, 144e6)}
"""By PWR_CR.VOS, without and with over-drive (DS10693, DS10916, table "General operating conditions")."""


class PowerF4(Peripheral):
    """Over-drive may be switched on only when it is ready."""

    max_hz = _MAX_HZ

    def __init__(self) -> None:
        super().__init__({CR: 0x0000_C000})

    def read(self, offset: int) -> int:
        if offset == CSR:
            ready = self.stored(CR) & OVER_DRIVE
            return self.stored(CSR) | VOSRDY | ready | (OVER_DRIVE_SWITCHED if self._is_over_driven() else 0)
        return super().read(offset)

    def max_hclk_hz(self) -> float:
        """Give the fastest clock that the core's voltage is good for."""
        scale = self.stored(CR) >> 14 & 3
        return self.max_hz[max(scale, 1)][self._is_over_driven()]

    def _is_over_driven(self) -> bool:
        both = OVER_DRIVE | OVER_DRIVE_SWITCHED
        return self.stored(CR) & both == both


class PowerF7(PowerF4):
    """The same registers, faster clocks."""

    max_hz = _MAX_HZ_OF_F7
