"""Flash interface of STM32F4 (RM0390 chapter 3) and F7 (RM0385 chapter 3): sectors, programming as PSIZE says."""

from collections.abc import Callable

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, OneBankController, Store

KEYR, SR, CR, OPTCR = 0x04, 0x0C, 0x10, 0x14
PG, SER, STRT, EOPIE, LOCK = 1 << 0, 1 << 1, 1 << 16, 1 << 24, 1 << 31
SNB_SHIFT, PSIZE_SHIFT, PROTECTION_SHIFT = 3, 8, 16
EOP, WRPERR, PGAERR, PGPERR, BSY = 1 << 0, 1 << 4, 1 << 5, 1 << 6, 1 << 16
OPTCR_RESET = 0x0FFF_AAED
DOUBLE_WORD_BYTES = 8

OPTCR_RESET_OF_F7 = 0xC0FF_AAFD
ERASE_S = {16 * 1024: 0.25, 64 * 1024: 0.55, 128 * 1024: 1.0}
ERASE_S_OF_F7 = {32 * 1024: 0.25, 128 * 1024: 0.55, 256 * 1024: 1.0}
PROGRAM_S = 0.000016
"""Typical times of a sector by its size, and of one store (DS10693, DS10916, table "Flash memory programming", x32)."""

_RESET = {CR: LOCK, OPTCR: OPTCR_RESET}
_RESET_OF_F7 = {CR: LOCK, OPTCR: OPTCR_RESET_OF_F7}


class FlashInterfaceF4(OneBankController):
    """One store is one operation."""

    reset_values = _RESET
    keyr, sr, cr = KEYR, SR, CR
    erase_s = ERASE_S

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__(on_access_control, clock, clock_hz)
        self._store: Store | None = None

    def reset(self) -> None:
        if self._store is not None:
            self._undo(self._store)
        self._store = None
        super().reset()

    def store(self, address: int, size_bytes: int, value: int) -> None:
        self._settle()
        self._store = self._noted(address, size_bytes, value)

    def _settle(self) -> None:
        if self._store is None:
            return
        store, self._store = self._store, None
        error = self._error_of(store)
        if error:
            self._undo(store)
            self._raise(error)
        else:
            self._memory.hold(store.address & ~7, _programmed(store))
            self._done(PROGRAM_S)

    def _error_of(self, store: Store) -> int:
        if store.size_bytes != 1 << (self.stored(CR) >> PSIZE_SHIFT & 3):
            return PGPERR
        if store.address % store.size_bytes:
            return PGAERR
        return WRPERR if self._is_protected(self._memory.page_of(store.address)) else 0

    def _control(self, value: int) -> None:
        self._stored[CR] = value & ~STRT
        self._memory.allow_stores(bool(value & PG) and not value & LOCK)
        if value & STRT and value & SER:
            self._erase(value >> SNB_SHIFT & 0xF)

    def _erase(self, sector: int) -> None:
        if self._is_protected(sector):
            self._raise(WRPERR)
        else:
            self._memory.erase(sector, 1)
            self._done(self.erase_s[self._memory.page_bytes(sector)])

    def _is_protected(self, sector: int) -> bool:
        """OPTCR.nWRP: 0 protects (while SPRMOD is 0)."""
        return not self.stored(OPTCR) >> (PROTECTION_SHIFT + sector) & 1

    def _done(self, duration_s: float) -> None:
        """EOP is shown only while its interrupt is enabled."""
        self._finish(duration_s, EOP if self.stored(CR) & EOPIE else 0)


class FlashInterfaceF7(FlashInterfaceF4):
    """Prefetch and the accelerator are the ITCM bus's; reads over AXI have neither."""

    reset_values = _RESET_OF_F7
    erase_s = ERASE_S_OF_F7

    def _access_control(self) -> AccessControl:
        return AccessControl(self.wait_states, prefetch=False, instruction_cache=False, data_cache=False)


def _programmed(store: Store) -> bytes:
    """Give the double word with the bits that a store clears: programming cannot set any."""
    bits = int.from_bytes(store.before, "little")
    shift = 8 * (store.address % DOUBLE_WORD_BYTES)
    cleared = ((1 << (8 * store.size_bytes)) - 1 & ~store.value) << shift
    return (bits & ~cleared).to_bytes(DOUBLE_WORD_BYTES, "little")
