"""Find a search space by its module path and build the network of one of its points."""

import importlib
from types import ModuleType
from typing import Any

from orchestrator.domain.errors import InputError, McutuneError
from orchestrator.training.tensorflow_quiet import import_tensorflow

REQUIRED = ("space", "build_model")


class InvalidNetworkError(McutuneError):
    """The point of the search space describes no valid network: an outcome of the candidate."""


def load_search_space(reference: str) -> ModuleType:
    """Import the search space `reference`, a module path such as `search_spaces.digits`.

    Raises:
        InputError: no such module, or it lacks `space` or `build_model`.
    """
    try:
        module = importlib.import_module(reference)
    except ModuleNotFoundError as error:
        raise InputError(
            f"search_space: no module {reference!r} ({error}); must be an importable module path"
            " such as search_spaces.digits"
        ) from error
    missing = [name for name in REQUIRED if not callable(getattr(module, name, None))]
    if missing:
        raise InputError(f"search_space: module {reference!r} lacks the function(s) {', '.join(missing)}")
    return module


def build_network(
    reference: str, config: dict[str, Any], sample_shape: tuple[int, ...], class_count: int, seed: int
) -> Any:
    """Build the untrained Keras model of `config`; equal seeds give equal initial weights.

    Raises:
        InvalidNetworkError: the builder rejects the configuration (ValueError).
    """
    tensorflow = import_tensorflow()
    tensorflow.keras.backend.clear_session()
    tensorflow.keras.utils.set_random_seed(seed)
    try:
        return load_search_space(reference).build_model(config, sample_shape, class_count)
    except ValueError as error:
        raise InvalidNetworkError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
