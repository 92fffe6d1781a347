"""The package works without its checkout: firmware sources and board files travel in the wheel."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.conftest import REPOSITORY


def test_an_installed_wheel_measures_a_network_outside_the_checkout(tmp_path: Path, shared_dir: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(REPOSITORY),
    ]
    subprocess.run(build, check=True, timeout=200)
    (wheel,) = tmp_path.glob("*.whl")
    python = _environment(tmp_path / "venv")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, timeout=200)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    model = shared_dir / "models" / "kws_ref_model_int8.tflite"
    command = [python.with_name("mcutune"), "measure", model, "--board", "nucleo_l476rg", "--json", "out.json"]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=outside, env=clean, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((outside / "out.json").read_text())["parity"]["exact"] is True


def _environment(folder: Path) -> Path:
    """Make an environment that sees the installed dependencies but not this checkout."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=100)
    python = folder / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.strip()  # fmt: skip
    # A plain path entry: .pth files inside it, such as that of an editable install, are not followed.
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
