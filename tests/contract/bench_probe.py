"""A debug probe, as pyOCD sees it, whose other end is the chip of a `LoaderBench`.

Sessions, target lookup, the choice of sectors and pages are pyOCD's own; what a probe would move over its wire and let
the chip execute (attaching, memory accesses, flash algorithms) is done to the machine in this process.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import ClassVar

from pyocd.core import exceptions
from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
from pyocd.core.soc_target import SoCTarget
from pyocd.flash.flash import Flash
from pyocd.probe.debug_probe import DebugProbe
from pyocd.utility.sequencer import CallSequence

from orchestrator.domain.board_type import BoardType, MemoryKind
from tests.contract.loader_bench import LoaderBench

_ALGORITHM = {
    "load_address": 0x2000_0000,
    "instructions": [0, 0, 0, 0],
    "pc_erase_sector": 0x2000_0001,
    "pc_program_page": 0x2000_0003,
    "begin_stack": 0x2000_1000,
    "static_base": 0x2000_0100,
    "page_buffers": [0x2000_1000],
    "analyzer_supported": False,
}


class BenchProbe(DebugProbe):
    """A probe at a bench; `connected` are the ids of those that are plugged in, all at the same bench."""

    connected: ClassVar[list[str]] = []

    def __init__(self, unique_id: str) -> None:
        super().__init__()
        self._unique_id = unique_id
        self._is_open = False

    @classmethod
    def get_all_connected_probes(cls, unique_id: str | None = None, is_explicit: bool = False) -> list[DebugProbe]:
        return [cls(known) for known in cls.connected]

    @property
    def description(self) -> str:
        return "bench probe"

    @property
    def unique_id(self) -> str:
        return self._unique_id

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def wire_protocol(self) -> DebugProbe.Protocol | None:
        return DebugProbe.Protocol.SWD if self._is_open else None

    @property
    def associated_board_info(self) -> None:
        return None

    def open(self) -> None:
        self._is_open = True

    def close(self) -> None:
        self._is_open = False

    def set_clock(self, frequency: float) -> None:
        pass

    def disconnect(self) -> None:
        pass


class BenchFlash(Flash):
    """A flash algorithm that works on the machine's flash array, faults included."""

    def init(self, operation: Flash.Operation, address: int | None = None, clock: int = 0, reset: bool = False) -> None:
        self._active_operation = operation

    def uninit(self) -> None:
        self._active_operation = None

    def cleanup(self) -> None:
        self.uninit()

    def erase_sector(self, address: int) -> None:
        flash = self.target.bench.machine.flash
        if self.target.refuses_to_erase:
            raise exceptions.FlashEraseFailure("erase sector failure", address=address, result_code=1)
        flash.erase(flash.page_of(address), 1)

    def program_page(self, address: int, data: Sequence[int]) -> None:
        self.target.bench.machine.flash.program(address, bytes(data))


def bench_target(bench: LoaderBench) -> type[SoCTarget]:
    """Give a pyOCD target whose memory is the bench's."""

    class BenchTarget(SoCTarget):
        is_silent = False
        refuses_to_erase = False

        def __init__(self, session: object) -> None:
            super().__init__(session, memory_map_of(bench.board))
            self.bench = bench

        def create_init_sequence(self) -> CallSequence:
            return CallSequence(("attach", self._attach))

        def _attach(self) -> None:
            if self.is_silent:
                raise exceptions.TransferError("No ACK received")
            for region in self.memory_map.regions:
                if region.is_flash:
                    region.flash = BenchFlash(self, _ALGORITHM)
                    region.flash.region = region

        @property
        def selected_core(self) -> SimpleNamespace:
            return SimpleNamespace(node_name="core0")

        def read_memory_block8(self, address: int, size_bytes: int) -> Sequence[int]:
            content = bench.machine.read(address, size_bytes)
            if content is None:
                raise exceptions.TransferFaultError(address, size_bytes)
            return list(content)

        def read_memory(self, address: int, transfer_size: int = 32, now: bool = True) -> int:
            chip_id = bench.board.probe.chip_id
            assert chip_id is not None
            assert (address, transfer_size) == (chip_id.address, 32)
            return self.chip_id_word

        chip_id_word = 0x1000_0000 | (bench.board.probe.chip_id.value if bench.board.probe.chip_id else 0)

        def reset(self, reset_type: object = None) -> None:
            bench.machine.reset()

    return BenchTarget


def memory_map_of(board: BoardType) -> MemoryMap:
    """Give what pyOCD knows of the board type's memories."""
    flash, ram = board.memory(MemoryKind.FLASH), board.memory(MemoryKind.RAM)
    page_bytes = board.flash.page_bytes
    region = FlashRegion(
        name="flash", start=flash.origin, length=flash.size_bytes, blocksize=page_bytes, page_size=page_bytes,
        is_boot_memory=True, flash_class=BenchFlash,
    )  # fmt: skip
    return MemoryMap(region, RamRegion(name="sram", start=ram.origin, length=ram.size_bytes))
