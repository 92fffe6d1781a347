"""The STM32H742, H743 and H753 around the core (RM0433 2.3.2)."""

import logging
from dataclasses import replace

from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.peripherals.flash_interface_h7 import FlashInterfaceH7
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.power_h7 import PowerH7
from orchestrator.virtual_board.peripherals.rcc_h7 import AHB4ENR, APB1LENR, APB4ENR, PCLK1, RccH7
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.stm32 import Stm32, UartPlace
from orchestrator.virtual_board.timing.flash_timing import CORTEX_M7_16_KIB

logger = logging.getLogger(__name__)

AXI_SRAM = (0x2400_0000, 0x8_0000)
"""512 KiB behind the data cache; DTCM is not."""

GPIO_MODES = {0: 0xABFF_FFFF, 1: 0xFFFF_FEBF}
UARTS = {  # RM0433, table "NVIC"; DS12110 (functions)
    "USART2": UartPlace(Usart, 0x4000_4400, (APB1LENR, 17), 38, 7, PCLK1),
    "USART3": UartPlace(Usart, 0x4000_4800, (APB1LENR, 18), 39, 7, PCLK1),
}
MAX_APB_HZ = 100e6
MAX_AXI_HZ_PER_WAIT_STATE = 70e6
"""RM0433, table "FLASH recommended number of wait states and programming delay", scale 1; more than 210 MHz never."""


class Stm32H7(Stm32):
    """The core runs at twice the clock of AXI bus and flash."""

    accelerator = replace(CORTEX_M7_16_KIB, cached_ram=(AXI_SRAM,))
    rcc_type = RccH7
    flash_type = FlashInterfaceH7
    rcc_base, flash_base = 0x5802_4400, 0x5200_2000
    gpio_base, gpio_enables, gpio_ports = 0x5802_0000, AHB4ENR, 11
    gpio_mode, gpio_modes = 0xFFFF_FFFF, GPIO_MODES
    unique_id, flash_size = 0x1FF1_E800, 0x1FF1_E880  # RM0433, chapter "Device electronic signature"
    uarts = UARTS
    rcc: RccH7

    def _further_peripherals(self) -> tuple[Mapped, ...]:
        self.power = PowerH7()
        return (
            Mapped(0x5802_4800, BLOCK_BYTES, self.power),
            self._gated(0x5800_0400, Peripheral(), (APB4ENR, 1)),  # SYSCFG
        )

    def _max_hclk_hz(self) -> float:
        for_flash_hz = MAX_AXI_HZ_PER_WAIT_STATE * (self.flash_interface.wait_states + 1)
        return min(min(for_flash_hz, 210e6) * self.rcc.axi_divider(), self.power.max_hclk_hz())

    def _check_core_clock(self) -> None:
        super()._check_core_clock()
        if max(self.rcc.apb_hz()) > MAX_APB_HZ:
            logger.error("the core runs at %.0f MHz, and an APB faster than it may", self.rcc.hclk_hz() / 1e6)
