"""The STM32L476 around the core: which peripheral sits where (RM0351 2.2.2) and how they are wired."""

from collections.abc import Callable

from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.chip import Chip, flash_kib
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashInterface
from orchestrator.virtual_board.peripherals.gpio import Gpio
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.power import Power
from orchestrator.virtual_board.peripherals.rcc import AHB2ENR, APB1ENR1, APB2ENR, USART2SEL, Rcc
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS

USART2_EXCEPTION = FIRST_IRQ + 38
"""RM0351 table 58: USART2 is interrupt 38."""

PORT_A, USART2_PINS, USART2_FUNCTION = 0, (2, 3), 7
"""PA2 and PA3 at alternate function 7 reach the ST-LINK's serial line (UM1724 6.8, DS10198 table 17)."""

GPIO_BASE = 0x4800_0000
SIGNATURE_BASE = 0x1FFF_7400
UNIQUE_ID_OFFSET, FLASH_SIZE_OFFSET = 0x190, 0x1E0
"""0x1FFF7590 and 0x1FFF75E0 (RM0351 49.1, 49.2)."""

BOOTLOADER_ID_ADDRESS = 0x1FFF_6FFE
"""AN2606, STM32L476xx: where the ROM bootloader keeps its version."""

DBGMCU_BASE, DBGMCU_REVISION = 0xE004_2000, 0x1007_0000
_GPIO_MODER_RESET = {0: 0xABFF_FFFF, 1: 0xFFFF_FEBF, 7: 0x0000_000F}


class Stm32L4(Chip):
    """The STM32L476; a subclass says where a relative differs."""

    accelerator = ART_64_BITS
    console_exception = USART2_EXCEPTION
    gpio_ports = 8
    rcc: Rcc

    def _build(
        self,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        self.rcc = Rcc(self._check_core_clock)
        self.gpios = [Gpio(_GPIO_MODER_RESET.get(port, 0xFFFF_FFFF)) for port in range(self.gpio_ports)]
        self.power = self._power()
        self.usart = self._console(line, clock, on_byte_read)
        self.flash_interface = FlashInterface(on_access_control, clock, self.rcc.hclk_hz)

    def _max_hclk_hz(self) -> float:
        """Give the fastest clock for the wait states in range 1 (RM0351 3.3.3)."""
        return 16e6 * (self.flash_interface.wait_states + 1)

    def _power(self) -> Power:
        return Power()

    def _console(self, line: SerialLine, clock: BoardClock, on_byte_read: Callable[[], None]) -> Usart:
        return Usart(line, lambda: self.rcc.kernel_hz(USART2SEL), self._usart_pins_are_switched, clock, on_byte_read)

    def _console_mapped(self) -> Mapped:
        return self._gated(0x4000_4400, self.usart, APB1ENR1, 17)

    def _usart_pins_are_switched(self) -> bool:
        return self._are_switched(PORT_A, USART2_PINS, USART2_FUNCTION)

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0x4002_1000, BLOCK_BYTES, self.rcc),
            Mapped(0x4002_2000, BLOCK_BYTES, self.flash_interface),
            self._console_mapped(),
            self._gated(0x4000_7000, self.power, APB1ENR1, 28),
            self._gated(0x4001_0000, Peripheral(), APB2ENR, 0),  # SYSCFG
            *self._gpio_ports(GPIO_BASE, AHB2ENR),
        )

    def _factory_words(self, board: BoardType, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        signature = {UNIQUE_ID_OFFSET + 4 * index: word for index, word in enumerate(unique_id)}
        signature[FLASH_SIZE_OFFSET] = 0xFFFF_0000 | flash_kib(board)
        factory = [Mapped(SIGNATURE_BASE, BLOCK_BYTES, Constant(signature))]
        if board.rom_bootloader is not None:
            identity = DBGMCU_REVISION | board.rom_bootloader.product_id
            factory.append(Mapped(DBGMCU_BASE, BLOCK_BYTES, Constant({0: identity})))
            base = BOOTLOADER_ID_ADDRESS & ~(BLOCK_BYTES - 1)
            version = {(BOOTLOADER_ID_ADDRESS - base) & ~3: board.rom_bootloader.version << 16}
            factory.append(Mapped(base, BLOCK_BYTES, Constant(version)))
        return tuple(factory)
