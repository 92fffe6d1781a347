"""System control block (ARMv7-M ARM B3.2), FPU access and DEMCR; offsets from 0xE000ED00."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.timing.flash_timing import Cache

CPUID, ICSR, VTOR, AIRCR, CCR = 0x00, 0x04, 0x08, 0x0C, 0x14
SHPR1, SHCSR, CFSR, HFSR, MMFAR, BFAR = 0x18, 0x24, 0x28, 0x2C, 0x34, 0x38
CCSIDR, CPACR, DEMCR = 0x80, 0x88, 0xFC
VECTKEY = 0x05FA
SYSRESETREQ, TRCENA, BFARVALID, MMARVALID = 1 << 2, 1 << 24, 1 << 15, 1 << 7
PENDSVSET, PENDSVCLR, PENDSTSET, PENDSTCLR = 1 << 28, 1 << 27, 1 << 26, 1 << 25
PENDSV, SYSTICK = 14, 15
DC, IC = 1 << 16, 1 << 17


class SystemControlBlock(Peripheral):
    """`pending` holds the exception numbers of pending system exceptions; `on_change` is told of every write.

    `on_cache_control` is told when CCR, which switches a core's own caches, may have changed.
    """

    def __init__(
        self,
        on_change: Callable[[], None],
        request_reset: Callable[[], None],
        cpuid: int,
        priority_mask: int,
        data_cache: Cache | None = None,
    ) -> None:
        super().__init__({CPUID: cpuid, AIRCR: 0xFA05_0000, CCR: 0x0000_0200, CCSIDR: _size_of(data_cache)})
        self._on_change = on_change
        self._priority_mask = priority_mask
        self._request_reset = request_reset
        self.on_cache_control: Callable[[], None] = lambda: None
        self.pending: set[int] = set()
        self.active = 0

    def reset(self) -> None:
        super().reset()
        self.pending.clear()
        self.active = 0
        self.on_cache_control()

    def read(self, offset: int) -> int:
        if offset == ICSR:
            flags = (PENDSVSET if PENDSV in self.pending else 0) | (PENDSTSET if SYSTICK in self.pending else 0)
            return flags | self.active
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset in (CFSR, HFSR):
            super().write(offset, self.stored(offset) & ~value)  # write one to clear
        elif offset == ICSR:
            self._write_icsr(value)
        elif offset == AIRCR:
            self._write_aircr(value)
        elif offset not in (CPUID, CCSIDR):
            super().write(offset, value)
            if offset == CCR:
                self.on_cache_control()
        self._on_change()

    def _write_icsr(self, value: int) -> None:
        for bit, number in ((PENDSVSET, PENDSV), (PENDSTSET, SYSTICK)):
            if value & bit:
                self.pending.add(number)
        for bit, number in ((PENDSVCLR, PENDSV), (PENDSTCLR, SYSTICK)):
            if value & bit:
                self.pending.discard(number)

    def _write_aircr(self, value: int) -> None:
        if value >> 16 != VECTKEY:
            return
        super().write(AIRCR, 0xFA05_0000 | value & 0x700)
        if value & SYSRESETREQ:
            self._request_reset()

    def set_bits(self, offset: int, bits: int) -> None:
        """Set status bits as the core does when it faults."""
        self._stored[offset] = self.stored(offset) | bits

    def set_fault_address(self, register: int, address: int) -> None:
        """Note the address of a faulting access in BFAR or MMFAR."""
        self._stored[register] = address

    def system_priority(self, number: int) -> int:
        """Configured priority of system exception 4 to 15: the bits that the chip implements."""
        return self.stored(SHPR1 + ((number - 4) & ~3)) >> (8 * (number & 3)) & self._priority_mask

    def is_fpu_enabled(self) -> bool:
        """Say whether CPACR grants access to CP10 and CP11."""
        return self.stored(CPACR) >> 20 & 0xF in (0x5, 0xF)

    def is_trace_enabled(self) -> bool:
        """Say whether DEMCR.TRCENA lets the DWT run."""
        return bool(self.stored(DEMCR) & TRCENA)

    def is_instruction_cache_on(self) -> bool:
        """Say whether CCR.IC switches the core's own instruction cache on (Cortex-M7)."""
        return bool(self.stored(CCR) & IC)

    def is_data_cache_on(self) -> bool:
        """Say whether CCR.DC switches the core's own data cache on (Cortex-M7)."""
        return bool(self.stored(CCR) & DC)


def _size_of(cache: Cache | None) -> int:
    """Give CCSIDR of a data cache in lines of 32 bytes, with all policies; 0: there is none (ARM DDI 0489 3.3.4)."""
    return 0 if cache is None else 0xF000_0001 | (cache.sets - 1) << 13 | (cache.ways - 1) << 3
