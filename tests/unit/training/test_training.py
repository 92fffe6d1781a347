"""Real Keras models of the digits space: build, train, convert."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.datasets.dataset import Dataset, Split
from orchestrator.datasets.load import load_dataset
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import TrainingChoice
from orchestrator.training.convert import convert_to_int8
from orchestrator.training.fit import DivergedError, fit_epochs
from orchestrator.training.search_space import InvalidNetworkError, build_network, load_search_space
from tests.records import EXPERIMENT

CONFIG: dict[str, Any] = {
    "blocks": [{"kind": "conv", "filters": 8, "kernel": 3, "stride": 2}],
    "padding": "same",
    "pooling": "flatten",
    "dense_units": 0,
    "learning_rate": 0.01,
    "batch_size": 32,
}
CHOICE = TrainingChoice(epochs=3, grace_epochs=1, reduction_factor=3, patience_epochs=3)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset(EXPERIMENT.dataset, seed=1)


def build(config: dict[str, Any], seed: int = 1) -> Any:
    return build_network(replace(EXPERIMENT, seed=seed), config, (8, 8, 1), 10)


def train(dataset: Dataset, config: dict[str, Any] = CONFIG, choice: TrainingChoice = CHOICE) -> list[Any]:
    return list(fit_epochs(build(config), dataset, config, choice, 1, lambda: False))


def test_training_reports_every_epoch_and_learns(dataset: Dataset) -> None:
    epochs = train(dataset)
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
    assert epochs[-1].val_accuracy > 0.5 > dataset.majority_share


def test_equal_seeds_train_alike(dataset: Dataset) -> None:
    assert train(dataset) == train(dataset)


def test_a_loss_that_is_not_finite_is_divergence(dataset: Dataset) -> None:
    with pytest.raises(DivergedError, match="loss is"):
        train(dataset, {**CONFIG, "learning_rate": 1e38})


def test_learning_nothing_is_divergence(dataset: Dataset) -> None:
    with pytest.raises(DivergedError, match="learned nothing"):
        train(replace(dataset, val=Split(dataset.val.x, np.zeros_like(dataset.val.y))))


def test_training_ends_when_it_stops_improving(dataset: Dataset) -> None:
    choice = TrainingChoice(epochs=30, grace_epochs=1, reduction_factor=3, patience_epochs=1)
    assert len(train(dataset, choice=choice)) < 30


def test_a_request_to_stop_ends_the_training_within_one_batch(dataset: Dataset) -> None:
    batches = itertools.count()
    stopped = list(fit_epochs(build(CONFIG), dataset, CONFIG, CHOICE, 1, lambda: next(batches) >= 5))
    assert stopped == []
    assert next(batches) < 10


def test_a_configuration_without_valid_network_is_refused_in_one_line() -> None:
    shrinking = {"kind": "conv", "filters": 8, "kernel": 5, "stride": 2}
    with pytest.raises(InvalidNetworkError) as caught:
        build({**CONFIG, "blocks": [shrinking, shrinking], "padding": "valid"})
    assert "\n" not in str(caught.value)


def test_converting_gives_an_int8_network_that_our_compiler_takes(dataset: Dataset) -> None:
    compiled = compile_model(convert_to_int8(build(CONFIG), dataset.train.x))
    assert [(spec.shape, spec.dtype) for spec in compiled.inputs] == [((1, 8, 8, 1), "int8")]
    assert [(spec.shape, spec.dtype) for spec in compiled.outputs] == [((1, 10), "int8")]


def test_weights_do_not_change_the_architecture_key_but_filters_do(dataset: Dataset) -> None:
    wider = {**CONFIG, "blocks": [{**CONFIG["blocks"][0], "filters": 16}]}
    keys = [
        compile_model(convert_to_int8(build(config, seed), dataset.train.x)).architecture_key
        for config, seed in ((CONFIG, 1), (CONFIG, 2), (wider, 1))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_an_unknown_search_space_is_bad_input() -> None:
    with pytest.raises(InputError, match=r"no module 'search_spaces\.digit'"):
        load_search_space(replace(EXPERIMENT, search_space="search_spaces.digit"))
    with pytest.raises(InputError, match="lacks the function"):
        load_search_space(replace(EXPERIMENT, search_space="json"))
