"""Our images in a real Renode: what they compute, how many instructions that takes, and how its core is lost.

Run where there is a Renode (marker `renode`).
"""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.device import measure
from orchestrator.device.measure import measure_image
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import DeviceError, DeviceFaultError
from orchestrator.domain.model import CompiledModel, FirmwareImage
from orchestrator.lab.devices import measure_on, open_device
from orchestrator.pipeline.device_outputs import outputs_of
from orchestrator.renode.board import RenodeBoard
from orchestrator.renode.families import FAMILIES, UartKind
from orchestrator.toolchain.link import link_image
from orchestrator.toolchain.loader_image import loader_image
from tests.contract.example_model import INPUT_BYTES, example_model, expected_output

pytestmark = [pytest.mark.renode, pytest.mark.timeout(600)]

MODEL = "kws_ref_model_int8"
BOARDS = [name for name in board_type_names() if load_board_type(name).port in FAMILIES]
L476 = load_board_type("nucleo_l476rg")
WEIGHTS = bytes(range(1, 65))
SAMPLE = bytes(range(INPUT_BYTES))


def takes_frames(board: BoardType) -> bool:
    """Renode's model of the older USART takes some 0.3 kB/s: a frame of the loader would come too late."""
    return FAMILIES[board.port].uarts[board.console.uart].kind is not UartKind.STM32_V1


@pytest.fixture
def renode() -> Iterator[RenodeBoard]:
    board = RenodeBoard(L476)
    yield board
    board.close()


@pytest.mark.parametrize("name", BOARDS)
def test_a_network_is_exact_and_takes_the_instructions_that_the_virtual_board_counts(
    name: str, shared_dir: Path
) -> None:
    board = load_board_type(name)
    golden = np.load(shared_dir / "models" / "golden.npz")
    samples = [(golden[f"{MODEL}/in/{index}"].tobytes(),) for index in range(2)]
    image = link_image(compile_model((shared_dir / "models" / f"{MODEL}.tflite").read_bytes()), board)
    with open_device(board, count_instructions=True) as device:
        expected = measure_on(device, image, board, samples, repeats=1).measurement
    with open_device(board, "renode") as device:
        run = measure_on(device, image, board, samples, repeats=1)
    for index, outputs in enumerate(outputs_of(image, run)[0]):
        np.testing.assert_array_equal(outputs.ravel(), golden[f"{MODEL}/out_tflm/{index}"].ravel())
    measured = run.measurement
    assert replace(measured, device=expected.device, cycles_source=expected.cycles_source) == expected


@pytest.mark.parametrize("name", [name for name in BOARDS if takes_frames(load_board_type(name))])
def test_the_resident_loader_runs_in_renode_too(name: str) -> None:
    board = load_board_type(name)
    if "serial-loader" not in board.flashing:
        board = replace(board, flashing=("serial-loader",), application_offset_bytes=10 * 1024)
    device = RenodeBoard(board)
    try:
        device.load(loader_image(board).read_bytes(), board.memory(MemoryKind.FLASH).origin)
        for weights in (WEIGHTS, WEIGHTS[::-1], WEIGHTS[::-1]):
            run = flashed_over_the_line(device, link_image(example_model(weights), board), board)
            assert run == ((expected_output(weights, SAMPLE),),)
    finally:
        device.close()


def flashed_over_the_line(device: RenodeBoard, image: FirmwareImage, board: BoardType) -> tuple[tuple[bytes, ...], ...]:
    return measure_image(
        image,
        board,
        device.url,
        ((SAMPLE,),),
        cycles_source=device.cycles_source,
        repeats=1,
        load_bytes=device.load_bytes,
    ).outputs


def test_a_running_renode_takes_the_next_image_in_less_than_two_seconds(renode: RenodeBoard) -> None:
    images = [link_image(example_model(weights), L476) for weights in (WEIGHTS, WEIGHTS[::-1])]
    loaded_s = []
    for image in (*images, *images):
        started = time.monotonic()
        renode.load(image.elf, L476.memory(MemoryKind.FLASH).origin)
        loaded_s.append(time.monotonic() - started)
    assert min(loaded_s) < 2.0
    run = measure_on(renode, images[0], L476, ((SAMPLE,),), repeats=1)
    assert run.outputs == ((expected_output(WEIGHTS, SAMPLE),),)
    assert run.measurement.device == renode.device_id


def broken_model(statement: str) -> CompiledModel:
    """A network whose second layer does something else."""
    model = example_model(WEIGHTS)
    start = model.c_source.index("{", model.c_source.index("static void layer_1(void)")) + 1
    return replace(model, c_source=f"{model.c_source[:start]}\n    {statement}\n{model.c_source[start:]}")


def test_a_jump_into_nowhere_is_an_error_with_the_words_of_renode(renode: RenodeBoard) -> None:
    image = link_image(broken_model('__asm volatile("bx %0" ::"r"(0x90000001U));'), L476)
    with pytest.raises(DeviceFaultError, match=r"CPU abort .*0x90000000"):
        measure_on(renode, image, L476, ((SAMPLE,),), repeats=1)
    assert not renode.is_alive()


def test_an_undefined_instruction_is_a_fault(renode: RenodeBoard) -> None:
    """Of the core, as the firmware reports it, or of Renode: it takes a fault whose handler is off to address 0."""
    image = link_image(broken_model('__asm volatile("udf #0");'), L476)
    with pytest.raises(DeviceFaultError, match=r"e-\[fault pc=|CPU abort"):
        measure_on(renode, image, L476, ((SAMPLE,),), repeats=1)


def test_an_endless_loop_is_given_up(renode: RenodeBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ATTEMPTS", 1)
    image = link_image(broken_model("for (volatile int forever = 1; forever;) {}"), L476)
    with pytest.raises(DeviceError, match="no reply to"):
        measure_on(renode, image, L476, ((SAMPLE,),), repeats=1)
    sound = link_image(example_model(WEIGHTS), L476)
    assert measure_on(renode, sound, L476, ((SAMPLE,),), repeats=1).outputs, "and Renode goes on"


def test_a_killed_renode_is_an_error_and_leaves_nothing(renode: RenodeBoard) -> None:
    folder = Path(renode.url).parent
    os.killpg(emulator_of(folder), signal.SIGKILL)
    with pytest.raises(DeviceError, match="ended"):
        measure_on(renode, link_image(example_model(WEIGHTS), L476), L476, ((SAMPLE,),), repeats=1)
    renode.close()
    assert not folder.exists()


def emulator_of(folder: Path) -> int:
    """Give the process group of the Renode that keeps its files in `folder`: it alone leads one in that environment."""
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or int(process.name) == os.getpid():
            continue
        pid = int(process.name)
        try:
            environment, words = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
            leads = os.getpgid(pid) == pid
        except OSError:
            continue
        if leads and f"TMPDIR={folder}\0".encode() in environment and b"keeper.py" not in words:
            return pid
    raise AssertionError(f"no Renode of {folder}")
