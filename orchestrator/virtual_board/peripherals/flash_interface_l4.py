"""Flash interface of STM32L4, L4+ and G0 (RM0351, RM0432, RM0444, chapters 3): pages, double words."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import ACR, AccessControl, OneBankController, Store

KEYR, SR, CR, OPTR = 0x08, 0x10, 0x14, 0x20
WRP1AR, WRP1BR, WRP2AR, WRP2BR = 0x2C, 0x30, 0x4C, 0x50
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

_PROTECTION = dict.fromkeys((WRP1AR, WRP1BR, WRP2AR, WRP2BR), UNPROTECTED)
_RESET = {ACR: 0x0000_0600, CR: 0xC000_0000, OPTR: 0xFFEF_F8AA, **_PROTECTION}


class FlashInterfaceL4(OneBankController):
    """The controller of STM32L4 and L4+."""

    reset_values = _RESET
    keyr, sr, cr = KEYR, SR, CR

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__(on_access_control, clock, clock_hz)
        self._stores: list[Store] = []

    def reset(self) -> None:
        for store in reversed(self._stores):  # half a double word is not programmed
            self._undo(store)
        self._stores.clear()
        super().reset()

    def store(self, address: int, size_bytes: int, value: int) -> None:
        if len(self._stores) == 2 or (self._stores and self._stores[-1].address != address - 4):
            self._settle()
        self._stores.append(self._noted(address, size_bytes, value))

    def _settle(self) -> None:
        """Carry out the stores since the last look: what becomes of the double word, and which flags are set."""
        if not self._stores:
            return
        stores, self._stores = self._stores, []
        first = stores[0]
        errors = self._errors_of(stores)
        page_is_protected = self._is_protected(self._memory.page_of(first.address))
        if errors or page_is_protected or self.stored(SR) & ERRORS:
            self._undo(first)
            self._raise(errors or (WRPERR if page_is_protected else PGSERR))
            return
        data = b"".join(store.value.to_bytes(4, "little") for store in stores)
        programmed = self._memory.take_double_word(first.address, data, first.before)
        self._finish(PROGRAM_S, EOP if programmed else PROGERR)

    def _errors_of(self, stores: list[Store]) -> int:
        if any(store.size_bytes != 4 for store in stores):
            return SIZERR
        first = stores[0].address
        if first % DOUBLE_WORD_BYTES or [store.address for store in stores] != [first, first + 4]:
            return PGAERR
        return 0

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
        return any(area & 0xFF <= number <= area >> 16 & 0xFF for area in areas)


class FlashInterfaceG0(FlashInterfaceL4):
    """STM32G0: one bank, no data cache; the rest is as here."""

    def _access_control(self) -> AccessControl:
        return replace(super()._access_control(), data_cache=False)
