"""NVMC of nRF52 (nRF52840 product specification, chapter "NVMC"): erasing pages, writing words, the code cache."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashArray, FlashController

logger = logging.getLogger(__name__)

READY, READYNEXT, CONFIG, ERASEPAGE, ICACHECNF = 0x400, 0x408, 0x504, 0x508, 0x540
WRITE_ENABLED, ERASE_ENABLED, CACHE_ENABLED = 1, 2, 1
WORD_BYTES, DOUBLE_WORD_BYTES = 4, 8

ERASE_S, WRITE_S = 0.085, 0.000041
"""tERASEPAGE and tWRITE (product specification, NVMC electrical specification)."""


@dataclass(frozen=True)
class _Store:
    address: int
    size_bytes: int
    value: int
    before: bytes

    @property
    def double_word(self) -> int:
        return self.address & ~(DOUBLE_WORD_BYTES - 1)

    def is_word(self) -> bool:
        return self.size_bytes == WORD_BYTES and self.address % WORD_BYTES == 0

    def written(self) -> bytes:
        """Give the double word with the bits that the store clears: writing cannot set any."""
        at = self.address - self.double_word
        word = int.from_bytes(self.before[at : at + WORD_BYTES], "little") & self.value
        return self.before[:at] + word.to_bytes(WORD_BYTES, "little") + self.before[at + WORD_BYTES :]


class Nvmc(FlashController):
    """Tells `on_access_control` whenever the cache is switched; an operation stalls the core, READY is 0 once.

    Args:
        flash_wait_states: they belong to the chip; no register tells or sets them.
    """

    def __init__(
        self,
        flash_wait_states: int,
        on_access_control: Callable[[AccessControl], None],
        clock: BoardClock,
        clock_hz: Callable[[], float],
    ) -> None:
        super().__init__({READY: 1, READYNEXT: 1})
        self._wait_states = flash_wait_states
        self._on_access_control = on_access_control
        self._clock = clock
        self._clock_hz = clock_hz
        self._array: FlashArray | None = None
        self._store: _Store | None = None

    @property
    def wait_states(self) -> int:
        return self._wait_states

    def attach(self, array: FlashArray) -> None:
        self._array = array

    def reset(self) -> None:
        if self._store is not None:
            self._memory.restore(self._store.double_word, self._store.before)
        self._store = None
        super().reset()
        if self._array is not None:
            self._array.allow_stores(False)
        self._tell()

    def read(self, offset: int) -> int:
        if offset in (READY, READYNEXT):
            self._settle()
            ready, self._stored[READY] = self.stored(READY), 1
            return ready
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self._settle()
        if offset == CONFIG:
            super().write(CONFIG, value & 3)
            self._memory.allow_stores(value & 3 == WRITE_ENABLED)
        elif offset == ERASEPAGE:
            self._erase(value)
        elif offset == ICACHECNF:
            super().write(ICACHECNF, value)
            self._tell()
        elif offset not in (READY, READYNEXT):
            super().write(offset, value)

    def store(self, address: int, size_bytes: int, value: int) -> None:
        self._settle()
        before = self._memory.double_word(address & ~(DOUBLE_WORD_BYTES - 1))
        self._store = _Store(address, size_bytes, value, before)

    @property
    def _memory(self) -> FlashArray:
        if self._array is None:
            raise RuntimeError("the NVMC has no flash")
        return self._array

    def _settle(self) -> None:
        """Carry out the store since the last look."""
        if self._store is None:
            return
        store, self._store = self._store, None
        if store.is_word():
            self._memory.hold(store.double_word, store.written())
            self._finish(WRITE_S)
        else:
            logger.error("0x%08x: only whole words can be written to flash", store.address)
            self._memory.restore(store.double_word, store.before)

    def _erase(self, address: int) -> None:
        if self.stored(CONFIG) == ERASE_ENABLED:
            self._memory.erase(self._memory.page_of(address), 1)
            self._finish(ERASE_S)
        else:
            logger.warning("0x%08x: not erased, because erasing is not enabled", address)

    def _finish(self, duration_s: float) -> None:
        self._clock.sleep_until(self._clock.now() + round(duration_s * self._clock_hz()))
        self._stored[READY] = 0

    def _tell(self) -> None:
        cache_is_on = bool(self.stored(ICACHECNF) & CACHE_ENABLED)
        self._on_access_control(
            AccessControl(self._wait_states, prefetch=False, instruction_cache=cache_is_on, data_cache=False)
        )
