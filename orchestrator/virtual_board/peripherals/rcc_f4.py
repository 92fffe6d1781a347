"""Reset and clock control of STM32F446 (RM0390 chapter 6): ready bits follow enables, the clock tree is real."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR, PLLCFGR, CFGR = 0x00, 0x04, 0x08
AHB1ENR, APB1ENR, APB2ENR, CSR = 0x30, 0x40, 0x44, 0x74

HSI_HZ = 16_000_000
HSE_HZ = 8_000_000
"""The ST-LINK's MCO on the NUCLEO-F446RE (UM1724, OSC clock)."""

PLL_FROM_HSE = 1 << 22
_READY_OF_ENABLE = {0: 1, 16: 17, 24: 25, 26: 27, 28: 29}
"""RCC_CR: bit of the enable -> bit of its ready flag (HSI, HSE, PLL, PLLI2S, PLLSAI)."""

_RESET = {CR: 0x0000_0083, PLLCFGR: 0x2400_3010, 0x84: 0x2400_3000, 0x88: 0x2400_3000, CSR: 0x0E00_0000}


class RccF4(Peripheral):
    """Clocks are ready at once; SWS follows SW; `on_switch` is told when the core's clock may have changed."""

    def __init__(self, on_switch: Callable[[], None]) -> None:
        super().__init__(_RESET)
        self._on_switch = on_switch

    def write(self, offset: int, value: int) -> None:
        if offset == CR:
            for enable, ready in _READY_OF_ENABLE.items():
                value = value & ~(1 << ready) | ((value >> enable & 1) << ready)
        elif offset == CFGR:
            value = value & ~0xC | (value & 3) << 2
        elif offset == CSR:
            value = value & ~2 | (value & 1) << 1  # LSIRDY follows LSION
        super().write(offset, value)
        self._on_switch()

    def is_enabled(self, register: int, bit: int) -> bool:
        """Say whether a peripheral's clock enable bit is set."""
        return bool(self.stored(register) >> bit & 1)

    def hclk_hz(self) -> float:
        """Frequency of the core and the AHB."""
        hpre = self.stored(CFGR) >> 4 & 0xF
        return self._sysclk_hz() / (1 if hpre < 8 else (2, 4, 8, 16, 64, 128, 256, 512)[hpre - 8])

    def apb1_divider(self) -> int:
        """By what the clock of APB1 is slower than the core's."""
        return self._apb_divider(10)

    def apb2_divider(self) -> int:
        """By what the clock of APB2 is slower than the core's."""
        return self._apb_divider(13)

    def pclk1_hz(self) -> float:
        """Frequency of APB1, and so of USART2."""
        return self.hclk_hz() / self.apb1_divider()

    def _apb_divider(self, shift: int) -> int:
        ppre = self.stored(CFGR) >> shift & 7
        return 1 if ppre < 4 else 2 << (ppre - 4)

    def _sysclk_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        by_p, by_r = 2 * ((pll >> 16 & 3) + 1), max(pll >> 28 & 7, 2)
        return (HSI_HZ, HSE_HZ, self._vco_hz() / by_p, self._vco_hz() / by_r)[self.stored(CFGR) & 3]

    def _vco_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        source_hz = HSE_HZ if pll & PLL_FROM_HSE else HSI_HZ
        return source_hz / max(pll & 0x3F, 2) * (pll >> 6 & 0x1FF)
