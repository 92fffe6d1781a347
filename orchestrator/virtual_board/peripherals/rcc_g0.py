"""Reset and clock control of STM32G0 (RM0444 chapter 5): ready bits follow enables, the clock tree is real."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR, CFGR, PLLCFGR = 0x00, 0x08, 0x0C
IOPENR, AHBENR, APBENR1, APBENR2, CCIPR, CSR = 0x34, 0x38, 0x3C, 0x40, 0x54, 0x60

HSI_HZ = 16_000_000
HSE_HZ = 8_000_000
LSI_HZ, LSE_HZ = 32_000, 32_768

_READY_OF_ENABLE = {8: 10, 16: 17, 24: 25}
"""RCC_CR: bit of the enable -> bit of its ready flag (HSI, HSE, PLL)."""

_RESET = {CR: 0x0000_0500, 0x04: 0x0000_4000, PLLCFGR: 0x0000_1000, AHBENR: 0x0000_0100}


class RccG0(Peripheral):
    """Clocks are ready at once; SWS follows SW; `on_switch` is told when the core's clock may have changed."""

    def __init__(self, on_switch: Callable[[], None]) -> None:
        super().__init__(_RESET)
        self._on_switch = on_switch

    def write(self, offset: int, value: int) -> None:
        if offset == CR:
            for enable, ready in _READY_OF_ENABLE.items():
                value = value & ~(1 << ready) | ((value >> enable & 1) << ready)
        elif offset == CFGR:
            value = value & ~(7 << 3) | (value & 7) << 3
        elif offset == CSR:
            value = value & ~2 | (value & 1) << 1  # LSIRDY follows LSION
        super().write(offset, value)
        self._on_switch()

    def is_enabled(self, register: int, bit: int) -> bool:
        """Say whether a peripheral's clock enable bit is set."""
        return bool(self.stored(register) >> bit & 1)

    def hclk_hz(self) -> float:
        """Frequency of the core and the AHB."""
        hpre = self.stored(CFGR) >> 8 & 0xF
        return self._sysclk_hz() / (1 if hpre < 8 else (2, 4, 8, 16, 64, 128, 256, 512)[hpre - 8])

    def usart2_hz(self) -> float:
        """Follow CCIPR.USART2SEL: PCLK, SYSCLK, HSI16, LSE."""
        ppre = self.stored(CFGR) >> 12 & 7
        pclk_hz = self.hclk_hz() / (1 if ppre < 4 else 2 << (ppre - 4))
        return (pclk_hz, self._sysclk_hz(), HSI_HZ, LSE_HZ)[self.stored(CCIPR) >> 2 & 3]

    def _sysclk_hz(self) -> float:
        hsisys_hz = HSI_HZ / (1 << (self.stored(CR) >> 11 & 7))
        sources = (hsisys_hz, HSE_HZ, self._pll_hz(), LSI_HZ, LSE_HZ)
        return sources[min(self.stored(CFGR) & 7, len(sources) - 1)]

    def _pll_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        source_hz = (0, 0, HSI_HZ, HSE_HZ)[pll & 3]
        return source_hz / ((pll >> 4 & 7) + 1) * (pll >> 8 & 0x7F) / ((pll >> 29 & 7) + 1)
