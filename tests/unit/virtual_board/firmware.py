"""Tiny firmware built in the tests, and boards to run it on without a process around them."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.machine import Machine, State
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.native_engine import best_engine

FOLDER = Path(__file__).parent
BOARD = load_board_type("nucleo_l476rg")
FLASH_ORIGIN = 0x0800_0000
DEVICE_ID = "00112233445566778899aabb"
FLAGS = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib"

ECHO_POLLED = "void start(void) { usart_start(0); for (;;) put(get()); }"
ECHO_WITH_INTERRUPT = """
static volatile uint8_t ring[64];
static volatile uint32_t written, taken;
void usart_interrupt(void) { ring[written++ % 64] = (uint8_t)USART2_RDR; }
void start(void)
{
    usart_start(RXNEIE);
    NVIC_ISER1 = 1u << 6;
    for (;;) {
        __asm volatile("cpsid i" ::: "memory");
        if (written == taken) __asm volatile("wfi");
        __asm volatile("cpsie i" ::: "memory");
        while (written != taken) put(ring[taken++ % 64]);
    }
}
"""


@cache
def build(source: str) -> bytes:
    """Compile C for the board and give the flash image; skips the test where the compiler is missing."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed (Debian: gcc-arm-none-eabi)")
    with tempfile.TemporaryDirectory() as folder:
        program, elf, image = (Path(folder) / name for name in ("program.c", "image.elf", "image.bin"))
        program.write_text(f'#include "firmware.h"\n{source}', encoding="ascii")
        sources = [program, FOLDER / "vectors.c"]
        script = FOLDER / "firmware.ld"
        subprocess.run(
            ["arm-none-eabi-gcc", *FLAGS.split(), f"-I{FOLDER}", f"-T{script}", *sources, "-o", elf], check=True
        )
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, image], check=True)
        return image.read_bytes()


class Bench:
    """A machine and its line in this process; time passes only in `run` and `talk`."""

    def __init__(
        self,
        source: str,
        engine: TimingEngine | None = None,
        zero_wait_states: bool = True,
        count_instructions: bool = False,
        board: BoardType = BOARD,
    ) -> None:
        self.line = SerialLine()
        self.engine = engine or best_engine()
        self.machine = Machine(
            board, DEVICE_ID, self.line, self.engine, zero_wait_states, count_instructions=count_instructions
        )
        self.image = build(source)
        self.machine.cpu.program(FLASH_ORIGIN, self.image)
        self.line.host_format = LineFormat(115_200.0, "N")
        self.machine.reset()

    def run(self, max_slices: int = 50) -> bytes:
        """Run until the board sleeps, locks up, polls in vain or has used its slices; give what it said."""
        for _ in range(max_slices):
            if not self.machine.advance() or self.machine.polls_idly():
                break
        said = bytes(self.line.to_host)
        self.line.to_host.clear()
        return said

    def words(self, max_slices: int = 50) -> list[int]:
        """`run`, with what the board said taken as little-endian words."""
        said = self.run(max_slices)
        return [int.from_bytes(said[at : at + 4], "little") for at in range(0, len(said), 4)]

    def talk(self, data: bytes) -> bytes:
        """Send bytes, run and give the answer."""
        self.line.send_to_target(data)
        return self.run(max_slices=1000)

    @property
    def is_locked_up(self) -> bool:
        """Whether the core stopped for good."""
        return self.machine.state is State.LOCKED_UP
