"""The STM32U575 around the core, TrustZone off (RM0456, memory map)."""

from collections.abc import Callable

from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.peripherals.flash_interface_u5 import FlashInterfaceU5
from orchestrator.virtual_board.peripherals.icache import Icache
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.power_u5 import MAX_HZ_WITHOUT_BOOSTER, PowerU5
from orchestrator.virtual_board.peripherals.rcc_u5 import AHB2ENR1, AHB3ENR, APB2ENR, APB3ENR, USART1SEL, RccU5
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.stm32 import Stm32, UartPlace
from orchestrator.virtual_board.timing.flash_timing import ICACHE_OF_U5

GPIO_MODES = {0: 0xABFF_FFFF, 1: 0xFFFF_FEBF}
UARTS = {  # RM0456, table "Vector table"; DS13737 (functions)
    "USART1": UartPlace(Usart, 0x4001_3800, (APB2ENR, 14), 61, 7, USART1SEL),
}

HZ_PER_WAIT_STATE = {1: 32e6, 2: 25e6, 3: 12.5e6, 4: 8e6}
MAX_HZ = {1: 160e6, 2: 100e6, 3: 50e6, 4: 24e6}
"""By voltage range (RM0456, chapters "Embedded flash memory" and "Power control")."""


class Stm32U5(Stm32):
    """The STM32U575."""

    accelerator = ICACHE_OF_U5
    rcc_type = RccU5
    flash_type = FlashInterfaceU5
    rcc_base, flash_base = 0x4602_0C00, 0x4002_2000
    gpio_base, gpio_enables, gpio_ports = 0x4202_0000, AHB2ENR1, 9
    gpio_mode, gpio_modes = 0xFFFF_FFFF, GPIO_MODES
    unique_id, flash_size = 0x0BFA_0700, 0x0BFA_07A0  # RM0456, chapter "Device electronic signature"
    uarts = UARTS

    rcc: RccU5
    flash_interface: FlashInterfaceU5

    def _build(
        self,
        board: BoardType,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        super()._build(board, line, clock, on_access_control, on_byte_read)
        self.power = PowerU5(self.rcc.booster_hz)
        self.icache = Icache(self.flash_interface.tell, on_byte_read)
        self.flash_interface.is_cached = self.icache.is_on

    def _further_peripherals(self) -> tuple[Mapped, ...]:
        return (
            self._gated(0x4602_0800, self.power, (AHB3ENR, 2)),
            self._gated(0x4600_0400, Peripheral(), (APB3ENR, 1)),  # SYSCFG
            Mapped(0x4003_0400, BLOCK_BYTES, self.icache),
        )

    def _max_hclk_hz(self) -> float:
        voltage_range = self.power.voltage_range()
        for_flash_hz = HZ_PER_WAIT_STATE[voltage_range] * (self.flash_interface.wait_states + 1)
        for_voltage_hz = MAX_HZ[voltage_range] if self.power.is_boosted() else MAX_HZ_WITHOUT_BOOSTER
        return min(for_flash_hz, for_voltage_hz, MAX_HZ[voltage_range])
