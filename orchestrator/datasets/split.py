"""Split samples with a fixed seed: stratified by class, or whole groups at a time."""

from sklearn.model_selection import GroupShuffleSplit, train_test_split

from orchestrator.datasets.dataset import Array


def split_off(indices: Array, y: Array, groups: Array | None, fraction: float, seed: int) -> tuple[Array, Array]:
    """Divide `indices` into the rest and a part of about `fraction`; equal arguments give equal parts.

    With `groups` no group is divided; without, classes keep their shares.
    """
    if groups is not None:
        splitter = GroupShuffleSplit(n_splits=1, test_size=fraction, random_state=seed)
        rest, part = next(splitter.split(indices, groups=groups[indices]))
        return indices[rest], indices[part]
    rest, part = train_test_split(indices, test_size=fraction, random_state=seed, stratify=y[indices])
    return rest, part
