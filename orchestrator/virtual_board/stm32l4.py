"""The STM32L4x5 and STM32L4x6 around the core (RM0351 2.2.2)."""

from orchestrator.domain.pin import Pin
from orchestrator.virtual_board.bus import Mapped
from orchestrator.virtual_board.peripherals.flash_interface_l4 import FlashInterfaceL4
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.power_l4 import PowerL4
from orchestrator.virtual_board.peripherals.rcc_l4 import (
    AHB2ENR,
    APB1ENR1,
    APB1ENR2,
    APB2ENR,
    LPUART1SEL,
    USART2SEL,
    USART3SEL,
    RccL4,
)
from orchestrator.virtual_board.peripherals.usart import LowPowerUart, Usart
from orchestrator.virtual_board.stm32 import Stm32, UartPlace
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS

BOOTLOADER_ID_ADDRESS = 0x1FFF_6FFE
"""AN2606, STM32L476xx: where the ROM bootloader keeps its version."""

DBGMCU_BASE, DBGMCU_REVISION = 0xE004_2000, 0x1007_0000
PORT_G = 6
GPIO_MODES = {0: 0xABFF_FFFF, 1: 0xFFFF_FEBF, 7: 0x0000_000F}
UARTS = {  # RM0351 table 58 (vectors); DS10198 table 17 (functions)
    "USART2": UartPlace(Usart, 0x4000_4400, (APB1ENR1, 17), 38, 7, USART2SEL),
    "USART3": UartPlace(Usart, 0x4000_4800, (APB1ENR1, 18), 39, 7, USART3SEL),
    "LPUART1": UartPlace(LowPowerUart, 0x4000_8000, (APB1ENR2, 0), 70, 8, LPUART1SEL),
}


class Stm32L4(Stm32):
    """The STM32L4; a subclass says where a relative differs."""

    accelerator = ART_64_BITS
    rcc_type = RccL4
    flash_type = FlashInterfaceL4
    rcc_base, flash_base = 0x4002_1000, 0x4002_2000
    gpio_base, gpio_enables, gpio_ports = 0x4800_0000, AHB2ENR, 9
    gpio_mode, gpio_modes = 0xFFFF_FFFF, GPIO_MODES
    unique_id, flash_size = 0x1FFF_7590, 0x1FFF_75E0  # RM0351 49.1, 49.2
    uarts = UARTS

    def _further_peripherals(self) -> tuple[Mapped, ...]:
        self.power = self._power()
        return (
            self._gated(0x4000_7000, self.power, (APB1ENR1, 28)),
            self._gated(0x4001_0000, Peripheral(), (APB2ENR, 0)),  # SYSCFG
        )

    def _power(self) -> PowerL4:
        return PowerL4()

    def _max_hclk_hz(self) -> float:
        """Give the fastest clock for the wait states in range 1 (RM0351 3.3.3)."""
        return 16e6 * (self.flash_interface.wait_states + 1)

    def _is_connected(self, pin: Pin) -> bool:
        """PG2 to PG15 hang off VDDIO2."""
        return pin.port != PORT_G or self.power.is_vddio2_valid()

    def _factory_words(self, unique_id: tuple[int, ...]) -> dict[int, int]:
        words = super()._factory_words(unique_id)
        bootloader = self._board.rom_bootloader
        if bootloader is not None:
            words[DBGMCU_BASE] = DBGMCU_REVISION | bootloader.product_id
            words[BOOTLOADER_ID_ADDRESS & ~3] = bootloader.version << 16
        return words
