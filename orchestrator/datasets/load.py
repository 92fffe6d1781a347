"""Load the data set of an experiment and split it with a fixed seed."""

import hashlib

import numpy as np

from orchestrator.datasets.dataset import Array, Dataset, Split
from orchestrator.datasets.digits import read_digits
from orchestrator.datasets.npz import read_npz
from orchestrator.datasets.raw import RawDataset
from orchestrator.datasets.split import split_off
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import DatasetChoice


def load_dataset(choice: DatasetChoice, seed: int) -> Dataset:
    """Read the chosen data set; parts it lacks are split off the training data, by group where it has groups.

    Raises:
        InputError: the file is missing, lacks arrays or holds something else than its names promise.
    """
    raw = read_digits() if choice.path is None else read_npz(choice.path)
    rest = np.arange(len(raw.x_train))
    x_test, y_test = raw.x_test, raw.y_test
    if x_test is None or y_test is None:
        rest, chosen = split_off(rest, raw.y_train, raw.groups_train, choice.test_fraction, seed)
        x_test, y_test = raw.x_train[chosen], raw.y_train[chosen]
    x_val, y_val = raw.x_val, raw.y_val
    if x_val is None or y_val is None:
        rest, chosen = split_off(rest, raw.y_train, raw.groups_train, choice.val_fraction, seed + 1)
        x_val, y_val = raw.x_train[chosen], raw.y_train[chosen]
    train = _split(raw.x_train[rest], raw.y_train[rest])
    return _assemble(choice.name, raw, train, _split(x_val, y_val), _split(x_test, y_test))


def _split(x: Array, y: Array) -> Split:
    return Split(np.ascontiguousarray(x, dtype=np.float32), np.ascontiguousarray(y, dtype=np.int32))


def _assemble(name: str, raw: RawDataset, train: Split, val: Split, test: Split) -> Dataset:
    digest = hashlib.sha256()
    for part in (train, val, test):
        if len(part) == 0:
            raise InputError(f"data set {raw.source}: a split is empty ({len(raw.x_train)} training samples)")
        digest.update(part.x.tobytes())
        digest.update(part.y.tobytes())
    class_count = int(max(part.y.max() for part in (train, val, test))) + 1
    return Dataset(name, train, val, test, class_count, digest.hexdigest()[:16])
