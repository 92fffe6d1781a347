"""Reset and clock control of STM32U5 (RM0456, chapter "Reset and clock control")."""

from orchestrator.virtual_board.peripherals.rcc import (
    CR,
    HSE_HZ,
    HSI_HZ,
    LSE_HZ,
    Rcc,
    hpre_divider,
    ppre_divider,
)

ICSCR1, CFGR1, CFGR2, PLL1CFGR, PLL1DIVR = 0x08, 0x1C, 0x20, 0x28, 0x34
AHB2ENR1, AHB3ENR, APB2ENR, APB3ENR, CCIPR1, CSR = 0x8C, 0x94, 0xA4, 0xA8, 0xE0, 0xF4
USART1SEL = 0
"""First of the two bits in CCIPR1."""

MSIS_ON, MSIRGSEL = 1 << 0, 1 << 23
MSIS_HZ = (
    48e6, 24e6, 16e6, 12e6, 4e6, 2e6, 1.33e6, 1e6, 3.072e6, 1.536e6, 1.024e6, 768e3, 400e3, 200e3, 133e3, 100e3,
)  # fmt: skip
"""By ICSCR1.MSISRANGE or CSR.MSISSRANGE."""

_RESET = {CR: MSIS_ON | 1 << 2, PLL1DIVR: 0x0101_0280, CSR: 4 << 12 | 4 << 8, AHB2ENR1: 0xC000_0000}
_READY_OF_ENABLE = {0: 2, 4: 5, 8: 10, 12: 13, 14: 15, 16: 17, 24: 25, 26: 27, 28: 29}
"""MSIS, MSIK, HSI, HSI48, SHSI, HSE, PLL1, PLL2, PLL3."""


class RccU5(Rcc):
    """From MSIS, HSI16, HSE or PLL1."""

    reset_values, ready_of_enable = _RESET, _READY_OF_ENABLE
    cfgr, switch_mask, status_shift = CFGR1, 3, 2

    def hclk_hz(self) -> float:
        return self.sysclk_hz() / hpre_divider(self.stored(CFGR2))

    def sysclk_hz(self) -> float:
        return (self._msis_hz(), HSI_HZ, HSE_HZ, self._pll1_hz())[self.stored(CFGR1) & 3]

    def booster_hz(self) -> float:
        """Frequency at which the booster of the core's voltage is clocked; 0 while the PLL has no source."""
        mboost = self.stored(PLL1CFGR) >> 12 & 0xF
        return self._pll1_source_hz() / (2 * mboost or 1)

    def _uart_hz_as_configured(self, selector: int) -> float:
        """Follow the two bits: PCLK2, SYSCLK, HSI, LSE."""
        pclk2_hz = self.hclk_hz() / ppre_divider(self.stored(CFGR2) >> 8)
        return (pclk2_hz, self.sysclk_hz(), HSI_HZ, LSE_HZ)[self.stored(CCIPR1) >> selector & 3]

    def _msis_hz(self) -> float:
        icscr1 = self.stored(ICSCR1)
        return MSIS_HZ[icscr1 >> 28 if icscr1 & MSIRGSEL else self.stored(CSR) >> 12 & 0xF]

    def _pll1_source_hz(self) -> float:
        return (0.0, self._msis_hz(), float(HSI_HZ), float(HSE_HZ))[self.stored(PLL1CFGR) & 3]

    def _pll1_hz(self) -> float:
        divide = (self.stored(PLL1CFGR) >> 8 & 0xF) + 1
        dividers = self.stored(PLL1DIVR)
        return self._pll1_source_hz() / divide * ((dividers & 0x1FF) + 1) / ((dividers >> 24 & 0x7F) + 1)
