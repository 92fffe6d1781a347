"""Flash interface (RM0351 chapter 3, the same in RM0432): access control, unlocking, erasing and programming."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.peripheral import Peripheral

logger = logging.getLogger(__name__)

ACR, KEYR, SR, CR, OPTR = 0x00, 0x08, 0x10, 0x14, 0x20
WRP1AR, WRP1BR, WRP2AR, WRP2BR = 0x2C, 0x30, 0x4C, 0x50
KEYS = (0x4567_0123, 0xCDEF_89AB)
PG, PER, BKER, STRT, LOCK = 1 << 0, 1 << 1, 1 << 11, 1 << 16, 1 << 31
PNB_SHIFT, PNB_MASK = 3, 0xFF
EOP, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR = 1 << 0, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
BSY = 1 << 16
ERRORS = 0xC3FA
"""Flags that stop the next operation and are cleared by writing 1."""

PAGES_PER_BANK = 256
DOUBLE_WORD_BYTES = 8
ERASE_S, PROGRAM_S = 0.02202, 0.0000816
"""Typical page erase and double-word programming time (DS10198, table "Flash memory characteristics")."""

UNPROTECTED = 0x0000_00FF
"""WRPxyR whose first page lies behind its last."""


class FlashArray(Protocol):
    """The memory behind the interface."""

    def erase(self, first_page: int, pages: int) -> None:
        """Set whole pages to 0xFF."""

    def page_of(self, address: int) -> int:
        """Give the number of the page that an address lies in."""

    def page_bytes(self, page: int) -> int:
        """Give the size of a page."""

    def allow_stores(self, allowed: bool) -> None:
        """Let stores of the core reach `FlashInterface.store` instead of faulting."""

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


class FlashController(Peripheral, ABC):
    """The registers through which a chip reads, erases and programs its flash."""

    @property
    @abstractmethod
    def wait_states(self) -> int:
        """Wait states as configured."""

    @abstractmethod
    def attach(self, array: FlashArray) -> None:
        """Work on `array` from now on."""

    @abstractmethod
    def store(self, address: int, size_bytes: int, value: int) -> None:
        """Note a store of the core while programming is on; the memory is about to take it."""


@dataclass(frozen=True)
class _Store:
    address: int
    size_bytes: int
    value: int
    before: bytes


class FlashInterface(FlashController):
    """Tells `on_access_control` whenever the number of wait states or a cache bit is written.

    An operation stalls the core for its duration, as when code runs from the bank that is worked on; BSY is seen once.
    """

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        protection = dict.fromkeys((WRP1AR, WRP1BR, WRP2AR, WRP2BR), UNPROTECTED)
        super().__init__({ACR: 0x0000_0600, CR: 0xC000_0000, OPTR: 0xFFEF_F8AA, **protection})
        self._on_access_control = on_access_control
        self._clock = clock
        self._clock_hz = clock_hz
        self._array: FlashArray | None = None
        self._keys_seen = 0
        self._stores: list[_Store] = []

    @property
    def wait_states(self) -> int:
        """Wait states as configured."""
        return self.stored(ACR) & 0xF

    def attach(self, array: FlashArray) -> None:
        """Work on `array` from now on."""
        self._array = array

    def reset(self) -> None:
        for store in reversed(self._stores):  # half a double word is not programmed
            self._memory.restore(store.address & ~7, store.before)
        self._stores.clear()
        self._keys_seen = 0
        super().reset()
        if self._array is not None:
            self._array.allow_stores(False)
        self._tell()

    def read(self, offset: int) -> int:
        if offset == SR:
            self._settle()
            status = self.stored(SR)
            self._stored[SR] = status & ~BSY
            return status
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self._settle()
        if offset == ACR:
            super().write(ACR, value)
            self._tell()
        elif offset == SR:
            self._stored[SR] = self.stored(SR) & ~value
        elif offset == KEYR:
            self._unlock(value)
        elif offset == CR:
            self._control(value)
        else:
            super().write(offset, value)

    def store(self, address: int, size_bytes: int, value: int) -> None:
        """Note a store of the core while PG is set; the memory is about to take it."""
        if len(self._stores) == 2 or (self._stores and self._stores[-1].address != address - 4):
            self._settle()
        self._stores.append(_Store(address, size_bytes, value, self._memory.double_word(address & ~7)))

    @property
    def _memory(self) -> FlashArray:
        if self._array is None:
            raise RuntimeError("the flash interface has no flash")
        return self._array

    def _settle(self) -> None:
        """Carry out the stores since the last look: what becomes of the double word, and which flags are set."""
        if not self._stores:
            return
        stores, self._stores = self._stores, []
        first = stores[0]
        errors = self._errors_of(stores)
        page_is_protected = self._is_protected(self._memory.page_of(first.address))
        if errors or page_is_protected or self.stored(SR) & ERRORS:
            self._memory.restore(first.address & ~7, first.before)
            self._raise(errors or (WRPERR if page_is_protected else PGSERR))
            return
        data = b"".join(store.value.to_bytes(4, "little") for store in stores)
        programmed = self._memory.take_double_word(first.address, data, first.before)
        self._finish(PROGRAM_S, EOP if programmed else PROGERR)

    def _errors_of(self, stores: list[_Store]) -> int:
        if any(store.size_bytes != 4 for store in stores):
            return SIZERR
        first = stores[0].address
        if first % DOUBLE_WORD_BYTES or [store.address for store in stores] != [first, first + 4]:
            return PGAERR
        return 0

    def _unlock(self, key: int) -> None:
        if self._keys_seen < len(KEYS) and key == KEYS[self._keys_seen]:
            self._keys_seen += 1
        else:
            logger.warning("a wrong key locks the flash until the next reset")
            self._keys_seen = len(KEYS) + 1
        if self._keys_seen == len(KEYS):
            self._keys_seen = 0
            self._stored[CR] = self.stored(CR) & ~LOCK

    def _control(self, value: int) -> None:
        if self.stored(CR) & LOCK:
            return
        self._stored[CR] = value & ~STRT
        self._memory.allow_stores(bool(value & PG) and not value & LOCK)
        if value & STRT and value & PER:
            self._erase((value >> PNB_SHIFT & PNB_MASK) + (PAGES_PER_BANK if value & BKER else 0))

    def _erase(self, page: int) -> None:
        if self.stored(SR) & ERRORS:
            self._raise(PGSERR)
        elif self._is_protected(page):
            self._raise(WRPERR)
        else:
            self._memory.erase(page, 1)
            self._finish(ERASE_S, EOP)

    def _is_protected(self, page: int) -> bool:
        bank, number = divmod(page, PAGES_PER_BANK)
        areas = (self.stored(register) for register in ((WRP2AR, WRP2BR) if bank else (WRP1AR, WRP1BR)))
        return any(area & 0xFF <= number <= area >> 16 & 0xFF for area in areas)

    def _raise(self, flags: int) -> None:
        logger.warning("flash operation refused: FLASH_SR 0x%x", flags)
        self._stored[SR] = self.stored(SR) | flags

    def _finish(self, duration_s: float, flags: int) -> None:
        self._clock.sleep_until(self._clock.now() + round(duration_s * self._clock_hz()))
        self._stored[SR] = self.stored(SR) | flags | BSY

    def _access_control(self) -> AccessControl:
        return access_control_of(self.stored(ACR))

    def _tell(self) -> None:
        self._on_access_control(self._access_control())


class FlashInterfaceG0(FlashInterface):
    """STM32G0 (RM0444 chapter 3): one bank, no data cache; the rest is as here."""

    def _access_control(self) -> AccessControl:
        return replace(super()._access_control(), data_cache=False)
