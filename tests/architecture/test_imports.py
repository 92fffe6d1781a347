"""Dependencies point one way, and every third-party library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "orchestrator").rglob("*.py"))

HOMES = {
    "ray": ["cluster"],
    "mlflow": ["tracking"],
    "hyperopt": ["search"],
    "tensorflow": ["training"],
    "serial": ["device", "virtual_board"],
    "pyocd": ["device"],
    "grpc": ["labgrid_places"],
    "google.protobuf": ["labgrid_places"],
    "grpc_reflection": ["labgrid_places"],
    "unicorn": ["virtual_board"],
    "capstone": ["virtual_board"],
    "elftools": ["toolchain"],
    "tflite_micro": ["compiler", "parity"],
    "sklearn": ["datasets", "search"],
    "scipy": ["search"],
    "pydantic": ["config"],
    "yaml": ["config"],
    "click": ["cli"],
    "rich": ["report", "cli"],
}

# What each package of ours may import of the others; a package above is never imported from below.
MAY_IMPORT = {
    "domain": [],
    "config": ["domain", "datasets"],
    "datasets": ["domain"],
    "compiler": ["domain"],
    "parity": ["domain", "compiler"],
    "toolchain": ["domain"],
    "export": ["domain", "compiler", "parity", "toolchain"],
    "virtual_board": ["domain", "config", "toolchain"],
    "device": ["domain"],
    "renode": ["domain", "device"],
    "lab": ["domain", "config", "device", "virtual_board", "renode"],
    "labgrid_places": ["domain", "config", "device", "lab"],
    "journal": ["domain", "config"],
    "search": ["domain"],
    "training": ["domain", "datasets"],
    "pipeline": ["domain", "config", "datasets", "compiler", "parity", "toolchain", "device", "training",
                 "virtual_board", "lab"],
    "cluster": ["domain", "config", "journal", "search", "training", "pipeline", "lab", "datasets", "device"],
    "tracking": ["domain", "journal"],
    "report": ["domain", "pipeline", "lab"],
}  # fmt: skip


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return names


def package_of(path: Path) -> str:
    return path.relative_to(ROOT / "orchestrator").parts[0]


@pytest.mark.parametrize("library", HOMES)
def test_a_third_party_library_is_imported_only_in_its_home(library: str) -> None:
    users = {
        package_of(path)
        for path in SOURCES
        if any(name == library or name.startswith(library + ".") for name in imported_names(path))
    }
    assert users, f"{library} is not used at all"
    assert users <= set(HOMES[library])


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    used = {
        name.split(".")[1]
        for path in SOURCES
        if package_of(path) == package
        for name in imported_names(path)
        if name.startswith("orchestrator.")
    }
    assert used - {package} <= set(MAY_IMPORT[package])


def test_every_package_has_its_rule() -> None:
    packages = {package_of(path) for path in SOURCES if len(path.relative_to(ROOT / "orchestrator").parts) > 1}
    assert packages == {*MAY_IMPORT, "cli"}
