"""Power control of STM32H743 (RM0433 chapter 6): the supply is chosen once, then the voltage follows at once."""

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR1, CSR1, CR3, D3CR = 0x00, 0x04, 0x0C, 0x18
BYPASS, LDOEN, SCUEN = 1 << 0, 1 << 1, 1 << 2
SUPPLIES = BYPASS | LDOEN | SCUEN
ACTVOSRDY, VOSRDY = 1 << 13, 1 << 13
VOS_SHIFT = 14
SCALE_3 = 1

_MAX_HZ = {3: 400e6, 2: 300e6, 1: 200e6, 0: 200e6}
"""Of the core by D3CR.VOS, scale 1 being 3 (DS12110, table "General operating conditions")."""


class PowerH7(Peripheral):
    """Which supply there is can be said once; a system reset does not change it."""

    def __init__(self) -> None:
        super().__init__({CR1: 0xF000_C000, CSR1: 0x0000_4000, CR3: LDOEN | SCUEN, D3CR: SCALE_3 << VOS_SHIFT})
        self._supply: int | None = None

    def reset(self) -> None:
        super().reset()
        if self._supply is not None:
            self._stored[CR3] = self._supply

    def read(self, offset: int) -> int:
        if offset == CSR1:
            scale = self._scale()
            return (ACTVOSRDY if self._supply is not None else 0) | scale << VOS_SHIFT
        return super().read(offset) | (VOSRDY if offset == D3CR else 0)

    def write(self, offset: int, value: int) -> None:
        if offset == CR3:
            if self._supply is None:
                self._supply = value & SUPPLIES
            value = value & ~SUPPLIES | self._supply
        super().write(offset, value)

    def max_hclk_hz(self) -> float:
        """Give the fastest clock that the core's voltage is good for."""
        return _MAX_HZ[self._scale()]

    def _scale(self) -> int:
        """Without a supply the voltage stays where it is."""
        return self.stored(D3CR) >> VOS_SHIFT & 3 if self._supply is not None else SCALE_3
