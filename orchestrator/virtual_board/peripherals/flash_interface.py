"""Flash interface (RM0351 chapter 3): access control drives the timing model; programming is not modelled."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

ACR, SR, CR, OPTR = 0x00, 0x10, 0x14, 0x20


@dataclass(frozen=True)
class AccessControl:
    """FLASH_ACR taken apart."""

    wait_states: int
    prefetch: bool
    instruction_cache: bool
    data_cache: bool


class FlashInterface(Peripheral):
    """Tells `on_access_control` whenever the number of wait states or a cache bit is written."""

    def __init__(self, on_access_control: Callable[[AccessControl], None]) -> None:
        super().__init__({ACR: 0x0000_0600, CR: 0xC000_0000, OPTR: 0xFFEF_F8AA})
        self._on_access_control = on_access_control

    def reset(self) -> None:
        super().reset()
        self._tell()

    def write(self, offset: int, value: int) -> None:
        super().write(offset, 0 if offset == SR else value)  # SR: write 1 to clear, and never anything set
        if offset == ACR:
            self._tell()

    def _tell(self) -> None:
        acr = self.stored(ACR)
        self._on_access_control(AccessControl(acr & 7, bool(acr & 1 << 8), bool(acr & 1 << 9), bool(acr & 1 << 10)))
