"""Reset and clock control of STM32H743 (RM0433 chapter 8), as far as PLL1 and the buses go."""

from orchestrator.virtual_board.peripherals.rcc import CR, HSE_HZ, Rcc, hpre_divider, ppre_divider

CFGR, D1CFGR, D2CFGR, D3CFGR = 0x10, 0x18, 0x1C, 0x20
PLLCKSELR, PLLCFGR, PLL1DIVR, D2CCIP2R, CSR = 0x28, 0x2C, 0x30, 0x54, 0x74
AHB4ENR, APB1LENR, APB4ENR = 0xE0, 0xE8, 0xF4
PCLK1 = 0
"""What UARTs but 1 and 6 run from unless D2CCIP2R.USART234578SEL, bits 0 to 2, says otherwise."""

HSI_HZ, CSI_HZ = 64_000_000, 4_000_000
HSION, HSIKERON, HSIRDY, CSION, CSIRDY, D1CKRDY, D2CKRDY = 1 << 0, 1 << 1, 1 << 2, 1 << 7, 1 << 8, 1 << 14, 1 << 15

_RESET = {
    CR: HSION | HSIKERON | HSIRDY | CSION | CSIRDY | D1CKRDY | D2CKRDY,
    PLLCKSELR: 0x0202_0200, PLLCFGR: 0x01FF_0000, PLL1DIVR: 0x0101_0280,
}  # fmt: skip
_READY_OF_ENABLE = {0: 2, 7: 8, 12: 13, 16: 17, 24: 25, 26: 27, 28: 29}  # HSI, CSI, HSI48, HSE, PLL1, PLL2, PLL3


class RccH7(Rcc):
    """From HSI, CSI, HSE or PLL1; the core's clock is not the AXI bus's."""

    reset_values, ready_of_enable = _RESET, _READY_OF_ENABLE
    cfgr = CFGR
    switch_mask, status_shift = 7, 3
    csr = CSR

    def sysclk_hz(self) -> float:
        return (self._hsi_hz(), CSI_HZ, HSE_HZ, self._pll_hz())[min(self.stored(CFGR) & 7, 3)]

    def hclk_hz(self) -> float:
        """Frequency of the core."""
        return self.sysclk_hz() / hpre_divider(self.stored(D1CFGR) >> 8)

    def axi_divider(self) -> int:
        """By what the AXI bus, and all AHBs, are slower than the core."""
        return hpre_divider(self.stored(D1CFGR))

    def apb_hz(self) -> tuple[float, ...]:
        """Frequencies of APB3, 1, 2 and 4."""
        bits = (self.stored(D1CFGR), self.stored(D2CFGR), self.stored(D2CFGR) >> 4, self.stored(D3CFGR))
        return tuple(self.hclk_hz() / self.axi_divider() / ppre_divider(ppre >> 4) for ppre in bits)

    def _uart_hz_as_configured(self, selector: int) -> float:
        source = self.stored(D2CCIP2R) >> selector & 7
        return {0: self.apb_hz()[1], 3: self._hsi_hz(), 4: CSI_HZ}.get(source, 32_768)

    def _hsi_hz(self) -> float:
        return HSI_HZ / (1 << (self.stored(CR) >> 3 & 3))

    def _pll_hz(self) -> float:
        select, dividers = self.stored(PLLCKSELR), self.stored(PLL1DIVR)
        source_hz = (self._hsi_hz(), CSI_HZ, HSE_HZ, 0)[select & 3]
        divide, multiply, by_p = select >> 4 & 0x3F, (dividers & 0x1FF) + 1, (dividers >> 9 & 0x7F) + 1
        return source_hz / divide * multiply / by_p if divide else 0.0
