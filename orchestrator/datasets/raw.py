"""A data set as its source has it, before splitting."""

from dataclasses import dataclass

from orchestrator.datasets.dataset import Array


@dataclass(frozen=True)
class RawDataset:
    """Arrays of the source; parts that it does not have are None.

    Attributes:
        groups_train: a label per training sample; samples of one group never end in different splits.
    """

    source: str
    x_train: Array
    y_train: Array
    x_test: Array | None = None
    y_test: Array | None = None
    x_val: Array | None = None
    y_val: Array | None = None
    groups_train: Array | None = None
