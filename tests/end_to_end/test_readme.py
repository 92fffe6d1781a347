"""What README.md tells people to type works."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from orchestrator.cli.main import commands
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text()


def test_the_first_commands_are_the_quickstart_and_the_tests() -> None:
    first = README.split("```")[1].split("\n")[1:3]
    assert [line.split()[0] for line in first] == ["scripts/quickstart.sh", "scripts/test.sh"]


def test_every_command_of_ours_in_the_readme_exists() -> None:
    named = set(re.findall(r"mcutune ([a-z-]+)", README))
    known = set(commands.list_commands(click.Context(commands)))
    assert named & known == known
    assert {name for name in named - known if f"`mcutune {name}" in README} == set()


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_quickstart_runs_to_its_end(tmp_path: Path) -> None:
    command = [REPOSITORY / "scripts" / "quickstart.sh", "--out", tmp_path / "sweep"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[20/20]" in done.stdout
    assert "infeasible" in done.stdout
    assert "--backend-store-uri sqlite:///" in done.stdout
