"""The STM32L476 around the core: which peripheral sits where (RM0351 2.2.2) and how they are wired."""

import logging
import struct
from collections.abc import Callable

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.dwt import Dwt
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashInterface
from orchestrator.virtual_board.peripherals.gpio import Gpio
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ, Nvic
from orchestrator.virtual_board.peripherals.peripheral import ClockGated, Peripheral
from orchestrator.virtual_board.peripherals.power import Power
from orchestrator.virtual_board.peripherals.rcc import AHB2ENR, APB1ENR1, APB2ENR, USART2SEL, Rcc
from orchestrator.virtual_board.peripherals.scb import SystemControlBlock
from orchestrator.virtual_board.peripherals.system_control_space import SystemControlSpace
from orchestrator.virtual_board.peripherals.systick import SysTick
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.serial_line import SerialLine

logger = logging.getLogger(__name__)

USART2_EXCEPTION = FIRST_IRQ + 38
"""RM0351 table 58: USART2 is interrupt 38."""

USART2_TX_PIN, USART2_RX_PIN, USART2_FUNCTION = 2, 3, 7
"""PA2 and PA3 at alternate function 7 reach the ST-LINK's serial line (UM1724 6.8, DS10198 table 17)."""

GPIO_BASE = 0x4800_0000
SIGNATURE_BASE = 0x1FFF_7400
UNIQUE_ID_OFFSET, FLASH_SIZE_OFFSET = 0x190, 0x1E0
"""0x1FFF7590 and 0x1FFF75E0 (RM0351 49.1, 49.2)."""

BOOTLOADER_ID_ADDRESS = 0x1FFF_6FFE
"""AN2606, STM32L476xx: where the ROM bootloader keeps its version."""

DBGMCU_BASE, DBGMCU_REVISION = 0xE004_2000, 0x1007_0000
_GPIO_MODER_RESET = {0: 0xABFF_FFFF, 1: 0xFFFF_FEBF, 7: 0x0000_000F}


class Stm32L4:
    """All peripherals, wired; a subclass says where a relative differs.

    Attributes:
        mapped: the peripherals at their addresses.
        usart: the one on the serial line.
    """

    gpio_ports = 8
    console_exception = USART2_EXCEPTION

    def __init__(
        self,
        board: BoardType,
        device_id: str,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
        request_reset: Callable[[], None],
    ) -> None:
        wake = clock.stop_now
        self.rcc = Rcc(self._check_core_clock)
        self.systick = SysTick(clock.now, wake)
        self.nvic = Nvic(wake)
        self.scb = SystemControlBlock(wake, request_reset)
        self.dwt = Dwt(clock.cycles, self.scb.is_trace_enabled)
        self.gpios = [Gpio(_GPIO_MODER_RESET.get(port, 0xFFFF_FFFF)) for port in range(self.gpio_ports)]
        self.power = self._power()
        self.usart = self._console(line, clock, on_byte_read)
        self.flash_interface = FlashInterface(on_access_control, clock, self.rcc.hclk_hz)
        self._rcc_mapped = Mapped(0x4002_1000, BLOCK_BYTES, self.rcc)
        self._factory = self._factory_words(board, device_id)
        self.mapped = (
            *self._bus_peripherals(),
            *self._core_peripherals(),
            *self._factory,
        )

    def reset(self) -> None:
        """Put every peripheral at its reset values."""
        for block in self.mapped:
            block.peripheral.reset()

    def asserted_exceptions(self) -> set[int]:
        """Exception numbers of interrupt lines that are held up at present."""
        return {self.console_exception} if self.usart.has_interrupt() else set()

    def read_factory_words(self, address: int, size_bytes: int) -> bytes | None:
        """Read unique id, flash size or bootloader version; None outside their blocks."""
        for block in self._factory:
            offset = address - block.base
            if 0 <= offset <= block.size_bytes - size_bytes:
                words = (block.peripheral.stored(at) for at in range(0, block.size_bytes, 4))
                return b"".join(word.to_bytes(4, "little") for word in words)[offset : offset + size_bytes]
        return None

    def _max_hclk_hz(self) -> float:
        """Give the fastest clock for the wait states in range 1 (RM0351 3.3.3)."""
        return 16e6 * (self.flash_interface.wait_states + 1)

    def _check_core_clock(self) -> None:
        if self.rcc.hclk_hz() > self._max_hclk_hz():
            logger.error(
                "the core runs at %.0f MHz, but its voltage and the flash's wait states are good for %.0f",
                self.rcc.hclk_hz() / 1e6,
                self._max_hclk_hz() / 1e6,
            )

    def _power(self) -> Power:
        return Power()

    def _console(self, line: SerialLine, clock: BoardClock, on_byte_read: Callable[[], None]) -> Usart:
        return Usart(line, lambda: self.rcc.kernel_hz(USART2SEL), self._usart_pins_are_switched, clock, on_byte_read)

    def _console_mapped(self) -> Mapped:
        return self._gated(0x4000_4400, self.usart, APB1ENR1, 17)

    def _usart_pins_are_switched(self) -> bool:
        port_a = self.gpios[0]
        return all(port_a.has_alternate_function(pin, USART2_FUNCTION) for pin in (USART2_TX_PIN, USART2_RX_PIN))

    def _gated(self, base: int, peripheral: Peripheral, register: int, bit: int) -> Mapped:
        return Mapped(base, BLOCK_BYTES, ClockGated(peripheral, lambda: self.rcc.is_enabled(register, bit)))

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        ports = (
            self._gated(GPIO_BASE + BLOCK_BYTES * port, gpio, AHB2ENR, port) for port, gpio in enumerate(self.gpios)
        )
        return (
            self._rcc_mapped,
            Mapped(0x4002_2000, BLOCK_BYTES, self.flash_interface),
            self._console_mapped(),
            self._gated(0x4000_7000, self.power, APB1ENR1, 28),
            self._gated(0x4001_0000, Peripheral(), APB2ENR, 0),  # SYSCFG
            *ports,
        )

    def _core_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0xE000_0000, 0x1000, Peripheral()),  # ITM
            Mapped(0xE000_1000, 0x1000, self.dwt),
            Mapped(0xE000_E000, 0x1000, SystemControlSpace(self.systick, self.nvic, self.scb)),
        )

    def _factory_words(self, board: BoardType, device_id: str) -> tuple[Mapped, ...]:
        words = struct.unpack(">3I", bytes.fromhex(device_id))
        signature = {UNIQUE_ID_OFFSET + 4 * index: word for index, word in enumerate(words)}
        flash_kib = board.memory(MemoryKind.FLASH).size_bytes // 1024
        signature[FLASH_SIZE_OFFSET] = 0xFFFF_0000 | flash_kib
        factory = [Mapped(SIGNATURE_BASE, BLOCK_BYTES, Constant(signature))]
        if board.rom_bootloader is not None:
            identity = DBGMCU_REVISION | board.rom_bootloader.product_id
            factory.append(Mapped(DBGMCU_BASE, BLOCK_BYTES, Constant({0: identity})))
            base = BOOTLOADER_ID_ADDRESS & ~(BLOCK_BYTES - 1)
            version = {(BOOTLOADER_ID_ADDRESS - base) & ~3: board.rom_bootloader.version << 16}
            factory.append(Mapped(base, BLOCK_BYTES, Constant(version)))
        return tuple(factory)
