"""Reset and clock control as all STM32 have it: ready bits follow enables, the clock tree gives real frequencies."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

HSI_HZ = 16_000_000
HSE_HZ = 8_000_000
"""The ST-LINK's MCO on every NUCLEO with one (UM1724 6.7.1, UM1974 6.8.1)."""
LSI_HZ, LSE_HZ = 32_000, 32_768

CR = 0x00
_DIVIDERS_OF_HPRE = (2, 4, 8, 16, 64, 128, 256, 512)


class Rcc(Peripheral):
    """Clocks are ready at once; SWS follows SW; `on_switch` is told when the core's clock may have changed.

    Attributes:
        reset_values: by offset.
        ready_of_enable: bit of RCC_CR -> bit of its ready flag.
        cfgr: offset of RCC_CFGR, whose SW begins at bit 0.
        switch_mask, status_shift: bits of SW, and where SWS begins.
        csr: offset of RCC_CSR, with LSION and LSIRDY; None where they are elsewhere.
    """

    reset_values: ClassVar[Mapping[int, int]]
    ready_of_enable: ClassVar[Mapping[int, int]]
    cfgr: ClassVar[int] = 0x08
    switch_mask: ClassVar[int]
    status_shift: ClassVar[int]
    hpre_shift: ClassVar[int] = 4
    csr: ClassVar[int | None] = None

    def __init__(self, on_switch: Callable[[], None]) -> None:
        super().__init__(self.reset_values)
        self._on_switch = on_switch
        self._uart_hz: dict[int, float] = {}

    def reset(self) -> None:
        super().reset()
        self._uart_hz.clear()

    def write(self, offset: int, value: int) -> None:
        if offset == CR:
            for enable, ready in self.ready_of_enable.items():
                value = value & ~(1 << ready) | ((value >> enable & 1) << ready)
        elif offset == self.cfgr:
            status = self.switch_mask << self.status_shift
            value = value & ~status | (value & self.switch_mask) << self.status_shift
        elif offset == self.csr:
            value = value & ~2 | (value & 1) << 1  # LSIRDY follows LSION
        super().write(offset, value)
        self._uart_hz.clear()
        self._on_switch()

    def is_enabled(self, register: int, bit: int) -> bool:
        """Say whether a peripheral's clock enable bit is set."""
        return bool(self.stored(register) >> bit & 1)

    def hclk_hz(self) -> float:
        """Frequency of the core and the AHB."""
        return self.sysclk_hz() / hpre_divider(self.stored(self.cfgr) >> self.hpre_shift)

    def uart_hz(self, selector: int) -> float:
        """Frequency of the kernel clock of a UART; its family says what the selector is."""
        if selector not in self._uart_hz:
            self._uart_hz[selector] = self._uart_hz_as_configured(selector)
        return self._uart_hz[selector]

    @abstractmethod
    def sysclk_hz(self) -> float:
        """Frequency of SYSCLK as configured."""

    @abstractmethod
    def _uart_hz_as_configured(self, selector: int) -> float: ...


def hpre_divider(bits: int) -> int:
    """Give the divider that the lowest four bits, coded as HPRE, choose."""
    hpre = bits & 0xF
    return 1 if hpre < 8 else _DIVIDERS_OF_HPRE[hpre - 8]


def ppre_divider(bits: int) -> int:
    """Give the divider that the lowest three bits, coded as PPRE, choose."""
    ppre = bits & 7
    return 1 if ppre < 4 else 2 << (ppre - 4)
