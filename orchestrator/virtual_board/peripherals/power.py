"""Power control (RM0351 chapter 5)."""

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR1, CR3, SR2 = 0x00, 0x08, 0x14


class Power(Peripheral):
    """Voltage scaling is done at once: SR2.VOSF always reads 0."""

    def __init__(self) -> None:
        super().__init__({CR1: 0x0000_0200, CR3: 0x0000_8000, SR2: 0x0000_0100})
