"""Data sets in one .npz file."""

import zipfile
from pathlib import Path

import numpy as np

from orchestrator.datasets.dataset import Array
from orchestrator.datasets.raw import RawDataset
from orchestrator.domain.errors import InputError

REQUIRED = ("x_train", "y_train", "x_test", "y_test")
OPTIONAL = ("x_val", "y_val", "groups_train")


def read_npz(path: Path) -> RawDataset:
    """Read `x_train, y_train, x_test, y_test` and, where present, `x_val, y_val, groups_train`.

    A whole-number `x` is taken as it is; `y` holds class numbers from 0.

    Raises:
        InputError: missing file or array, pickled content, lengths or shapes that do not go together.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in (*REQUIRED, *OPTIONAL) if name in archive.files}
    except FileNotFoundError as error:
        raise InputError(f"data set {path}: no such file") from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"data set {path}: is not a readable .npz file: {error}") from error
    _check(path, arrays)
    return RawDataset(source=str(path), **arrays)


def _check(path: Path, arrays: dict[str, Array]) -> None:
    missing = [name for name in REQUIRED if name not in arrays]
    if missing:
        required = ", ".join(REQUIRED)
        raise InputError(f"data set {path}: lacks the array(s) {', '.join(missing)}; required: {required}")
    if ("x_val" in arrays) != ("y_val" in arrays):
        raise InputError(f"data set {path}: x_val and y_val must come together")
    for part in ("train", "val", "test"):
        if f"x_{part}" in arrays:
            _check_part(path, part, arrays)
    groups = arrays.get("groups_train")
    if groups is not None and len(groups) != len(arrays["x_train"]):
        raise InputError(f"data set {path}: groups_train must have one label per training sample")


def _check_part(path: Path, part: str, arrays: dict[str, Array]) -> None:
    x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
    if len(x) != len(y):
        raise InputError(f"data set {path}: x_{part} has {len(x)} samples but y_{part} has {len(y)}")
    shape, expected = x.shape[1:], arrays["x_train"].shape[1:]
    if shape != expected:
        raise InputError(f"data set {path}: samples of x_{part} have shape {shape}, but x_train's {expected}")
    if not np.issubdtype(y.dtype, np.integer) or y.ndim != 1 or (len(y) and y.min() < 0):
        raise InputError(f"data set {path}: y_{part} must hold class numbers from 0, but is {y.dtype} {y.shape}")
    if not np.issubdtype(x.dtype, np.number):
        raise InputError(f"data set {path}: x_{part} must hold numbers, but is {x.dtype}")
