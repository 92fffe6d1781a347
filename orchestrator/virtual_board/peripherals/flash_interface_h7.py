"""Flash interface of STM32H743 (RM0433 chapter 4): two banks with registers of their own, words of 256 bits."""

import logging
from collections.abc import Callable

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import (
    ACR,
    AccessControl,
    FlashController,
    Lock,
    Store,
)

logger = logging.getLogger(__name__)

KEYR, CR, SR, CCR = 0x04, 0x0C, 0x10, 0x14
"""Of bank 1; bank 2 has its own `SECOND_BANK` further."""

SECOND_BANK = 0x100
LOCK, PG, SER, START = 1 << 0, 1 << 1, 1 << 2, 1 << 7
SNB_SHIFT, CR_RESET = 8, 0x0000_0031
BSY, WBNE, QW, EOP = 1 << 0, 1 << 1, 1 << 2, 1 << 16
WRPERR, PGSERR, INCERR = 1 << 17, 1 << 18, 1 << 21
CLEARABLE = 0x0FEF_0000
WPSN = 0x38
NOT_PROTECTED = 0xFF

SECTORS_PER_BANK = 8
WORD_BYTES, STORES_PER_WORD = 32, 8
ERASED = b"\xff" * 8
ERASE_S, PROGRAM_S = 1.0, 0.0001
"""Typical times of a sector and of a word, 64 bits at once (DS12110, table "Flash memory programming")."""

_RESET_OF_BANK = {CR: CR_RESET, WPSN: NOT_PROTECTED}
_RESET = {ACR: 0x37} | {bank + at: value for bank in (0, SECOND_BANK) for at, value in _RESET_OF_BANK.items()}


class FlashInterfaceH7(FlashController):
    """An operation stalls the core; BSY and QW are seen once."""

    reset_values = _RESET

    def __init__(
        self, on_access_control: Callable[[AccessControl], None], clock: BoardClock, clock_hz: Callable[[], float]
    ) -> None:
        super().__init__(on_access_control, clock, clock_hz)
        self._locks = {0: Lock(), SECOND_BANK: Lock()}
        self._stores: list[Store] = []

    def reset(self) -> None:
        self._undo_all()
        self._locks = {0: Lock(), SECOND_BANK: Lock()}
        super().reset()

    def read(self, offset: int) -> int:
        if offset & ~SECOND_BANK != SR:
            return super().read(offset)
        self._settle()
        status = self.stored(offset) | (WBNE if self._stores else 0)
        self._stored[offset] = self.stored(offset) & ~(BSY | QW)
        return status

    def write(self, offset: int, value: int) -> None:
        self._settle()
        bank, register = offset & SECOND_BANK, offset & ~SECOND_BANK
        if register == KEYR:
            if self._locks[bank].takes(value):
                self._stored[bank + CR] = self.stored(bank + CR) & ~LOCK
        elif register == CCR:
            self._stored[bank + SR] = self.stored(bank + SR) & ~(value & CLEARABLE)
        elif register == CR:
            if not self.stored(offset) & LOCK:
                self._control(bank, value)
        elif register != SR:
            super().write(offset, value)
            if offset == ACR:
                self._tell()

    def store(self, address: int, size_bytes: int, value: int) -> None:
        if len(self._stores) == STORES_PER_WORD:
            self._settle()
        self._stores.append(self._noted(address, size_bytes, value))

    def _access_control(self) -> AccessControl:
        return AccessControl(self.wait_states, prefetch=False, instruction_cache=False, data_cache=False)

    def _settle(self) -> None:
        """Carry out the stores since the last look, once they are a whole word; the buffer waits for the rest of it."""
        if not self._stores:
            return
        first = self._stores[0]
        bank, sector = self._place_of(first.address)
        error = self._error_of(bank, sector)
        if error:
            self._undo_all()
            self._refuse(bank, error)
        elif len(self._stores) == STORES_PER_WORD:
            self._program()
            self._finish(bank, PROGRAM_S, QW)

    def _error_of(self, bank: int, sector: int) -> int:
        """Give the flag of what is wrong with the stores so far."""
        first = self._stores[0].address
        if not self.stored(bank + CR) & PG:
            return PGSERR
        if self._is_protected(bank, sector):
            return WRPERR
        expected = [(first + 4 * index, 4) for index in range(len(self._stores))]
        is_row = [(store.address, store.size_bytes) for store in self._stores] == expected
        return 0 if is_row and first % WORD_BYTES == 0 else INCERR

    def _program(self) -> None:
        stores, self._stores = self._stores, []
        pairs = [(stores[at], stores[at + 1]) for at in range(0, STORES_PER_WORD, 2)]
        if any(low.before != ERASED for low, _ in pairs):
            logger.error("the word at 0x%08x was not erased: it would be unreadable", stores[0].address)
        for low, high in pairs:
            data = low.value.to_bytes(4, "little") + high.value.to_bytes(4, "little")
            self._memory.take_double_word(low.address, data, low.before)

    def _undo_all(self) -> None:
        for store in reversed(self._stores):
            self._undo(store)
        self._stores.clear()

    def _control(self, bank: int, value: int) -> None:
        self._stored[bank + CR] = value & ~START
        banks = (self.stored(other + CR) for other in (0, SECOND_BANK))
        self._memory.allow_stores(any(cr & PG and not cr & LOCK for cr in banks))
        if value & START and value & SER:
            self._erase(bank, value >> SNB_SHIFT & 7)

    def _erase(self, bank: int, sector: int) -> None:
        if self._is_protected(bank, sector):
            self._refuse(bank, WRPERR)
        else:
            self._memory.erase(sector + (SECTORS_PER_BANK if bank else 0), 1)
            self._finish(bank, ERASE_S, QW)

    def _place_of(self, address: int) -> tuple[int, int]:
        """Give bank and sector of an address."""
        bank, sector = divmod(self._memory.page_of(address), SECTORS_PER_BANK)
        return (SECOND_BANK if bank else 0), sector

    def _is_protected(self, bank: int, sector: int) -> bool:
        """WPSN: 0 protects."""
        return not self.stored(bank + WPSN) >> sector & 1

    def _refuse(self, bank: int, flags: int) -> None:
        self._raise(flags)
        self._stored[bank + SR] = self.stored(bank + SR) | flags

    def _finish(self, bank: int, duration_s: float, flags: int) -> None:
        self._pass(duration_s)
        self._stored[bank + SR] = self.stored(bank + SR) | flags | BSY | EOP
