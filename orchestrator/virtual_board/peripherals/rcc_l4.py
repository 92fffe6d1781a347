"""Reset and clock control of STM32L4 and L4+ (RM0351 chapter 6)."""

from orchestrator.virtual_board.peripherals.rcc import CR, HSE_HZ, HSI_HZ, LSE_HZ, Rcc, ppre_divider

CFGR, PLLCFGR = 0x08, 0x0C
AHB1ENR, AHB2ENR, APB1ENR1, APB1ENR2, APB2ENR = 0x48, 0x4C, 0x58, 0x5C, 0x60
CCIPR, CSR = 0x88, 0x94
USART2SEL, USART3SEL, LPUART1SEL = 2, 4, 10
"""First of the two bits in CCIPR."""

MSI_HZ = (100e3, 200e3, 400e3, 800e3, 1e6, 2e6, 4e6, 8e6, 16e6, 24e6, 32e6, 48e6)
"""MSI ranges 0 to 11 (RM0351 6.4.1, MSIRANGE)."""

_RESET = {
    CR: 0x0000_0063, 0x04: 0x1000_0000, PLLCFGR: 0x0000_1000, 0x10: 0x0000_1000, 0x14: 0x0000_1000,
    AHB1ENR: 0x0000_0100, CSR: 0x0C00_0600,
}  # fmt: skip
_READY_OF_ENABLE = {0: 1, 8: 10, 16: 17, 24: 25, 26: 27, 28: 29}  # MSI, HSI, HSE, PLL, PLLSAI1, PLLSAI2


class RccL4(Rcc):
    """From HSI16, HSE, MSI or the PLL."""

    reset_values, ready_of_enable = _RESET, _READY_OF_ENABLE
    switch_mask, status_shift = 3, 2
    csr = CSR

    def sysclk_hz(self) -> float:
        return (self._msi_hz(), HSI_HZ, HSE_HZ, self._pll_hz())[self.stored(CFGR) & 3]

    def _uart_hz_as_configured(self, selector: int) -> float:
        """Follow the two bits: PCLK1, SYSCLK, HSI, LSE."""
        pclk1_hz = self.hclk_hz() / ppre_divider(self.stored(CFGR) >> 8)
        return (pclk1_hz, self.sysclk_hz(), HSI_HZ, LSE_HZ)[self.stored(CCIPR) >> selector & 3]

    def _msi_hz(self) -> float:
        cr = self.stored(CR)
        selected = cr >> 4 & 0xF if cr & 8 else self.stored(CSR) >> 8 & 0xF
        return MSI_HZ[min(selected, 11)]

    def _pll_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        source_hz = (0.0, self._msi_hz(), float(HSI_HZ), float(HSE_HZ))[pll & 3]
        divide, multiply = (pll >> 4 & 0xF) + 1, pll >> 8 & 0x7F
        return source_hz / divide * multiply / (2 * ((pll >> 25 & 3) + 1))
