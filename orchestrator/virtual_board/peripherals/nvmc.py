"""NVMC of nRF52 (nRF52840 product specification, chapter "NVMC"): erasing pages, writing words, the code cache."""

import logging
from collections.abc import Callable

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashController, Store

logger = logging.getLogger(__name__)

READY, READYNEXT, CONFIG, ERASEPAGE, ICACHECNF = 0x400, 0x408, 0x504, 0x508, 0x540
WRITE_ENABLED, ERASE_ENABLED, CACHE_ENABLED = 1, 2, 1
WORD_BYTES, DOUBLE_WORD_BYTES = 4, 8

ERASE_S, WRITE_S = 0.085, 0.000041
"""tERASEPAGE and tWRITE (product specification, NVMC electrical specification)."""

_RESET = {READY: 1, READYNEXT: 1}


class Nvmc(FlashController):
    """READY is 0 once after an operation.

    Args:
        flash_wait_states: no register tells or sets them.
    """

    reset_values = _RESET

    def __init__(
        self,
        flash_wait_states: int,
        on_access_control: Callable[[AccessControl], None],
        clock: BoardClock,
        clock_hz: Callable[[], float],
    ) -> None:
        super().__init__(on_access_control, clock, clock_hz)
        self._wait_states = flash_wait_states
        self._store: Store | None = None

    @property
    def wait_states(self) -> int:
        return self._wait_states

    def reset(self) -> None:
        if self._store is not None:
            self._undo(self._store)
        self._store = None
        super().reset()

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
        self._store = self._noted(address, size_bytes, value)

    def _settle(self) -> None:
        """Carry out the store since the last look."""
        if self._store is None:
            return
        store, self._store = self._store, None
        if store.size_bytes == WORD_BYTES and store.address % WORD_BYTES == 0:
            self._memory.hold(store.address & ~(DOUBLE_WORD_BYTES - 1), _written(store))
            self._finish(WRITE_S)
        else:
            logger.error("0x%08x: only whole words can be written to flash", store.address)
            self._undo(store)

    def _erase(self, address: int) -> None:
        if self.stored(CONFIG) == ERASE_ENABLED:
            self._memory.erase(self._memory.page_of(address), 1)
            self._finish(ERASE_S)
        else:
            logger.warning("0x%08x: not erased, because erasing is not enabled", address)

    def _finish(self, duration_s: float) -> None:
        self._pass(duration_s)
        self._stored[READY] = 0

    def _access_control(self) -> AccessControl:
        cache_is_on = bool(self.stored(ICACHECNF) & CACHE_ENABLED)
        return AccessControl(self._wait_states, prefetch=False, instruction_cache=cache_is_on, data_cache=False)


def _written(store: Store) -> bytes:
    """Give the double word with the bits that the store clears: writing cannot set any."""
    at = store.address % DOUBLE_WORD_BYTES
    word = int.from_bytes(store.before[at : at + WORD_BYTES], "little") & store.value
    return store.before[:at] + word.to_bytes(WORD_BYTES, "little") + store.before[at + WORD_BYTES :]
