"""`mcutune measure` and `mcutune boards` as a user runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.wear import WearStore
from orchestrator.virtual_board.process import start_virtual_board
from tests.end_to_end.conftest import CommandLine
from tests.unit.compiler.oracle_models import depthwise, repeated_rows
from tests.unit.compiler.recurrent_models import keyword_lstm, keyword_svdf
from tests.unit.compiler.test_compile import dense_model
from tests.unit.compiler.tflite_builder import TfliteBuilder

KEYS = {
    "board", "device", "cycles_source", "clock_hz", "cycles", "cycles_min", "cycles_max", "latency_s", "flash_bytes",
    "ram_bytes", "weights_bytes", "code_bytes", "arena_bytes", "stack_bytes", "stack_bound_bytes", "parity",
    "layers", "energy_mj", "energy", "measured_clock", "memory_settings",
}  # fmt: skip


def test_a_board_at_a_port_is_flashed_as_a_file_says_and_its_wear_is_counted(
    mcutune: CommandLine, shared_dir: Path
) -> None:
    model = shared_dir / "models" / "kws_ref_model_int8.tflite"
    mcutune.environment["MCUTUNE_STATE"] = str(mcutune.folder / "state")
    kit = mcutune.folder / "kit.yaml"
    kit.write_text("{method: stm32-serial, bauds: [115200]}\n")
    words = ("measure", model, "--board", "nucleo_l476rg", "--samples", 1, "--repeats", 1)
    with start_virtual_board(load_board_type("nucleo_l476rg")) as device:
        at_port = (*words, "--device", device.url, "--cycles-source", "virtual-timing-model")
        done = mcutune.run(*at_port, "--flashing", kit, "--json", "out.json")
        assert done.returncode == 0, done.stderr
        measured = json.loads((mcutune.folder / "out.json").read_text())["device"]
        (wear,) = WearStore(mcutune.folder / "state" / "wear").units()
        assert (wear.unit, wear.board) == (measured, "nucleo_l476rg")
        assert wear.worst_count >= 1
        kit.write_text("{method: serial-loader}\n")
        refused = mcutune.run(*at_port, "--flashing", kit)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "serial-loader" in refused.stderr
    nowhere = mcutune.run(*words, "--flashing", kit)
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
    assert "goes with a board at a port only" in nowhere.stderr


def test_a_real_network_is_measured_and_exact(mcutune: CommandLine, shared_dir: Path) -> None:
    model = shared_dir / "models" / "kws_ref_model_int8.tflite"
    done = mcutune.run("measure", model, "--board", "nucleo_l476rg", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    figures = json.loads((mcutune.folder / "out.json").read_text())
    assert set(figures) == KEYS
    assert figures["parity"] == {"samples": 4, "exact": True, "within_1_lsb": True, "worst_lsb": 0}
    assert figures["cycles_min"] <= figures["cycles"] <= figures["cycles_max"]
    assert figures["memory_settings"]["flash-wait-states"] == 4
    assert figures["latency_s"] == figures["cycles"] / figures["clock_hz"]
    assert figures["code_bytes"] == figures["flash_bytes"] - figures["weights_bytes"]
    assert figures["arena_bytes"] < figures["ram_bytes"]
    assert 0 < figures["stack_bytes"] <= figures["stack_bound_bytes"]
    assert abs(sum(layer["cycles"] for layer in figures["layers"]) - figures["cycles"]) <= 0.01 * figures["cycles"]
    assert mcutune.processes_left() == {}


def test_golden_inputs_from_a_file_are_exact(mcutune: CommandLine, shared_dir: Path) -> None:
    golden = np.load(shared_dir / "models" / "golden.npz")
    inputs = np.concatenate([golden[f"ad01_int8/in/{index}"] for index in range(4)])
    np.save(mcutune.folder / "in.npy", inputs)
    model = shared_dir / "models" / "ad01_int8.tflite"
    done = mcutune.run("measure", model, "--board", "nucleo_l476rg", "--input", "in.npy", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((mcutune.folder / "out.json").read_text())["parity"]["exact"] is True


def test_a_network_that_does_not_fit_says_how_many_bytes_are_missing(mcutune: CommandLine) -> None:
    builder = TfliteBuilder()
    half_a_ram = (1, 128, 128, 4)
    first, second, total = (builder.tensor(half_a_ram, scale=0.1) for _ in range(3))
    builder.operator("ADD", [first, second], [total], "AddOptions")
    (mcutune.folder / "big.tflite").write_bytes(builder.build([first, second], [total]))
    done = mcutune.run("measure", "big.tflite", "--board", "nucleo_l476rg", "--json", "out.json")
    assert done.returncode == 1
    error = json.loads((mcutune.folder / "out.json").read_text())["error"]
    assert error["kind"] == "infeasible"
    assert error["missing_bytes"]["SRAM1"] >= 2 * 64 * 1024 - 96 * 1024
    assert done.stderr == f"mcutune: {error['message']}\n"


def test_damaged_input_ends_with_one_line_and_code_2(mcutune: CommandLine) -> None:
    (mcutune.folder / "bad.tflite").write_bytes(b"not a model")
    for words in (
        ["measure", "bad.tflite", "--board", "nucleo_l476rg"],
        ["measure", "missing.tflite", "--board", "nucleo_l476rg"],
        ["measure", "bad.tflite", "--board", "nucleo_l476"],
    ):
        done = mcutune.run(*words, "--json", "out.json")
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1, done.stderr
        assert json.loads((mcutune.folder / "out.json").read_text())["error"]["message"] in done.stderr


def test_a_truncated_network_prints_nothing_but_the_reason(mcutune: CommandLine) -> None:
    content = dense_model()
    (mcutune.folder / "cut.tflite").write_bytes(content[: len(content) * 2 // 3])
    done = mcutune.run("measure", "cut.tflite", "--board", "nucleo_l476rg")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("mcutune: the .tflite file is damaged or truncated")
    assert done.stderr.count("\n") == 1


def test_the_memory_plan_is_drawn_on_request(mcutune: CommandLine) -> None:
    (mcutune.folder / "dense.tflite").write_bytes(dense_model())
    done = mcutune.run("measure", "dense.tflite", "--board", "nucleo_l476rg", "--memory-plan")
    assert done.returncode == 0, done.stderr
    assert "the least possible for this order of layers" in done.stdout
    assert "layers     0-0  hidden" in done.stdout


def test_a_meter_that_is_not_there_or_makes_no_sense_takes_one_line(mcutune: CommandLine) -> None:
    (mcutune.folder / "dense.tflite").write_bytes(dense_model())
    for options, code, says in (
        (["--meter-voltage", "3.3V"], 2, "make sense with --meter URL only"),
        (["--meter", "socket://127.0.0.1:1", "--meter-voltage", "3.3"], 2, "must have one of the units V, mV"),
        (["--meter", "socket://127.0.0.1:1", "--meter-voltage", "12V"], 2, "must be 0.8 to 5.0 V"),
        (["--meter", "socket://127.0.0.1:1"], 1, "socket://127.0.0.1:1: cannot open the meter's port"),
    ):
        done = mcutune.run("measure", "dense.tflite", "--board", "nucleo_l476rg", *options)
        assert done.returncode == code, done.stderr
        assert says in done.stderr
        assert done.stderr.count("\n") == 1


def test_boards_are_listed(mcutune: CommandLine) -> None:
    done = mcutune.run("boards")
    assert done.returncode == 0
    assert "nucleo_l476rg" in done.stdout
    assert "SRAM1 96 KiB" in done.stdout


def test_what_is_known_of_a_board_type_is_shown(mcutune: CommandLine) -> None:
    done = mcutune.run("boards", "show", "nucleo_l4r5zi")
    assert done.returncode == 0, done.stderr
    facts = (line.split(maxsplit=1) for line in done.stdout.splitlines() if not line.startswith(" "))
    shown = {words[0]: words[1] for words in facts}
    assert shown["core"] == "Cortex-M4 with FPU (fpv4-sp-d16)"
    assert shown["clock"] == "120 MHz, flash with 5 wait states"
    assert shown["console"] == "LPUART1 (PG7, PG8), 115200 baud"
    assert shown["flashing"].startswith("serial-loader: the console")
    assert "pyocd pack install stm32l4r5zitx" in done.stdout
    assert shown["bootloader"] == "no ROM bootloader is used over the console (LPUART1)"
    assert shown["documents"].startswith("UM2179")


def test_the_wear_of_units_is_listed(mcutune: CommandLine, tmp_path: Path) -> None:
    assert "no erasures" in mcutune.run("boards", "wear", "--folder", str(tmp_path)).stdout
    WearStore(tmp_path).add("0a0b", "nucleo_l4r5zi", [3] * 9000 + [4])
    done = mcutune.run("boards", "wear", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split() == ["0a0b", "nucleo_l4r5zi", "3", "9,000", "90.0%", "9,001"]


def test_an_unknown_board_type_takes_one_line(mcutune: CommandLine) -> None:
    done = mcutune.run("boards", "show", "nucleo_l4r5")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "nucleo_l476rg" in line and "nucleo_l4r5zi" in line


@pytest.mark.parametrize("command", [[], ["sweep"], ["measure"], ["boards"], ["boards", "show"]])
def test_help_is_there_for_every_command(mcutune: CommandLine, command: list[str]) -> None:
    done = mcutune.run(*command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: mcutune")


@pytest.mark.parametrize("network", [keyword_lstm, keyword_svdf])
def test_a_recurrent_network_is_exact_as_samples_and_as_a_stream(
    network: Callable[[int], bytes], mcutune: CommandLine
) -> None:
    (mcutune.folder / "net.tflite").write_bytes(network(0))
    for option in ([], ["--stream"]):
        done = mcutune.run("measure", "net.tflite", "--board", "nucleo_l476rg", "--samples", 8, *option)
        assert done.returncode == 0, done.stderr
        assert "with TFLM over 8 samples: exact" in done.stdout


@pytest.mark.parametrize(
    ("tflite", "reason"),
    [(repeated_rows(), "does not run the model: "), (depthwise(bias=False), "crashed on the model")],
)
def test_a_network_that_tflm_does_not_run_is_measured_and_says_so(
    tflite: bytes, reason: str, mcutune: CommandLine
) -> None:
    (mcutune.folder / "net.tflite").write_bytes(tflite)
    done = mcutune.run("measure", "net.tflite", "--board", "nucleo_l476rg", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"parity    with TFLM: not compared: TensorFlow Lite Micro {reason}" in done.stdout
    parity = json.loads((mcutune.folder / "out.json").read_text())["parity"]
    assert parity["exact"] is None
    assert parity["not_compared"] in done.stdout
    assert mcutune.processes_left() == {}
