"""Every operator's library is complete: the kernels that are found are all that are needed."""

from pathlib import Path

import pytest

from orchestrator.compiler import compile_model
from orchestrator.export.kernels import runtime_for
from orchestrator.toolchain.runtime_files import runtime_headers, runtime_sources
from tests.unit.compiler import test_operators_int16 as int16
from tests.unit.compiler.int16_models import Int16Models
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.test_operators import CASES
from tests.unit.export.building import run

FLAGS = ["-std=c11", "-O0", "-fPIC", *(f"-I{folder}" for folder in {header.parent for header in runtime_headers()})]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole runtime, an object per file."""
    folder = tmp_path_factory.mktemp("objects")
    run("gcc", *FLAGS, "-c", *runtime_sources(), cwd=folder)
    return folder


@pytest.mark.parametrize("operator", CASES)
def test_an_operator_s_kernels_are_found(operator: str, objects: Path, tmp_path: Path) -> None:
    links_alone(CASES[operator][1](OperatorModels(0)), objects, tmp_path)


@pytest.mark.parametrize("operator", int16.CASES)
def test_an_int16_operator_s_kernels_are_found(operator: str, objects: Path, tmp_path: Path) -> None:
    links_alone(int16.CASES[operator][1](Int16Models(0)), objects, tmp_path)


def links_alone(tflite: bytes, objects: Path, tmp_path: Path) -> None:
    source = compile_model(tflite).c_source
    (tmp_path / "model.c").write_text(source)
    found = [objects / f"{Path(name).stem}.o" for name in runtime_for(source).kernels if "runtime_key" not in name]
    run("gcc", *FLAGS, "-shared", "-Wl,-z,defs", tmp_path / "model.c", *found, "-o", tmp_path / "model.so")


def test_the_runtime_needs_nothing_of_libc_but_memcpy_and_memset(objects: Path) -> None:
    names = {line.split()[-1] for line in run("nm", "-u", *objects.glob("*.o")).splitlines() if " U " in line}
    assert {name for name in names if not name.startswith("mt_")} <= {"memcpy", "memset", "_GLOBAL_OFFSET_TABLE_"}
