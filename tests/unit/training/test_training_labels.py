from types import ModuleType

import pytest
from hyperopt.base import Domain

import search_spaces.digits
from orchestrator.domain.errors import InputError
from orchestrator.training.search_space import training_labels_of


def test_the_digits_space_has_the_labels_that_it_declares() -> None:
    labels = training_labels_of(search_spaces.digits)
    assert labels == {"learning_rate", "batch_size"}
    assert labels < Domain(lambda point: 0.0, search_spaces.digits.space()).params.keys()


def test_a_space_need_not_declare_any_and_must_declare_names() -> None:
    module = ModuleType("mine")
    assert training_labels_of(module) == frozenset()
    module.TRAINING_LABELS = "learning_rate"  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"mine\.TRAINING_LABELS must be names of labels, but got 'learning_rate'"):
        training_labels_of(module)
