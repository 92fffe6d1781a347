"""A host of boards needs neither TensorFlow nor an emulator: what its agent loads, and what is listed for it."""

import configparser
import pickle
import re
import subprocess
import sys
from pathlib import Path

from orchestrator.lab.requests import MeasureRequest
from tests.records import IMAGE

ROOT = Path(__file__).parent.parent.parent

# All that an agent loads to serve dev kits and places, from its command line to a request that arrives.
SERVING = """
import pickle, sys
import orchestrator.cli.main
import orchestrator.cluster.board_agent, orchestrator.cluster.ray_node, orchestrator.cluster.ray_session
import orchestrator.config.hardware_map, orchestrator.config.state_folder, orchestrator.labgrid_places.units
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.lab.hosts import units_of

units_of([MappedDevice("kit", "nucleo_l4r5zi", "/dev/kit")], {})
pickle.loads(sys.stdin.buffer.read())
print(" ".join({name.partition(".")[0] for name in sys.modules} | {name for name in sys.modules if name == "ray.tune"}))
"""
NOT_LOADED = {
    "capstone",
    "elftools",
    "hyperopt",
    "mlflow",
    "pandas",
    "ray.tune",
    "sklearn",
    "tensorflow",
    "tflite_micro",
    "unicorn",
}


def requirements(text: str) -> dict[str, str]:
    """Ranges by package; extras are left out."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    matches = (re.fullmatch(r"([A-Za-z0-9-]+)(?:\[.*\])?(.*)", line) for line in lines if line)
    return {match[1]: match[2] for match in matches if match}


def test_serving_boards_loads_nothing_that_a_host_of_boards_lacks() -> None:
    request = pickle.dumps(MeasureRequest("id", "sweep", IMAGE, ((b"\x00" * 64,),), repeats=1))
    done = subprocess.run([sys.executable, "-c", SERVING], input=request, capture_output=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.decode().split())
    assert "ray" in loaded
    assert loaded & NOT_LOADED == set()


def test_the_list_for_hosts_of_boards_has_the_ranges_of_the_whole() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    whole = requirements(config["options"]["install_requires"])
    listed = requirements((ROOT / "requirements-agent.txt").read_text())
    assert {"ray", "pyserial", "pydantic"} <= set(listed)
    assert {name: whole.get(name) for name in listed} == listed
