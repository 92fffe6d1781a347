"""Find a search space by its module path and build the network of one of its points."""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from orchestrator.domain.errors import InputError, McutuneError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.network_shape import NetworkShape
from orchestrator.training.tensorflow_quiet import import_tensorflow

REQUIRED = ("space", "build_model")


class InvalidNetworkError(McutuneError):
    """The point of the search space describes no valid network: an outcome of the candidate."""


def load_search_space(experiment: Experiment) -> ModuleType:
    """Import the experiment's search space, a module path such as `search_spaces.digits`.

    What is installed comes first, then the folder of the experiment file.

    Raises:
        InputError: no such module, or it lacks `space` or `build_model`.
    """
    reference, code = experiment.search_space, experiment.code
    if code is not None and str(code) not in sys.path:
        sys.path.append(str(code))
    try:
        module = importlib.import_module(reference)
    except ModuleNotFoundError as error:
        raise InputError(
            f"search_space: no module {reference!r} ({error}); must be an importable module path"
            " such as search_spaces.digits, or a module beside the experiment file"
        ) from error
    missing = [name for name in REQUIRED if not callable(getattr(module, name, None))]
    if missing:
        raise InputError(f"search_space: module {reference!r} lacks the function(s) {', '.join(missing)}")
    return module


def training_labels_of(module: ModuleType) -> frozenset[str]:
    """Give the labels of a search space that do not touch the architecture, which it may name in `TRAINING_LABELS`.

    Raises:
        InputError: that attribute is no collection of strings.
    """
    labels = getattr(module, "TRAINING_LABELS", ())
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise InputError(f"search_space: {module.__name__}.TRAINING_LABELS must be names of labels, but got {labels!r}")
    return frozenset(labels)


def describer_of(
    module: ModuleType, sample_shape: tuple[int, ...], class_count: int
) -> Callable[[dict[str, Any]], NetworkShape]:
    """Give the function that tells the shape of a point's network.

    Raises:
        InputError: the space has none.
    """
    describe = getattr(module, "describe", None)
    if not callable(describe):
        raise InputError(
            f"search_space: module {module.__name__!r} lacks the function 'describe', which greybox needs as"
            " algorithm or filter of the search (docs/extending.md)"
        )
    return partial(describe, sample_shape=sample_shape, class_count=class_count)


def build_network(
    experiment: Experiment, config: dict[str, Any], sample_shape: tuple[int, ...], class_count: int
) -> Any:
    """Build the untrained Keras model of `config`; equal seeds give equal initial weights.

    Raises:
        InvalidNetworkError: the builder rejects the configuration (ValueError).
    """
    tensorflow = import_tensorflow()
    tensorflow.keras.backend.clear_session()
    tensorflow.keras.utils.set_random_seed(experiment.seed)
    try:
        return load_search_space(experiment).build_model(config, sample_shape, class_count)
    except ValueError as error:
        raise InvalidNetworkError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
