"""What Renode must know of a family of chips besides what board.yaml says, by the firmware port.

Addresses and bits from the reference manuals: their memory map, vector table, RCC, PWR, FLASH and device signature
chapters. Only what our firmware touches is here.
"""

from dataclasses import dataclass
from enum import Enum


class UartKind(Enum):
    """Renode's models of UARTs; the value is its type."""

    STM32_V1 = "UART.STM32_UART"
    STM32_V2 = "UART.STM32F7_USART"


@dataclass(frozen=True)
class Uart:
    """A console: Renode's model, first address, interrupt."""

    kind: UartKind
    address: int
    irq: int
    low_power: bool = False


@dataclass(frozen=True)
class Follow:
    """A status bit that shows at once what a control bit asks for; registers by their offset."""

    register: int
    bit: int
    status_register: int
    status_bit: int


@dataclass(frozen=True)
class Registers:
    """A peripheral of which only control registers matter: they keep what is written."""

    name: str
    address: int
    follows: tuple[Follow, ...] = ()


@dataclass(frozen=True)
class Eraser:
    """How FLASH_CR asks for the erasure of one sector.

    Attributes:
        control: offset of FLASH_CR.
        first_bit: of the sector's number, `bits` wide.
        chosen: bits that say that a sector is to be erased, the start bit among them.
        second_bank_bit: says that the number counts from the middle of the flash, where there is such a bit.
    """

    control: int
    first_bit: int
    bits: int
    chosen: int
    second_bank_bit: int | None = None


@dataclass(frozen=True)
class Counter:
    """What the firmware reads core cycles from: a peripheral, and the offset of the count in it."""

    address: int
    count: int


@dataclass(frozen=True)
class Family:
    """Chips that share a firmware port.

    Attributes:
        flash: the flash's registers.
        signature: first address of the factory's words; `unique_id` and `flash_kib` lie in it.
        priority_bits: of an interrupt.
    """

    uarts: dict[str, Uart]
    registers: tuple[Registers, ...]
    flash: Registers
    eraser: Eraser
    signature: int
    unique_id: int
    flash_kib: int
    priority_bits: int = 4
    counter: Counter = Counter(0xE000_1000, 4)  # DWT_CYCCNT (ARMv7-M ARM, C1.8.8)


def _same(register: int, *pairs: tuple[int, int]) -> tuple[Follow, ...]:
    """Status bits in the register of their control bits: pairs of both."""
    return tuple(Follow(register, control, register, status) for control, status in pairs)


# RCC_CR: HSION and HSIRDY, PLLON and PLLRDY. RCC_CFGR: SW and SWS.
_RCC_L4 = (*_same(0x00, (8, 10), (24, 25)), *_same(0x08, (0, 2), (1, 3)))
_RCC_F4 = (*_same(0x00, (0, 1), (24, 25)), *_same(0x08, (0, 2), (1, 3)))
_RCC_G0 = (*_same(0x00, (8, 10), (24, 25)), *_same(0x08, (0, 3), (1, 4), (2, 5)))

_STM32L4 = Family(
    uarts={"USART2": Uart(UartKind.STM32_V2, 0x4000_4400, 38)},
    registers=(Registers("rcc", 0x4002_1000, _RCC_L4),),
    flash=Registers("flash_registers", 0x4002_2000),
    eraser=Eraser(control=0x14, first_bit=3, bits=8, chosen=1 << 16 | 1 << 1, second_bank_bit=11),
    signature=0x1FFF_7000,
    unique_id=0x1FFF_7590,
    flash_kib=0x1FFF_75E0,
)

FAMILIES: dict[str, Family] = {
    "stm32l4": _STM32L4,  # RM0351
    "stm32l4plus": Family(  # RM0432
        uarts={"LPUART1": Uart(UartKind.STM32_V2, 0x4000_8000, 70, low_power=True)},
        registers=(Registers("rcc", 0x4002_1000, _RCC_L4), Registers("power", 0x4000_7000)),
        flash=_STM32L4.flash,
        eraser=_STM32L4.eraser,
        signature=_STM32L4.signature,
        unique_id=_STM32L4.unique_id,
        flash_kib=_STM32L4.flash_kib,
    ),
    "stm32f4": Family(  # RM0390; PWR_CSR shows the over-drive that PWR_CR asks for
        uarts={"USART2": Uart(UartKind.STM32_V1, 0x4000_4400, 38)},
        registers=(
            Registers("rcc", 0x4002_3800, _RCC_F4),
            Registers("power", 0x4000_7000, (Follow(0x00, 16, 0x04, 16), Follow(0x00, 17, 0x04, 17))),
        ),
        flash=Registers("flash_registers", 0x4002_3C00),
        eraser=Eraser(control=0x10, first_bit=3, bits=4, chosen=1 << 16 | 1 << 1),
        signature=0x1FFF_7000,
        unique_id=0x1FFF_7A10,
        flash_kib=0x1FFF_7A22,
    ),
    "stm32g0": Family(  # RM0444; TIM2 counts for the Cortex-M0+, which has no DWT_CYCCNT
        uarts={"USART2": Uart(UartKind.STM32_V2, 0x4000_4400, 28)},
        registers=(Registers("rcc", 0x4002_1000, _RCC_G0),),
        flash=Registers("flash_registers", 0x4002_2000),
        eraser=Eraser(control=0x14, first_bit=3, bits=10, chosen=1 << 16 | 1 << 1),
        signature=0x1FFF_7000,
        unique_id=0x1FFF_7590,
        flash_kib=0x1FFF_75E0,
        priority_bits=2,
        counter=Counter(0x4000_0000, 0x24),
    ),
}
