from pathlib import Path

import numpy as np
import pytest

from orchestrator.datasets.load import load_dataset
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import DatasetChoice

DIGITS = DatasetChoice("digits", None, val_fraction=0.2, test_fraction=0.2)


def rows(x: np.ndarray) -> set[bytes]:
    return {sample.tobytes() for sample in x}


def npz_choice(path: Path, **arrays: np.ndarray) -> DatasetChoice:
    np.savez(path, **arrays)
    return DatasetChoice(path.name, path, val_fraction=0.25, test_fraction=0.2)


def random_arrays(count: int = 80) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.normal(size=(count, 3)),
        "y_train": np.arange(count) % 2,
        "x_test": generator.normal(size=(10, 3)),
        "y_test": np.arange(10) % 2,
    }


def test_digits_are_split_into_disjoint_parts_that_cover_all() -> None:
    dataset = load_dataset(DIGITS, seed=1)
    assert len(dataset.train) + len(dataset.val) + len(dataset.test) == 1797
    assert dataset.sample_shape == (8, 8, 1)
    assert dataset.train.x.min() >= 0.0 and dataset.train.x.max() == 1.0


def test_equal_seeds_give_equal_splits_and_others_do_not() -> None:
    hashes = [load_dataset(DIGITS, seed).content_hash for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_npz_keeps_its_own_test_split(tmp_path: Path) -> None:
    arrays = random_arrays()
    dataset = load_dataset(npz_choice(tmp_path / "data.npz", **arrays), seed=0)
    assert np.array_equal(dataset.test.x, arrays["x_test"].astype(np.float32))
    assert len(dataset.val) == 20
    assert not rows(dataset.train.x) & rows(dataset.val.x)


def test_groups_are_never_divided(tmp_path: Path) -> None:
    arrays = random_arrays()
    groups = np.arange(80) // 8
    arrays["x_train"][:, 0] = groups
    dataset = load_dataset(npz_choice(tmp_path / "data.npz", **arrays, groups_train=groups), seed=0)
    assert not set(dataset.train.x[:, 0]) & set(dataset.val.x[:, 0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"y_train": None}, "lacks the array"),
        ({"y_train": np.zeros(79, int)}, "80 samples but y_train has 79"),
        ({"x_test": np.zeros((10, 4))}, "have shape"),
        ({"y_test": np.zeros(10)}, "class numbers"),
        ({"x_val": np.zeros((4, 3))}, "must come together"),
        ({"groups_train": np.zeros(3)}, "one label per"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(tmp_path: Path, change: dict, says: str) -> None:
    arrays = {name: array for name, array in {**random_arrays(), **change}.items() if array is not None}
    with pytest.raises(InputError, match=says):
        load_dataset(npz_choice(tmp_path / "data.npz", **arrays), seed=0)


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with pytest.raises(InputError, match="no such file"):
        load_dataset(DatasetChoice("data.npz", path, 0.2, 0.2), seed=0)
    path.write_bytes(b"not a zip")
    with pytest.raises(InputError, match="not a readable"):
        load_dataset(DatasetChoice("data.npz", path, 0.2, 0.2), seed=0)
