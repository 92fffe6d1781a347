"""Both timing engines count the same on the firmware of every board type, its clock and caches as it sets them."""

from dataclasses import replace

import pytest

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.native_engine import NativeEngine, best_engine
from orchestrator.virtual_board.timing.python_engine import PythonEngine
from tests.contract.example_model import example_model

WEIGHTS = bytes(index % 251 for index in range(2000))
"""More than the data cache of any chip holds."""


def counted(board: BoardType, engine: TimingEngine) -> tuple[str, int, int]:
    """Boot, run the network twice, and give what the board said with the engine's cycles and instructions."""
    line = SerialLine()
    line.host_format = LineFormat(float(board.console.baud), "N")
    image = link_image(example_model(WEIGHTS), board)
    machine = Machine(board, "00112233445566778899aabb", line, engine, preloaded=image.segments)
    for command in (b"", b"bench 2 1%"):
        line.send_to_target(command)
        while machine.advance():
            pass
    return line.to_host.decode(), engine.cycles, engine.instructions


@pytest.mark.parametrize("name", board_type_names())
def test_native_and_python_engine_agree(name: str, caplog: pytest.LogCaptureFixture) -> None:
    board = replace(load_board_type(name), application_offset_bytes=0)
    native = best_engine()
    if not isinstance(native, NativeEngine):
        pytest.skip("no C compiler for the native engine")
    said, cycles, instructions = counted(board, native)
    assert said.count("m-cycles-[") == 2
    assert counted(board, PythonEngine()) == (said, cycles, instructions)
    at_once = 2 if board.core == "cortex-m7" else 1
    assert at_once * cycles > instructions > 100_000
    assert not caplog.records  # such as a clock too fast for voltage or wait states
