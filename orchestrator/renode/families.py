"""What Renode must know of a family of chips besides what board.yaml says, by the firmware port.

Addresses and bits from the reference manuals: their memory map, vector table, RCC, PWR, FLASH and device signature
chapters. Only what our firmware touches is here.
"""

from dataclasses import dataclass, replace
from enum import Enum


class UartKind(Enum):
    """Renode's models of UARTs; the value is its type."""

    STM32_V1 = "UART.STM32_UART"
    STM32_V2 = "UART.STM32F7_USART"
    NRF = "UART.NRF52840_UART"


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
    """A peripheral of which only control registers matter: they keep what is written.

    `reset` are values after reset that matter, as pairs of offset and value.
    """

    name: str
    address: int
    follows: tuple[Follow, ...] = ()
    reset: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class SectorEraser:
    """A control register of an STM32's flash that asks for the erasure of a sector.

    Attributes:
        control: offset of FLASH_CR.
        status: offset of FLASH_SR.
        first_bit: of the sector's number, `bits` wide.
        chosen: bits that say that a sector is to be erased, the start bit among them.
        second_bank_bit: says that the number counts from the middle of the flash, where there is such a bit.
        is_second_bank: every number counts from there, because each bank has registers of its own.
    """

    control: int
    status: int
    first_bit: int
    bits: int
    chosen: int
    second_bank_bit: int | None = None
    is_second_bank: bool = False


@dataclass(frozen=True)
class AddressEraser:
    """A register (by its offset) that takes the address of the page to be erased."""

    register: int


@dataclass(frozen=True)
class Counter:
    """What the firmware reads core cycles from: a peripheral, and the offset of the count in it."""

    address: int
    count: int


@dataclass(frozen=True)
class Signature:
    """What the factory has written: a block of memory, and where in it our firmware reads what, None: nowhere."""

    address: int
    unique_id: int
    unique_id_bytes: int = 12
    flash_kib: int | None = None
    page_bytes: int | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Family:
    """Chips that share a firmware port; `priority_bits` are those of an interrupt."""

    uarts: dict[str, Uart]
    registers: tuple[Registers, ...]
    flash: Registers
    erasers: tuple[SectorEraser | AddressEraser, ...]
    signature: Signature
    priority_bits: int = 4
    counter: Counter = Counter(0xE000_1000, 4)  # DWT_CYCCNT (ARMv7-M ARM, C1.8.8)


def _same(register: int, *pairs: tuple[int, int]) -> tuple[Follow, ...]:
    """Status bits in the register of their control bits: pairs of both."""
    return tuple(Follow(register, control, register, status) for control, status in pairs)


# RCC_CR: HSION and HSIRDY, PLLON and PLLRDY. RCC_CFGR: SW and SWS.
_RCC_L4 = (*_same(0x00, (8, 10), (24, 25)), *_same(0x08, (0, 2), (1, 3)))
_RCC_F4 = (*_same(0x00, (0, 1), (24, 25)), *_same(0x08, (0, 2), (1, 3)))
_RCC_G0 = (*_same(0x00, (8, 10), (24, 25)), *_same(0x08, (0, 3), (1, 4), (2, 5)))
_RCC_U5 = (*_same(0x00, (8, 10), (24, 25)), *_same(0x1C, (0, 2), (1, 3)))
_RCC_H7 = (*_same(0x00, (0, 2), (24, 25)), *_same(0x10, (0, 3), (1, 4), (2, 5)))

# PWR_CR: ODEN and ODSWEN; PWR_CSR: ODRDY and ODSWRDY.
_OVER_DRIVE = (Follow(0x00, 16, 0x04, 16), Follow(0x00, 17, 0x04, 17))
# PWR_CR3: REGSEL, PWR_SVMSR: REGS; PWR_VOSR: VOS and VOSRDY, BOOSTEN and BOOSTRDY.
_POWER_U5 = (Follow(0x08, 1, 0x3C, 1), *_same(0x0C, (16, 15), (18, 14)))

_ERASE_PAGE = 1 << 16 | 1 << 1  # STRT; PER, or SER of the families with sectors
_L4_ERASER = SectorEraser(control=0x14, status=0x10, first_bit=3, bits=8, chosen=_ERASE_PAGE, second_bank_bit=11)
_F4_ERASER = SectorEraser(control=0x10, status=0x0C, first_bit=3, bits=4, chosen=_ERASE_PAGE)
_H7_ERASER = SectorEraser(control=0x0C, status=0x10, first_bit=8, bits=3, chosen=1 << 7 | 1 << 2)

_L4_SIGNATURE = Signature(0x1FFF_7000, unique_id=0x1FFF_7590, flash_kib=0x1FFF_75E0)
_USART_2_AND_3 = {
    "USART2": Uart(UartKind.STM32_V2, 0x4000_4400, 38),
    "USART3": Uart(UartKind.STM32_V2, 0x4000_4800, 39),
}
_L4_UARTS = {**_USART_2_AND_3, "LPUART1": Uart(UartKind.STM32_V2, 0x4000_8000, 70, low_power=True)}

FAMILIES: dict[str, Family] = {
    "stm32l4": Family(  # RM0351
        uarts=_L4_UARTS,
        registers=(Registers("rcc", 0x4002_1000, _RCC_L4), Registers("power", 0x4000_7000)),
        flash=Registers("flash_registers", 0x4002_2000),
        erasers=(_L4_ERASER,),
        signature=_L4_SIGNATURE,
    ),
    "stm32l4plus": Family(  # RM0432; FLASH_OPTR: DBANK
        uarts=_L4_UARTS,
        registers=(Registers("rcc", 0x4002_1000, _RCC_L4), Registers("power", 0x4000_7000)),
        flash=Registers("flash_registers", 0x4002_2000, reset=((0x20, 1 << 22),)),
        erasers=(_L4_ERASER,),
        signature=_L4_SIGNATURE,
    ),
    "stm32f4": Family(  # RM0390
        uarts={
            "USART2": Uart(UartKind.STM32_V1, 0x4000_4400, 38),
            "USART3": Uart(UartKind.STM32_V1, 0x4000_4800, 39),
        },
        registers=(Registers("rcc", 0x4002_3800, _RCC_F4), Registers("power", 0x4000_7000, _OVER_DRIVE)),
        flash=Registers("flash_registers", 0x4002_3C00),
        erasers=(_F4_ERASER,),
        signature=Signature(0x1FFF_7000, unique_id=0x1FFF_7A10, flash_kib=0x1FFF_7A22),
    ),
    "stm32f7": Family(  # RM0385
        uarts=_USART_2_AND_3,
        registers=(Registers("rcc", 0x4002_3800, _RCC_F4), Registers("power", 0x4000_7000, _OVER_DRIVE)),
        flash=Registers("flash_registers", 0x4002_3C00),
        erasers=(_F4_ERASER,),
        signature=Signature(0x1FF0_F000, unique_id=0x1FF0_F420, flash_kib=0x1FF0_F442),
    ),
    "stm32h7": Family(  # RM0433; PWR_CSR1: ACTVOSRDY, PWR_D3CR: VOSRDY
        uarts=_USART_2_AND_3,
        registers=(
            Registers("rcc", 0x5802_4400, _RCC_H7),
            Registers("power", 0x5802_4800, reset=((0x04, 1 << 13), (0x18, 1 << 13))),
        ),
        flash=Registers("flash_registers", 0x5200_2000),
        erasers=(_H7_ERASER, replace(_H7_ERASER, control=0x10C, status=0x110, is_second_bank=True)),
        signature=Signature(0x1FF1_E000, unique_id=0x1FF1_E800, flash_kib=0x1FF1_E880),
    ),
    "stm32u5": Family(  # RM0456; FLASH_OPTR: DUALBANK
        uarts={"USART1": Uart(UartKind.STM32_V2, 0x4001_3800, 61)},
        registers=(
            Registers("rcc", 0x4602_0C00, _RCC_U5),
            Registers("power", 0x4602_0800, _POWER_U5),
            Registers("icache", 0x4003_0400),
        ),
        flash=Registers("flash_registers", 0x4002_2000, reset=((0x40, 1 << 21),)),
        erasers=(replace(_L4_ERASER, control=0x28, status=0x20),),
        signature=Signature(0x0BFA_0000, unique_id=0x0BFA_0700, flash_kib=0x0BFA_07A0),
    ),
    "stm32g0": Family(  # RM0444; TIM2 counts for the Cortex-M0+, which has no DWT_CYCCNT
        uarts={"USART2": Uart(UartKind.STM32_V2, 0x4000_4400, 28)},
        registers=(Registers("rcc", 0x4002_1000, _RCC_G0),),
        flash=Registers("flash_registers", 0x4002_2000),
        erasers=(SectorEraser(control=0x14, status=0x10, first_bit=3, bits=10, chosen=_ERASE_PAGE),),
        signature=_L4_SIGNATURE,
        priority_bits=2,
        counter=Counter(0x4000_0000, 0x24),
    ),
    "nrf52": Family(  # nRF52840 product specification; CLOCK: HFCLKSTARTED, NVMC: READY, FICR
        uarts={"UART0": Uart(UartKind.NRF, 0x4000_2000, 2)},
        registers=(Registers("clock", 0x4000_0000, (Follow(0x000, 0, 0x100, 0),)),),
        flash=Registers("flash_registers", 0x4001_E000, reset=((0x400, 1),)),
        erasers=(AddressEraser(0x508),),
        signature=Signature(
            0x1000_0000, unique_id=0x1000_0060, unique_id_bytes=8, page_bytes=0x1000_0010, pages=0x1000_0014
        ),
        priority_bits=3,
    ),
}
