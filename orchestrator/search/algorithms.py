"""The table of algorithms: name -> HyperOpt `suggest` function."""

from collections.abc import Callable
from functools import partial
from typing import Any

Suggest = Callable[..., list[dict[str, Any]]]

RANDOM_STARTS = 8


def suggest_function(name: str) -> Suggest:
    """Give the `suggest` function of an algorithm; the experiment file has checked the name.

    Raises:
        KeyError: unknown name.
    """
    from hyperopt import rand, tpe

    table: dict[str, Suggest] = {
        "random": rand.suggest,
        "tpe": partial(tpe.suggest, n_startup_jobs=RANDOM_STARTS, verbose=False),
    }
    return table[name]
