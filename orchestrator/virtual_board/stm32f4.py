"""The STM32F4 around the core (RM0390 2.2.2, RM0368 2.3)."""

import logging

from orchestrator.virtual_board.bus import Mapped
from orchestrator.virtual_board.peripherals.flash_interface_f4 import FlashInterfaceF4
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.power_f4 import PowerF4
from orchestrator.virtual_board.peripherals.rcc_f4 import AHB1ENR, APB1, APB1ENR, APB2, APB2ENR, RccF4
from orchestrator.virtual_board.peripherals.usart_v1 import UsartV1
from orchestrator.virtual_board.stm32 import Stm32, UartPlace
from orchestrator.virtual_board.timing.flash_timing import ART_128_BITS

logger = logging.getLogger(__name__)

GPIO_MODES = {0: 0xA800_0000, 1: 0x0000_0280}
UARTS = {  # RM0390, table "Vector table for STM32F446xx"; DS10693 (functions)
    "USART2": UartPlace(UsartV1, 0x4000_4400, (APB1ENR, 17), 38, 7, APB1),
    "USART3": UartPlace(UsartV1, 0x4000_4800, (APB1ENR, 18), 39, 7, APB1),
}


class Stm32F4(Stm32):
    """The STM32F4 up to the STM32F446."""

    accelerator = ART_128_BITS
    rcc_type = RccF4
    flash_type = FlashInterfaceF4
    rcc_base, flash_base = 0x4002_3800, 0x4002_3C00
    gpio_base, gpio_enables, gpio_ports = 0x4002_0000, AHB1ENR, 8
    gpio_mode, gpio_modes = 0, GPIO_MODES
    unique_id, flash_size = 0x1FFF_7A10, 0x1FFF_7A22  # RM0390, chapter "Device electronic signature"
    uarts = UARTS
    max_bus_hz = (45e6, 90e6)  # APB1 and APB2 (RM0390 6.2)
    rcc: RccF4

    def _further_peripherals(self) -> tuple[Mapped, ...]:
        self.power = self._power()
        return (
            self._gated(0x4000_7000, self.power, (APB1ENR, 28)),
            self._gated(0x4001_3800, Peripheral(), (APB2ENR, 14)),  # SYSCFG
        )

    def _power(self) -> PowerF4:
        return PowerF4()

    def _max_hclk_hz(self) -> float:
        """RM0390, table "Number of wait states according to CPU clock (HCLK) frequency": 2.7 V and more."""
        return min(30e6 * (self.flash_interface.wait_states + 1), self.power.max_hclk_hz())

    def _check_core_clock(self) -> None:
        super()._check_core_clock()
        if self.rcc.bus_hz(APB1) > self.max_bus_hz[0] or self.rcc.bus_hz(APB2) > self.max_bus_hz[1]:
            logger.error("the core runs at %.0f MHz, and APB1 or APB2 faster than it may", self.rcc.hclk_hz() / 1e6)
