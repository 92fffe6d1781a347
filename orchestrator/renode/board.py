"""A board type in Renode: its console as a pseudo terminal, and flashing as a reload."""

import os
import secrets
import shutil
import tempfile
import termios
import tty
from pathlib import Path

from orchestrator.device.link import Link
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceError, DeviceFaultError, PortMissingError, WrongBoardError
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.model import FirmwareImage
from orchestrator.renode.executable import find_renode
from orchestrator.renode.monitor import Monitor
from orchestrator.renode.platform import CONSOLE, factory_bytes, platform_description

START_LIMIT_S = 90.0
"""A fresh start takes 1 to 17 s on an idle machine."""

QUANTUM_S = "0.0001"
"""Input reaches the core at the borders of quanta: shorter ones cost speed, longer ones make commands slow."""

LOAD_BYTES = 24
"""Bytes cross Renode's serial line at once, not at a baud rate: commands must fit the firmware's 64 bytes of buffer."""

DEVICE_ID_BYTES = 12

_END_LIMIT_S = 10.0


class RenodeBoard:
    """Renode with one board of a type; nothing runs in it until it is flashed.

    Attributes:
        device_id: the chip's unique id, hex digits.

    Raises:
        InputError: there is no Renode, or no platform for the board type.
        DeviceError: Renode does not start, or refuses the platform.
    """

    cycles_source = CyclesSource.RENODE
    load_bytes = LOAD_BYTES

    def __init__(self, board: BoardType) -> None:
        program, description = find_renode(), platform_description(board)
        self._board = board
        self._folder = Path(tempfile.mkdtemp(prefix="mcutune-renode-"))
        factory = factory_bytes(board, secrets.token_bytes(DEVICE_ID_BYTES))
        self.device_id = next(iter(factory.values())).hex()
        platform = self._folder / "platform.repl"
        platform.write_text(description, encoding="ascii")
        self._monitor = Monitor(program, self._folder, START_LIMIT_S)
        try:
            self._assemble(platform)
            for address, data in factory.items():
                self._store(address, data)
            self._make_raw()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Path of the console's pseudo terminal."""
        return str(self._folder / "console")

    def flash(self, link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
        """Put `image` into the flash of the running Renode and start it from reset; see `device.flashing.Flasher`."""
        if image.board != self._board.name or board.name != self._board.name:
            raise WrongBoardError(f"{link.name}: an image for {image.board} does not run on {self._board.name}")
        self.load(image.elf, min(segment.address for segment in image.segments))
        link.use_even_parity(False)
        return Flashed()

    def load(self, elf: bytes, vectors: int) -> None:
        """Load an ELF file and start at the vector table at the address `vectors`, from reset."""
        file = self._folder / "image.elf"
        file.write_bytes(elf)
        for command in (
            "pause",  # a running machine takes no ELF file
            f'macro reset "sysbus.cpu VectorTableOffset {vectors:#x}"',  # at every reset, those of the firmware too
            "machine Reset",
            f"sysbus LoadELF {_path(file)}",
            "start",
        ):
            self._monitor.run(command)

    def is_alive(self) -> bool:
        """Say whether Renode runs and its core does."""
        return self._monitor.is_alive()

    def explained(self, error: DeviceError) -> DeviceError:
        """Give the error with what Renode said: a stopped core and an ended emulator look alike on the line."""
        monitor = self._monitor
        if monitor.fatal is not None:
            return DeviceFaultError(f"{error}; Renode stopped the core: {monitor.fatal}")
        # A port that is gone went with its process, which ends a little later.
        exit_code = monitor.exit_code(_END_LIMIT_S if isinstance(error, PortMissingError) else 0.0)
        if exit_code is not None:
            last = [line for line in monitor.said() if line][-3:]
            return DeviceError(f"{error}; Renode had ended (exit code {exit_code}): {' / '.join(last)}")
        complaints = [line for line in monitor.said() if "[ERROR]" in line]
        if complaints:
            return type(error)(f"{error}; Renode said: {complaints[-1]}")
        return error

    def close(self) -> None:
        """End Renode and remove its files; closing twice is fine."""
        self._monitor.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _assemble(self, platform: Path) -> None:
        for command in (
            "logLevel 3",  # errors: each access to a peripheral that is not there would be a warning
            'mach create "board"',
            f"machine LoadPlatformDescription {_path(platform)}",
            f'emulation SetGlobalQuantum "{QUANTUM_S}"',
            f'emulation CreateUartPtyTerminal "terminal" "{self.url}" true',
            f"connector Connect sysbus.{CONSOLE} terminal",
        ):
            self._monitor.run(command)

    def _store(self, address: int, data: bytes) -> None:
        for at in range(len(data)):
            self._monitor.run(f"sysbus WriteByte {address + at:#x} {data[at]:#x}")

    def _make_raw(self) -> None:
        """Take echo and line ends off the pseudo terminal: Renode leaves it as it finds its own terminal."""
        terminal = os.open(self.url, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(terminal, termios.TCSANOW)
        finally:
            os.close(terminal)


def _path(file: Path) -> str:
    """Give a path as the monitor takes it."""
    return "@" + str(file).replace(" ", "\\ ")
