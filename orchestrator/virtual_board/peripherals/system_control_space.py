"""System control space 0xE000E000 (ARMv7-M ARM B3.2.2): SysTick, NVIC and SCB side by side."""

from orchestrator.virtual_board.peripherals.nvic import Nvic
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.scb import SystemControlBlock
from orchestrator.virtual_board.peripherals.systick import SysTick

FPCCR = 0xF34


class SystemControlSpace(Peripheral):
    """Hands each access to the block it belongs to; reserved words are plain storage."""

    def __init__(self, systick: SysTick, nvic: Nvic, scb: SystemControlBlock) -> None:
        super().__init__()
        self._rest = Peripheral({FPCCR: 0xC000_0000})
        self._blocks = ((0x010, 0x020, systick), (0x100, 0x500, nvic), (0xD00, 0xE00, scb))

    def reset(self) -> None:
        self._rest.reset()
        for _, _, block in self._blocks:
            block.reset()

    def stored(self, offset: int) -> int:
        block, inner = self._at(offset)
        return block.stored(inner)

    def read(self, offset: int) -> int:
        block, inner = self._at(offset)
        return block.read(inner)

    def write(self, offset: int, value: int) -> None:
        block, inner = self._at(offset)
        block.write(inner, value)

    def _at(self, offset: int) -> tuple[Peripheral, int]:
        for start, end, block in self._blocks:
            if start <= offset < end:
                return block, offset - start
        return self._rest, offset
