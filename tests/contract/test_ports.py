"""Each port by itself: the trigger pin, the report of its memory settings, a fault and what is said of it."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.model import FirmwareImage
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.timing.native_engine import best_engine
from tests.contract.example_model import example_model

NOWHERE = 0xA000_0000
"""No memory and no peripheral of any board; a load from there is a precise bus fault."""
PRECISE_WITH_ADDRESS = 0x8200

OFF = {"nucleo_f746zg": {"flash-prefetch", "flash-art"}}  # of the bus that the flash is not read over
"""Settings that are not on; all others are, as mt_port_clock_init promises."""

PROBE = """
#include <stdbool.h>
#include <stdint.h>

typedef struct { const char *name; const volatile uint32_t *at; uint32_t shift, mask; } setting;
extern const setting mt_port_memory_settings[];
void mt_port_trigger_init(void);
void mt_port_trigger(bool high);
void mt_say(const char *format, ...);

static void probe(void)
{
    static bool ran;
    mt_port_trigger_init();
    mt_port_trigger(true);
    for (const setting *s = mt_port_memory_settings; s->name; s++) {
        mt_say("m-probed-[%s=%u]\\n", s->name, *s->at >> s->shift & s->mask);
    }
    mt_port_trigger(false);
    if (ran) {
        *(volatile uint32_t *)NOWHERE;
    }
    ran = true;
}

static const mt_layer layers[] = {probe,"""


class Probed:
    """A board that runs a network which looks at its port; the second run faults."""

    def __init__(self, board: BoardType) -> None:
        self.board = replace(board, application_offset_bytes=0, flashing=())
        model = example_model()
        source = model.c_source.replace("static const mt_layer layers[] = {", PROBE)
        source = source.replace("outputs, layers, 0, 1, 1, 2,", "outputs, layers, 0, 1, 1, 3,")
        source = source.replace("NOWHERE", f"{NOWHERE:#x}U")
        self.image: FirmwareImage = link_image(replace(model, c_source=source), self.board)
        self.line = SerialLine()
        self.line.host_format = LineFormat(float(board.console.baud), "N")
        self.machine = Machine(self.board, "00" * 12, self.line, best_engine(), preloaded=self.image.segments)
        self.trigger: list[bool] = []
        self.machine.chip.on_trigger.append(self.trigger.append)

    def said_until(self, end: bytes, slices: int = 500) -> str:
        """Let it run until it says `end`; give all it said."""
        said = b""
        for _ in range(slices):
            self.machine.advance()
            said += bytes(self.line.to_host)
            self.line.to_host.clear()
            if end in said:
                return said.decode()
        raise AssertionError(f"said only {said!r}")


@pytest.fixture(scope="module", params=board_type_names())
def probed(request: pytest.FixtureRequest) -> Iterator[Probed]:
    probed = Probed(load_board_type(request.param))
    probed.said_until(b"m-ready")
    yield probed


def function_of(image: FirmwareImage, name: str, folder: Path) -> range:
    """Give the addresses of a function."""
    (folder / "image.elf").write_bytes(image.elf)
    command = ["arm-none-eabi-nm", "-S", folder / "image.elf"]
    symbols = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(rf"^(\w+) (\w+) \w {name}$", symbols, re.MULTILINE)
    assert match is not None
    start, size_bytes = int(match[1], 16) & ~1, int(match[2], 16)
    return range(start, start + size_bytes)


def test_settings_trigger_and_fault_are_reported(probed: Probed, tmp_path: Path) -> None:
    probed.line.send_to_target(b"run%")
    said = probed.said_until(b"m-ready")
    settings = dict(re.findall(r"m-probed-\[([a-z-]+)=(\d+)\]", said))
    wait_states = probed.board.flash.wait_states
    assert int(settings.pop("flash-wait-states", wait_states)) == wait_states  # not every chip has a register for them
    assert settings
    assert {name for name, value in settings.items() if value != "1"} == OFF.get(probed.board.name, set())
    assert probed.trigger == [True, False]

    probed.line.send_to_target(b"run%")
    said = probed.said_until(b"m-init-done")  # it starts anew
    match = re.search(r"^e-\[fault pc=(\w+) lr=(\w+) cfsr=(\w+)\]$", said, re.MULTILINE)
    assert match is not None
    pc, lr, cfsr = (int(word, 16) for word in match.groups())
    assert pc in function_of(probed.image, "probe", tmp_path)
    assert lr & 1 and lr in range(*(probed.image.segments[0].address + at for at in (0, 2**20)))
    assert cfsr == (0 if probed.board.core == "cortex-m0plus" else PRECISE_WITH_ADDRESS)
