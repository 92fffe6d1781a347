"""Reset and clock control (RM0351 chapter 6): ready bits follow enables, the clock tree gives real frequencies."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR, CFGR, PLLCFGR = 0x00, 0x08, 0x0C
AHB1ENR, AHB2ENR, APB1ENR1, APB1ENR2, APB2ENR = 0x48, 0x4C, 0x58, 0x5C, 0x60
USART2SEL, LPUART1SEL = 2, 10
CCIPR, CSR = 0x88, 0x94

HSI_HZ = 16_000_000
HSE_HZ = 8_000_000
"""The ST-LINK's MCO on the NUCLEO-L476RG (UM1724 6.7.1)."""
MSI_HZ = (100e3, 200e3, 400e3, 800e3, 1e6, 2e6, 4e6, 8e6, 16e6, 24e6, 32e6, 48e6)
"""MSI ranges 0 to 11 (RM0351 6.4.1, MSIRANGE)."""

_READY_OF_ENABLE = {0: 1, 8: 10, 16: 17, 24: 25, 26: 27, 28: 29}
"""RCC_CR: bit of the enable -> bit of its ready flag (MSI, HSI, HSE, PLL, PLLSAI1, PLLSAI2)."""

_RESET = {
    CR: 0x0000_0063, 0x04: 0x1000_0000, PLLCFGR: 0x0000_1000, 0x10: 0x0000_1000, 0x14: 0x0000_1000,
    AHB1ENR: 0x0000_0100, CSR: 0x0C00_0600,
}  # fmt: skip


class Rcc(Peripheral):
    """Clocks are ready at once; SWS follows SW; `on_switch` is told when the core's clock may have changed."""

    def __init__(self, on_switch: Callable[[], None]) -> None:
        super().__init__(_RESET)
        self._on_switch = on_switch
        self._kernel_hz: dict[int, float] = {}

    def reset(self) -> None:
        super().reset()
        self._kernel_hz.clear()

    def write(self, offset: int, value: int) -> None:
        if offset == CR:
            for enable, ready in _READY_OF_ENABLE.items():
                value = value & ~(1 << ready) | ((value >> enable & 1) << ready)
        elif offset == CFGR:
            value = value & ~0xC | (value & 3) << 2
        elif offset == CSR:
            value = value & ~2 | (value & 1) << 1  # LSIRDY follows LSION
        super().write(offset, value)
        self._kernel_hz.clear()
        self._on_switch()

    def is_enabled(self, register: int, bit: int) -> bool:
        """Say whether a peripheral's clock enable bit is set."""
        return bool(self.stored(register) >> bit & 1)

    def sysclk_hz(self) -> float:
        """Frequency of SYSCLK as configured."""
        source = self.stored(CFGR) & 3
        return (self._msi_hz(), HSI_HZ, HSE_HZ, self._pll_hz())[source]

    def hclk_hz(self) -> float:
        """Frequency of the core and the AHB (HPRE applied)."""
        hpre = self.stored(CFGR) >> 4 & 0xF
        return self.sysclk_hz() / (1 if hpre < 8 else (2, 4, 8, 16, 64, 128, 256, 512)[hpre - 8])

    def kernel_hz(self, selector: int) -> float:
        """Frequency of a UART's kernel clock; `selector` is the first of its two bits in CCIPR."""
        if selector not in self._kernel_hz:
            self._kernel_hz[selector] = self._kernel_hz_as_configured(selector)
        return self._kernel_hz[selector]

    def _kernel_hz_as_configured(self, selector: int) -> float:
        """Follow the two bits: PCLK1, SYSCLK, HSI, LSE."""
        select = self.stored(CCIPR) >> selector & 3
        ppre1 = self.stored(CFGR) >> 8 & 7
        pclk1_hz = self.hclk_hz() / (1 if ppre1 < 4 else 2 << (ppre1 - 4))
        return (pclk1_hz, self.sysclk_hz(), float(HSI_HZ), 32_768.0)[select]

    def _msi_hz(self) -> float:
        cr = self.stored(CR)
        selected = cr >> 4 & 0xF if cr & 8 else self.stored(CSR) >> 8 & 0xF
        return MSI_HZ[min(selected, 11)]

    def _pll_hz(self) -> float:
        pll = self.stored(PLLCFGR)
        source_hz = (0.0, self._msi_hz(), float(HSI_HZ), float(HSE_HZ))[pll & 3]
        divide, multiply = (pll >> 4 & 0xF) + 1, pll >> 8 & 0x7F
        return source_hz / divide * multiply / (2 * ((pll >> 25 & 3) + 1))
