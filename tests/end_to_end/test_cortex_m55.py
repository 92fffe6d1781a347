"""Exported libraries on cores other than the board types': Cortex-M55 with Helium, and the portable path."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.compiler.int16_models import Int16Models
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.product_models import attention
from tests.unit.compiler.recurrent_models import keyword_lstm, keyword_svdf
from tests.unit.compiler.test_variables import ring_buffer
from tests.unit.export.building import example_output, exported, run

HELIUM = "-mcpu=cortex-m55 -mfloat-abi=hard"
# QEMU's machine has 256 KiB of flash and 16 KiB of RAM.
MICROBIT = "-Wl,--defsym=rom_bytes=262144,--defsym=ram_bytes=16384"
CORES = [
    (HELIUM, "mps3-an547", ""),
    ("-mcpu=cortex-m3 -mfloat-abi=soft", "mps2-an385", ""),
    ("-mcpu=cortex-m0plus -mfloat-abi=soft", "microbit", MICROBIT),
]
CORE_NAMES = ["cortex-m55", "cortex-m3", "cortex-m0plus"]


@pytest.fixture(scope="module")
def kws(tmp_path_factory: pytest.TempPathFactory, shared_dir: Path) -> Path:
    tflite = (shared_dir / "models" / "kws_ref_model_int8.tflite").read_bytes()
    return exported(tflite, "kws", tmp_path_factory.mktemp("export"))


on_three_cores = pytest.mark.parametrize(("cpu", "machine", "memories"), CORES, ids=CORE_NAMES)


@on_three_cores
def test_a_real_network_is_exact(cpu: str, machine: str, memories: str, kws: Path) -> None:
    assert "0 of 2 samples differ" in example_output(kws, cpu, machine, memories=memories)


def test_the_compiler_was_told_of_helium() -> None:
    macros = run("arm-none-eabi-gcc", *HELIUM.split(), "-mthumb", "-dM", "-E", "-x", "c", "/dev/null")
    assert "#define __ARM_FEATURE_MVE 3\n" in macros


@pytest.mark.parametrize("seed", range(3))
def test_random_convolutions_are_exact_with_helium(seed: int, tmp_path: Path) -> None:
    library = exported(OperatorModels(seed).convolution(depthwise=bool(seed % 2)), "net", tmp_path)
    assert "0 of 2 samples differ" in example_output(library, HELIUM, "mps3-an547")


@on_three_cores
@pytest.mark.parametrize("network", [keyword_lstm, keyword_svdf, attention, ring_buffer])
def test_recurrent_networks_and_products_are_exact(
    network: Callable[[int], bytes], cpu: str, machine: str, memories: str, tmp_path: Path
) -> None:
    library = exported(network(0), "net", tmp_path)
    assert "0 of 2 samples differ" in example_output(library, cpu, machine, memories=memories)


@on_three_cores
@pytest.mark.parametrize("seed", range(4))
def test_random_int16_convolutions_are_exact(seed: int, cpu: str, machine: str, memories: str, tmp_path: Path) -> None:
    library = exported(Int16Models(seed).convolution(depthwise=bool(seed % 2)), "net", tmp_path)
    assert "0 of 2 samples differ" in example_output(library, cpu, machine, memories=memories)
