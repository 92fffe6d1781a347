"""What all tests share: the switch for slow tests and the folder with real data."""

import os
import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    renode = os.environ.get("MCUTUNE_RENODE", "renode")
    if shutil.which(renode) is None:
        without = pytest.mark.skip(reason=f"{renode} is not found; MCUTUNE_RENODE names the program of Renode")
        for item in items:
            if item.get_closest_marker("renode"):
                item.add_marker(without)
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="takes minutes; run with --run-slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with real data and models; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("MCUTUNE_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; MCUTUNE_SHARED names the folder with real data and models")
    return folder
