"""Flash interface of STM32F446 (RM0390 chapter 3): unlocking, sectors, programming by what PSIZE says."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import (
    KEYS,
    AccessControl,
    FlashArray,
    FlashController,
    access_control_of,
)

logger = logging.getLogger(__name__)

ACR, KEYR, SR, CR, OPTCR = 0x00, 0x04, 0x0C, 0x10, 0x14
PG, SER, STRT, EOPIE, LOCK = 1 << 0, 1 << 1, 1 << 16, 1 << 24, 1 << 31
SNB_SHIFT, PSIZE_SHIFT, PROTECTION_SHIFT = 3, 8, 16
EOP, WRPERR, PGAERR, PGPERR, BSY = 1 << 0, 1 << 4, 1 << 5, 1 << 6, 1 << 16
OPTCR_RESET = 0x0FFF_AAED
DOUBLE_WORD_BYTES = 8

ERASE_S = {16 * 1024: 0.25, 64 * 1024: 0.55, 128 * 1024: 1.0}
PROGRAM_S = 0.000016
"""Typical times of a sector by its size, and of one store (DS10693, table "Flash memory programming", x32)."""


@dataclass(frozen=True)
class _Store:
    address: int
    size_bytes: int
    value: int
    before: bytes

    @property
    def double_word(self) -> int:
        return self.address & ~(DOUBLE_WORD_BYTES - 1)

    def programmed(self) -> bytes:
        """Give the double word with the bits that the store clears: programming cannot set any."""
        bits = int.from_bytes(self.before, "little")
        shift = 8 * (self.address % DOUBLE_WORD_BYTES)
        kept = ((1 << (8 * self.size_bytes)) - 1 & ~self.value) << shift
        return (bits & ~kept).to_bytes(DOUBLE_WORD_BYTES, "little")


class FlashInterfaceF4(FlashController):
    """Tells `on_access_control` whenever FLASH_ACR is written; an operation stalls the core, BSY is seen once."""

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__({ACR: 0, CR: LOCK, OPTCR: OPTCR_RESET})
        self._on_access_control = on_access_control
        self._clock = clock
        self._clock_hz = clock_hz
        self._array: FlashArray | None = None
        self._keys_seen = 0
        self._store: _Store | None = None

    @property
    def wait_states(self) -> int:
        return self.stored(ACR) & 0xF

    def attach(self, array: FlashArray) -> None:
        self._array = array

    def reset(self) -> None:
        if self._store is not None:
            self._memory.restore(self._store.double_word, self._store.before)
        self._store, self._keys_seen = None, 0
        super().reset()
        if self._array is not None:
            self._array.allow_stores(False)
        self._on_access_control(access_control_of(self.stored(ACR)))

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
            self._on_access_control(access_control_of(value))
        elif offset == SR:
            self._stored[SR] = self.stored(SR) & ~value
        elif offset == KEYR:
            self._unlock(value)
        elif offset == CR:
            self._control(value)
        else:
            super().write(offset, value)

    def store(self, address: int, size_bytes: int, value: int) -> None:
        self._settle()
        before = self._memory.double_word(address & ~(DOUBLE_WORD_BYTES - 1))
        self._store = _Store(address, size_bytes, value, before)

    @property
    def _memory(self) -> FlashArray:
        if self._array is None:
            raise RuntimeError("the flash interface has no flash")
        return self._array

    def _settle(self) -> None:
        """Carry out the store since the last look."""
        if self._store is None:
            return
        store, self._store = self._store, None
        error = self._error_of(store)
        if error:
            self._memory.restore(store.double_word, store.before)
            self._raise(error)
        else:
            self._memory.hold(store.double_word, store.programmed())
            self._finish(PROGRAM_S)

    def _error_of(self, store: _Store) -> int:
        if store.size_bytes != 1 << (self.stored(CR) >> PSIZE_SHIFT & 3):
            return PGPERR
        if store.address % store.size_bytes:
            return PGAERR
        return WRPERR if self._is_protected(self._memory.page_of(store.address)) else 0

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
        if value & STRT and value & SER:
            self._erase(value >> SNB_SHIFT & 0xF)

    def _erase(self, sector: int) -> None:
        if self._is_protected(sector):
            self._raise(WRPERR)
        else:
            self._memory.erase(sector, 1)
            self._finish(ERASE_S[self._memory.page_bytes(sector)])

    def _is_protected(self, sector: int) -> bool:
        """OPTCR.nWRP: 0 protects (while SPRMOD is 0)."""
        return not self.stored(OPTCR) >> (PROTECTION_SHIFT + sector) & 1

    def _raise(self, flag: int) -> None:
        logger.warning("flash operation refused: FLASH_SR 0x%x", flag)
        self._stored[SR] = self.stored(SR) | flag

    def _finish(self, duration_s: float) -> None:
        """EOP is shown only while its interrupt is enabled."""
        self._clock.sleep_until(self._clock.now() + round(duration_s * self._clock_hz()))
        self._stored[SR] = self.stored(SR) | BSY | (EOP if self.stored(CR) & EOPIE else 0)
