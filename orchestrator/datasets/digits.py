"""The 1,797 handwritten digits that come with scikit-learn (UCI Optical Recognition of Handwritten Digits)."""

from orchestrator.datasets.raw import RawDataset


def read_digits() -> RawDataset:
    """Give 8 x 8 x 1 images scaled from 0..16 to 0..1, and ten classes; nothing is split yet."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return RawDataset(source="digits", x_train=bunch.images[..., None] / 16.0, y_train=bunch.target)
