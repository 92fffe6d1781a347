"""A board with the resident loader in this process: time passes only while the host waits, and power can fail."""

from collections.abc import Callable

from orchestrator.device.deadline import Deadline
from orchestrator.device.flashing import flash_image
from orchestrator.device.runner import Runner
from orchestrator.domain.board_type import LOADER_BYTES, BoardType, MemoryKind
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.model import FirmwareImage
from orchestrator.toolchain.footprint import read_segments
from orchestrator.toolchain.loader_image import loader_image
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.requested_faults.catalogue import requested_faults
from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.timing.native_engine import best_engine
from orchestrator.virtual_board.wire import Wire

FLASH_DEFAULTS = FlashOptions()
DEVICE_ID = "00112233445566778899aabb"


class PowerLostError(Exception):
    """The board's power failed where the test wanted it to."""


class LoaderBench:
    """A `Link` with a virtual board at its other end.

    Attributes:
        reset_is_wired: whether DTR reaches NRST.
        carries_only: the one speed that the line carries, or None: any.
        to_board, to_host: the wires, for faults on request.
        tamper: what becomes of a whole message on its way to the board.
        power_fails_at: time of the board's clock, in cycles.
        erased_pages: in the order of erasing.
    """

    name = "bench"

    def __init__(self, board: BoardType) -> None:
        self.board = board
        self.baud = board.console.baud
        self.line = SerialLine()
        segments = read_segments(loader_image(board).read_bytes())
        self.machine = Machine(board, DEVICE_ID, self.line, best_engine(), preloaded=segments)
        self.to_board = Wire(self.line.send_to_target)
        self.to_host = Wire(self.line.to_host.extend)
        self.reset_is_wired = True
        self.carries_only: int | None = None
        self.tamper: Callable[[bytes], bytes] = lambda data: data
        self.power_fails_at: int | None = None
        self.erased_pages: list[int] = []
        self._erase = self.machine.flash.erase
        self.machine.flash.erase = self._note_erase  # type: ignore[method-assign]

    def install(self, *faults: str) -> None:
        """Let faults happen from now on; those of the line to the board only."""
        sites = Sites(self.machine, self.line, self.to_board, self.to_host, lambda away_s: None)
        for fault in requested_faults(faults, 0, self.board):
            fault.install(sites)

    def _note_erase(self, first_page: int, pages: int) -> None:
        self.erased_pages += range(first_page, first_page + pages)
        self._erase(first_page, pages)

    def write(self, data: bytes) -> None:
        self.to_board.send(self.tamper(data))

    def read(self, max_bytes: int, deadline: Deadline) -> bytes:
        """Let the board run until it says something or `deadline` is over by the board's own clock."""
        end = self.machine.clock.now() + round(deadline.remaining * self.board.clock_hz)
        while not self.line.to_host and self.machine.clock.now() < end:
            if not self.run_once(end):
                break
        data = bytes(self.line.to_host[:max_bytes])
        del self.line.to_host[:max_bytes]
        return data

    def run_once(self, end: int) -> bool:
        """Let some of the board's time pass; False when nothing will happen any more."""
        if self.power_fails_at is not None and self.machine.clock.now() >= self.power_fails_at:
            raise PowerLostError
        if not self.machine.advance():
            wakes_in_s = self.machine.wakes_in_s()
            if wakes_in_s is None:
                return False
            left_s = (end - self.machine.clock.now()) / self.board.clock_hz
            self.machine.sleep_s(max(0.0, min(wakes_in_s, left_s)))
        return True

    def run_s(self, seconds: float) -> bytes:
        """Let time pass and give what the board says meanwhile."""
        end = self.machine.clock.now() + round(seconds * self.board.clock_hz)
        while self.machine.clock.now() < end and self.run_once(end):
            pass
        said = bytes(self.line.to_host)
        self.line.to_host.clear()
        return said

    def use_even_parity(self, even: bool) -> None:
        self._set_format("E" if even else "N")

    def use_baud(self, baud: int) -> None:
        self.baud = baud
        self._set_format(self.line.host_format.parity)

    def _set_format(self, parity: str) -> None:
        self.line.host_format = LineFormat(float(self.carries_only or self.baud), parity)

    def set_rts(self, asserted: bool) -> None:
        self.line.rts = asserted

    def set_dtr(self, asserted: bool) -> None:
        if self.reset_is_wired:
            self.line.dtr = asserted

    def power_cycle(self) -> None:
        """Take the power away and give it back: RAM holds anything then."""
        ram = self.board.memory(MemoryKind.RAM)
        self.machine.cpu.write_ram(ram.origin, bytes(range(1, 256)) * (ram.size_bytes // 255))
        self.power_fails_at = None
        self.line.to_target.clear()
        self.line.to_host.clear()
        self.use_baud(self.board.console.baud)
        self.machine.reset()

    def flash(self, image: FirmwareImage, options: FlashOptions = FLASH_DEFAULTS) -> Flashed:
        """Flash as the host does."""
        self.erased_pages.clear()
        return flash_image(self, image, self.board, options)

    def model_hash(self) -> str:
        """Ask the firmware which network it carries."""
        runner = Runner(self, inference_s=1.0)
        runner.synchronise(3.0)
        return runner.identity().model_hash

    def unique_id(self) -> bytes:
        """Give the chip's unique id from where the board type says it is."""
        assert self.board.unique_id is not None
        content = self.machine.read(self.board.unique_id.address, self.board.unique_id.size_bytes)
        assert content is not None
        return content

    def loader_bytes(self) -> bytes:
        """Give the part of the flash that belongs to the loader."""
        content = self.machine.cpu.read_memory(self.board.memory(MemoryKind.FLASH).origin, LOADER_BYTES)
        assert content is not None
        return content

    def application_bytes(self, count: int) -> bytes:
        """Give the first bytes of the application."""
        content = self.machine.cpu.read_memory(self.board.application_flash.origin, count)
        assert content is not None
        return content
