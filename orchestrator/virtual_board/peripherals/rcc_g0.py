"""Reset and clock control of STM32G0 (RM0444 chapter 5)."""

from orchestrator.virtual_board.peripherals.rcc import CR, HSE_HZ, HSI_HZ, LSE_HZ, LSI_HZ, Rcc, ppre_divider

CFGR, PLLCFGR = 0x08, 0x0C
IOPENR, AHBENR, APBENR1, APBENR2, CCIPR, CSR = 0x34, 0x38, 0x3C, 0x40, 0x54, 0x60
USART2SEL = 2
"""First of the two bits in CCIPR."""

_RESET = {CR: 0x0000_0500, 0x04: 0x0000_4000, PLLCFGR: 0x0000_1000, AHBENR: 0x0000_0100}
_READY_OF_ENABLE = {8: 10, 16: 17, 24: 25}  # HSI, HSE, PLL


class RccG0(Rcc):
    """From HSI16, HSE, LSI, LSE or the PLL."""

    reset_values, ready_of_enable = _RESET, _READY_OF_ENABLE
    switch_mask, status_shift = 7, 3
    hpre_shift = 8
    csr = CSR

    def sysclk_hz(self) -> float:
        hsisys_hz = HSI_HZ / (1 << (self.stored(CR) >> 11 & 7))
        sources = (hsisys_hz, HSE_HZ, self._pll_hz(), LSI_HZ, LSE_HZ)
        return sources[min(self.stored(CFGR) & 7, len(sources) - 1)]

    def _uart_hz_as_configured(self, selector: int) -> float:
        """Follow the two bits: PCLK, SYSCLK, HSI16, LSE."""
        pclk_hz = self.hclk_hz() / ppre_divider(self.stored(CFGR) >> 12)
        return (pclk_hz, self.sysclk_hz(), HSI_HZ, LSE_HZ)[self.stored(CCIPR) >> selector & 3]

    def _pll_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        source_hz = (0, 0, HSI_HZ, HSE_HZ)[pll & 3]
        return source_hz / ((pll >> 4 & 7) + 1) * (pll >> 8 & 0x7F) / ((pll >> 29 & 7) + 1)
