"""Words of a flash with error correction that cannot be read, as on an STM32H743: each load of one is a bus fault."""

from collections.abc import Callable

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import DeviceSilentError
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.faults import Fault
from orchestrator.virtual_board.peripherals.flash_interface_h7 import SR
from tests.contract.example_model import example_model
from tests.contract.loader_bench import LoaderBench

BOARD = load_board_type("nucleo_h743zi")
DBECCERR = 1 << 26
BLOCK_BYTES = 1024
NO_ACCESS, READ_AND_RUN = 0, 5
RECORD = BOARD.application_flash.origin - BOARD.flash.page_bytes


class DamagedBench(LoaderBench):
    """A board of whose flash a kilobyte cannot be read until it has been erased."""

    def __init__(self) -> None:
        super().__init__(BOARD)
        self.loads = 0
        self._damaged: range = range(0)
        exceptions = self.machine._exceptions
        self._take: Callable[[Fault], None] = exceptions.take_fault
        exceptions.take_fault = self._note_fault  # type: ignore[method-assign]

    def damage(self, address: int) -> None:
        """Make a kilobyte unreadable."""
        self._damaged = range(address, address + BLOCK_BYTES)
        self.machine.cpu.unicorn.mem_protect(address, BLOCK_BYTES, NO_ACCESS)

    def _note_fault(self, fault: Fault) -> None:
        if fault.address in self._damaged:
            self.loads += 1
            stored = self.machine.chip.flash_interface._stored
            stored[SR] = stored.get(SR, 0) | DBECCERR
        self._take(fault)

    def _note_erase(self, first_page: int, pages: int) -> None:
        super()._note_erase(first_page, pages)
        flash = self.machine.flash
        if self._damaged and first_page <= flash.page_of(self._damaged.start) < first_page + pages:
            self.machine.cpu.unicorn.mem_protect(self._damaged.start, BLOCK_BYTES, READ_AND_RUN)
            self._damaged = range(0)


@pytest.fixture
def bench() -> DamagedBench:
    return DamagedBench()


def test_an_application_with_unreadable_words_is_written_again(bench: DamagedBench) -> None:
    image = link_image(example_model(bytes(8000)), BOARD)
    bench.flash(image)
    bench.damage(BOARD.application_flash.origin + BOARD.flash.page_bytes)
    bench.erased_pages.clear()
    bench.flash(image)
    assert bench.loads >= BLOCK_BYTES
    assert bench.erased_pages == [1, 2]  # the record's sector, and the application's first
    assert bench.model_hash() == image.model_hash


def test_an_unreadable_record_counts_as_none_and_is_erased(bench: DamagedBench) -> None:
    image = link_image(example_model(), BOARD)
    bench.flash(image)
    bench.damage(RECORD)
    bench.power_cycle()
    assert b"m-init-done" not in bench.run_s(0.4)
    bench.erased_pages.clear()
    bench.flash(image)
    assert bench.loads > 0
    assert bench.erased_pages == [1]
    assert bench.model_hash() == image.model_hash


def test_a_fault_of_another_kind_starts_the_loader_anew(bench: DamagedBench) -> None:
    image = link_image(example_model(), BOARD)
    bench.flash(image)
    start = BOARD.application_flash.origin
    bench.machine.cpu.unicorn.mem_protect(start, BLOCK_BYTES, NO_ACCESS)  # with no flag in the status register
    resets: list[bool] = []
    bench.machine.on_reset.append(lambda: resets.append(True))
    with pytest.raises(DeviceSilentError):
        bench.flash(image)
    assert len(resets) > 1  # the host's, and the loader's own
