"""The STM32F74x and STM32F75x around the core (RM0385 2.2.2): an STM32F4 with the newer USART and a Cortex-M7."""

from dataclasses import replace

from orchestrator.virtual_board.peripherals.flash_interface_f4 import FlashInterfaceF7
from orchestrator.virtual_board.peripherals.power_f4 import PowerF4, PowerF7
from orchestrator.virtual_board.peripherals.rcc_f4 import APB1, APB1ENR
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.stm32 import UartPlace
from orchestrator.virtual_board.stm32f4 import Stm32F4
from orchestrator.virtual_board.timing.flash_timing import CORTEX_M7_4_KIB

SRAM1_AND_SRAM2 = (0x2001_0000, 0x4_0000)
"""256 KiB behind the data cache; DTCM, in front of them, is not."""

UARTS = {  # RM0385, table "STM32F75xxx and STM32F74xxx vector table"; DS10916 (functions)
    "USART2": UartPlace(Usart, 0x4000_4400, (APB1ENR, 17), 38, 7, APB1),
    "USART3": UartPlace(Usart, 0x4000_4800, (APB1ENR, 18), 39, 7, APB1),
}


class Stm32F7(Stm32F4):
    """Flash is read over AXI: the core's own caches are all there is."""

    accelerator = replace(CORTEX_M7_4_KIB, cached_ram=(SRAM1_AND_SRAM2,))
    flash_type = FlashInterfaceF7
    gpio_ports = 11
    unique_id, flash_size = 0x1FF0_F420, 0x1FF0_F442  # RM0385, chapter "Device electronic signature"
    uarts = UARTS
    max_bus_hz = (54e6, 108e6)  # RM0385 5.2

    def _power(self) -> PowerF4:
        return PowerF7()
