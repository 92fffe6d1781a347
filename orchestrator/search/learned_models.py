"""Models that are learned from encoded points. scikit-learn is imported only here, when the first one is learned."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Surface = Callable[[Floats], Floats]
"""From vectors to signed distances: above 0 inside, 1 where examples of the inside lie."""

Surrogate = Callable[[Floats], tuple[Floats, Floats]]
"""From vectors to the expected loss and its standard deviation."""

HARDNESS = 100.0
"""Cost of an example on the wrong side: measurements say exactly what fits, so that hardly any may lie there."""

TREES = 30
NOISE_SHARE = 1e-3


def kernel_width(features: Floats) -> float:
    """Give gamma of exp(-gamma d^2), so that it fits the spread of these vectors: scikit-learn's `scale`."""
    variance = float(features.var()) if len(features) else 0.0
    return 1.0 / (features.shape[1] * variance) if variance > 0.0 else 1.0


def support_vectors(features: Floats, inside: NDArray[np.bool_], gamma: float) -> Surface:
    """Learn where the inside is; both kinds must be among the examples."""
    from sklearn.svm import SVC

    machine = SVC(C=HARDNESS, kernel="rbf", gamma=gamma).fit(features, inside)
    return lambda vectors: np.asarray(machine.decision_function(vectors))


def gaussian_process(features: Floats, losses: Floats) -> Surrogate:
    """Learn a smooth function of few numbers."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern, WhiteKernel

    kernel = Matern(0.3, (0.05, 3.0), nu=2.5) + WhiteKernel(NOISE_SHARE, (1e-6, 0.3))
    process = GaussianProcessRegressor(kernel, normalize_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an end of the lengths' range is an answer, too
        process.fit(features, losses)

    def predict(vectors: Floats) -> tuple[Floats, Floats]:
        means, deviations = process.predict(vectors, return_std=True)
        return means, deviations

    return predict


def random_forest(features: Floats, losses: Floats, seed: int) -> Surrogate:
    """Learn a function of choices; the spread of its trees says how far it is to be trusted."""
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(TREES, max_features=0.5, min_samples_leaf=1, random_state=seed).fit(features, losses)

    def predict(vectors: Floats) -> tuple[Floats, Floats]:
        # The trees are asked themselves: through the forest's own door each call costs them a check of the input.
        narrow = np.ascontiguousarray(vectors, dtype=np.float32)
        answers = np.stack([tree.tree_.predict(narrow)[:, 0] for tree in forest.estimators_])
        return answers.mean(axis=0), answers.std(axis=0)

    return predict
