"""Reset and clock control of STM32F4 (RM0390 chapter 6)."""

from orchestrator.virtual_board.peripherals.rcc import CR, HSE_HZ, HSI_HZ, Rcc, ppre_divider

PLLCFGR, CFGR = 0x04, 0x08
AHB1ENR, APB1ENR, APB2ENR, CSR = 0x30, 0x40, 0x44, 0x74
APB1, APB2 = 10, 13
"""A UART's clock is its bus's: where the divider of the bus begins in CFGR."""

PLL_FROM_HSE = 1 << 22

_RESET = {
    CR: 0x0000_0083, PLLCFGR: 0x2400_3010, AHB1ENR: 0x0010_0000, 0x84: 0x2400_3000, 0x88: 0x2400_3000,
    CSR: 0x0E00_0000,
}  # fmt: skip
_READY_OF_ENABLE = {0: 1, 16: 17, 24: 25, 26: 27, 28: 29}  # HSI, HSE, PLL, PLLI2S, PLLSAI


class RccF4(Rcc):
    """From HSI, HSE or the PLL."""

    reset_values, ready_of_enable = _RESET, _READY_OF_ENABLE
    switch_mask, status_shift = 3, 2
    csr = CSR

    def sysclk_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        by_p, by_r = 2 * ((pll >> 16 & 3) + 1), max(pll >> 28 & 7, 2)
        return (HSI_HZ, HSE_HZ, self._vco_hz() / by_p, self._vco_hz() / by_r)[self.stored(CFGR) & 3]

    def bus_hz(self, bus: int) -> float:
        """Frequency of `APB1` or `APB2`."""
        return self.hclk_hz() / ppre_divider(self.stored(CFGR) >> bus)

    def _uart_hz_as_configured(self, selector: int) -> float:
        return self.bus_hz(selector)

    def _vco_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        source_hz = HSE_HZ if pll & PLL_FROM_HSE else HSI_HZ
        return source_hz / max(pll & 0x3F, 2) * (pll >> 6 & 0x1FF)
