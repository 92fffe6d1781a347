"""Exported libraries: write them, build them as their users do, run them on the host and in QEMU."""

import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.export import LibraryName, export_library

BOARD = load_board_type("nucleo_l476rg")


def need(tool: str) -> None:
    """Skip where a tool is absent."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool}; scripts/setup.sh dev installs it")


def exported(tflite: bytes, name: str, root: Path, samples: int = 2) -> Path:
    """Write a library below `root`; give its folder."""
    folder = root / name
    export_library(tflite, BOARD, LibraryName(name), samples).write(folder)
    return folder


def run(*words: object, cwd: Path | None = None, code: int = 0) -> str:
    """Run a program that must end with `code`; give what it printed."""
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def cmake_build(source: Path, build: Path, *options: str, flags: str = "") -> str:
    """Configure and build with warnings as errors; give what the build printed."""
    need("cmake")
    run("cmake", "-S", source, "-B", build, f"-DCMAKE_C_FLAGS=-Wall -Wextra -Werror {flags}", *options)
    return run("cmake", "--build", build)


def example_output(library: Path, cpu: str, machine: str, *, code: int = 0, memories: str = "") -> str:
    """Build a library's example by its Makefile for a core and run it on a machine of QEMU; give what it printed."""
    need("make")
    need("qemu-system-arm")
    variables = [f"CPU_FLAGS={cpu}", f"MEMORY_FLAGS={memories}", f"BUILD=build-{machine}"]
    run("make", *variables, cwd=library / "example")
    elf = library / "example" / f"build-{machine}" / "example.elf"
    return run("qemu-system-arm", "-M", machine, "-nographic", "-semihosting", "-kernel", elf, code=code)
