"""The cache of compiled C: safe when many build at once, quick when warm, the same bytes everywhere."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.toolchain.archive import call_graph_of, static_library
from orchestrator.toolchain.host_model import HOST_COMPILER
from orchestrator.toolchain.link import link_image, network_compiler
from orchestrator.toolchain.runtime_files import runtime_headers, runtime_sources
from tests.conftest import REPOSITORY

BOARD = load_board_type("nucleo_l476rg")

_LINK_AND_HASH = """
import hashlib
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.toolchain.link import link_image
from tests.contract.example_model import example_model
print(hashlib.sha256(link_image(example_model(), load_board_type("nucleo_l476rg")).elf).hexdigest())
"""


def start_build(cache: Path, work: Path) -> "subprocess.Popen[str]":
    work.mkdir()
    environment = {
        **os.environ, "MCUTUNE_CACHE_DIR": str(cache), "TMPDIR": str(work), "PYTHONPATH": str(REPOSITORY),
    }  # fmt: skip
    command = [sys.executable, "-c", _LINK_AND_HASH]
    return subprocess.Popen(command, cwd=work, env=environment, text=True, stdout=subprocess.PIPE)


def test_builds_that_begin_at_once_in_empty_caches_give_the_same_bytes(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared-cache", tmp_path / "own-cache"
    builds = [start_build(cache, tmp_path / f"work-{n}") for n, cache in enumerate((shared, shared, shared, own))]
    hashes = [build.communicate(timeout=200)[0] for build in builds]
    assert [build.returncode for build in builds] == [0] * 4
    assert len(set(hashes)) == 1
    for cache in (shared, own):
        assert sorted(path.suffix for path in cache.iterdir()) == [".a", ".a", ".json", ".json"]


def test_a_library_without_its_call_graph_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCUTUNE_CACHE_DIR", str(tmp_path))
    source = tmp_path / "answer.c"
    source.write_text("int answer(void);\nint answer(void) { return 42; }\n")
    build = static_library.__wrapped__  # without the memory of this process
    library = build(HOST_COMPILER, (source,), ())
    content = library.read_bytes()
    library.with_suffix(".calls.json").unlink()
    assert build(HOST_COMPILER, (source,), ()) == library
    assert library.read_bytes() == content
    assert call_graph_of(library).frames.keys() == {"answer"}


def test_the_call_graph_knows_every_kernel() -> None:
    library = static_library(network_compiler(BOARD), runtime_sources(), runtime_headers())
    frames = call_graph_of(library).frames
    kernels = {source.stem for source in runtime_sources() if f"{source.stem}(" in source.read_text()}
    assert kernels <= frames.keys()


def test_a_warm_build_takes_less_than_a_second_and_a_half(shared_dir: Path) -> None:
    tflite = (shared_dir / "models" / "kws_ref_model_int8.tflite").read_bytes()
    link_image(compile_model(tflite), BOARD)
    started = time.monotonic()
    link_image(compile_model(tflite), BOARD)
    assert time.monotonic() - started < 1.5
