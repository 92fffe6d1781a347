"""Flash interface of STM32U5 (RM0456, chapter "Embedded flash memory"), non-secure: pages, four words at once."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, OneBankController, Store

KEYR, SR, CR, OPTR = 0x08, 0x20, 0x28, 0x40
WRP1AR, WRP1BR, WRP2AR, WRP2BR = 0x58, 0x5C, 0x68, 0x6C
PG, PER, BKER, STRT, LOCK = 1 << 0, 1 << 1, 1 << 11, 1 << 16, 1 << 31
PNB_SHIFT, PNB_MASK = 3, 0x7F
EOP, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR = 1 << 0, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
WDW = 1 << 17
ERRORS = 0x20FA
"""Flags that stop the next operation and are cleared by writing 1."""

PAGES_PER_BANK = 128
WORDS, QUAD_WORD_BYTES, DOUBLE_WORD_BYTES = 4, 16, 8
ERASED = b"\xff" * DOUBLE_WORD_BYTES
ERASE_S, PROGRAM_S = 0.0015, 0.000118
"""Typical page erase and quad-word programming time (DS13737, table "Flash memory characteristics")."""

UNPROTECTED = 0xFF80_FFFF
"""WRPxyR whose first page lies behind its last."""

OPTR_FROM_FACTORY = 0x1FEF_F8AA
"""Two banks, TrustZone off, BOOT0 looked at, no ECC for SRAM2 and SRAM3."""

_PROTECTION = dict.fromkeys((WRP1AR, WRP1BR, WRP2AR, WRP2BR), UNPROTECTED)
_RESET = {CR: 0xC000_0000, OPTR: OPTR_FROM_FACTORY, **_PROTECTION}


class FlashInterfaceU5(OneBankController):
    """Shows WDW while fewer than four words of a quad word have come.

    Attributes:
        is_cached: whether the instruction cache is on, through which the core reads the flash.
    """

    reset_values = _RESET
    keyr, sr, cr = KEYR, SR, CR

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__(on_access_control, clock, clock_hz)
        self._stores: list[Store] = []
        self.is_cached: Callable[[], bool] = lambda: False

    def reset(self) -> None:
        self._undo_all(self._stores)
        self._stores = []
        super().reset()

    def read(self, offset: int) -> int:
        if offset == SR and 0 < len(self._stores) < WORDS:
            return self.stored(SR) | WDW
        return super().read(offset)

    def store(self, address: int, size_bytes: int, value: int) -> None:
        if len(self._stores) == WORDS or (self._stores and self._stores[-1].address != address - 4):
            self._settle()
        self._stores.append(self._noted(address, size_bytes, value))

    def tell(self) -> None:
        """Report how the flash is read: the cache has been switched."""
        self._tell()

    def _access_control(self) -> AccessControl:
        is_cached = self.is_cached()
        return replace(super()._access_control(), instruction_cache=is_cached, data_cache=is_cached)

    def _settle(self) -> None:
        """Carry out the stores since the last look: what becomes of the quad word, and which flags are set."""
        if not self._stores:
            return
        stores, self._stores = self._stores, []
        errors = self._errors_of(stores)
        if errors:
            self._undo_all(stores)
            self._raise(errors)
            return
        for half in (stores[:2], stores[2:]):
            data = b"".join(store.value.to_bytes(4, "little") for store in half)
            self._memory.hold(half[0].address, data)
        self._finish(PROGRAM_S, EOP)

    def _undo_all(self, stores: list[Store]) -> None:
        for store in reversed(stores):
            self._undo(store)

    def _errors_of(self, stores: list[Store]) -> int:
        first = stores[0].address
        if any(store.size_bytes != 4 for store in stores):
            return SIZERR
        if first % QUAD_WORD_BYTES or [store.address for store in stores] != [first + 4 * i for i in range(WORDS)]:
            return PGAERR
        if self._is_protected(self._memory.page_of(first)):
            return WRPERR
        if self.stored(SR) & ERRORS:
            return PGSERR
        befores = (stores[0].before, stores[2].before)
        return 0 if befores == (ERASED, ERASED) or not any(store.value for store in stores) else PROGERR

    def _control(self, value: int) -> None:
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
        return any(area & PNB_MASK <= number <= area >> 16 & PNB_MASK for area in areas)
