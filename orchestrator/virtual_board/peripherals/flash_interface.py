"""What the flash controllers of all chips have in common: access control, keys, one operation at a time."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.peripheral import Peripheral

logger = logging.getLogger(__name__)

ACR = 0x00
KEYS = (0x4567_0123, 0xCDEF_89AB)


class FlashArray(Protocol):
    """The memory behind the interface."""

    def erase(self, first_page: int, pages: int) -> None:
        """Set whole pages to 0xFF."""

    def page_of(self, address: int) -> int:
        """Give the number of the page that an address lies in."""

    def page_bytes(self, page: int) -> int:
        """Give the size of a page."""

    def allow_stores(self, allowed: bool) -> None:
        """Let stores of the core reach `FlashController.store` instead of faulting."""

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        """Program a double word whose content was `before`; False where that was not erased."""

    def restore(self, address: int, before: bytes) -> None:
        """Undo stores that the flash did not take."""

    def hold(self, address: int, content: bytes) -> None:
        """Let a double word become what was programmed."""

    def double_word(self, address: int) -> bytes:
        """Give what the double word at `address` holds."""


@dataclass(frozen=True)
class AccessControl:
    """FLASH_ACR taken apart."""

    wait_states: int
    prefetch: bool
    instruction_cache: bool
    data_cache: bool


def access_control_of(acr: int) -> AccessControl:
    """Take FLASH_ACR apart: STM32L4 and STM32F4 have the same bits."""
    return AccessControl(acr & 0xF, bool(acr & 1 << 8), bool(acr & 1 << 9), bool(acr & 1 << 10))


@dataclass(frozen=True)
class Store:
    """A store of the core to the flash: the memory has taken it, the flash has not yet."""

    address: int
    size_bytes: int
    value: int
    before: bytes


class Lock:
    """The two keys that open a control register; a wrong one closes it until the next reset."""

    def __init__(self) -> None:
        self._keys_seen = 0

    def takes(self, key: int) -> bool:
        """Say whether this was the last of the right keys."""
        if self._keys_seen < len(KEYS) and key == KEYS[self._keys_seen]:
            self._keys_seen += 1
        else:
            logger.warning("a wrong key locks the flash until the next reset")
            self._keys_seen = len(KEYS) + 1
        is_open = self._keys_seen == len(KEYS)
        if is_open:
            self._keys_seen = 0
        return is_open


class FlashController(Peripheral, ABC):
    """The registers through which a chip reads, erases and programs its flash.

    Tells `on_access_control` whenever FLASH_ACR is written. An operation stalls the core for its duration, as when code
    runs from the bank that is worked on.

    Attributes:
        reset_values: by offset.
    """

    reset_values: ClassVar[Mapping[int, int]]

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__(self.reset_values)
        self._on_access_control = on_access_control
        self._clock = clock
        self._clock_hz = clock_hz
        self._array: FlashArray | None = None

    @property
    def wait_states(self) -> int:
        """Wait states as configured."""
        return self.stored(ACR) & 0xF

    def attach(self, array: FlashArray) -> None:
        """Work on `array` from now on."""
        self._array = array

    def reset(self) -> None:
        super().reset()
        if self._array is not None:
            self._array.allow_stores(False)
        self._tell()

    @abstractmethod
    def store(self, address: int, size_bytes: int, value: int) -> None:
        """Note a store of the core while programming is on; the memory is about to take it."""

    def _access_control(self) -> AccessControl:
        return access_control_of(self.stored(ACR))

    def _tell(self) -> None:
        self._on_access_control(self._access_control())

    @property
    def _memory(self) -> FlashArray:
        if self._array is None:
            raise RuntimeError("the flash interface has no flash")
        return self._array

    def _noted(self, address: int, size_bytes: int, value: int) -> Store:
        return Store(address, size_bytes, value, self._memory.double_word(address & ~7))

    def _undo(self, store: Store) -> None:
        self._memory.restore(store.address & ~7, store.before)

    def _raise(self, flags: int) -> None:
        logger.warning("flash operation refused: FLASH_SR 0x%x", flags)

    def _pass(self, duration_s: float) -> None:
        self._clock.sleep_until(self._clock.now() + round(duration_s * self._clock_hz()))


class OneBankController(FlashController):
    """A controller with one key, one status and one control register; BSY is seen once after an operation."""

    keyr: ClassVar[int]
    sr: ClassVar[int]
    cr: ClassVar[int]
    LOCK, BSY = 1 << 31, 1 << 16

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__(on_access_control, clock, clock_hz)
        self._lock = Lock()

    def reset(self) -> None:
        self._lock = Lock()
        super().reset()

    def read(self, offset: int) -> int:
        if offset != self.sr:
            return super().read(offset)
        self._settle()
        status = self.stored(offset)
        self._stored[offset] = status & ~self.BSY
        return status

    def write(self, offset: int, value: int) -> None:
        self._settle()
        if offset == self.sr:
            self._stored[offset] = self.stored(offset) & ~value
        elif offset == self.keyr:
            if self._lock.takes(value):
                self._stored[self.cr] = self.stored(self.cr) & ~self.LOCK
        elif offset == self.cr:
            if not self.stored(self.cr) & self.LOCK:
                self._control(value)
        else:
            super().write(offset, value)
            if offset == ACR:
                self._tell()

    @abstractmethod
    def _settle(self) -> None:
        """Carry out the stores since the last look."""

    @abstractmethod
    def _control(self, value: int) -> None:
        """Take what was written to the control register, which is open."""

    def _raise(self, flags: int) -> None:
        super()._raise(flags)
        self._stored[self.sr] = self.stored(self.sr) | flags

    def _finish(self, duration_s: float, flags: int) -> None:
        self._pass(duration_s)
        self._stored[self.sr] = self.stored(self.sr) | flags | self.BSY
