"""Before a board is asked: build, convert, compile, link."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.datasets.dataset import Dataset
from orchestrator.domain.errors import DoesNotFitError, UnsupportedModelError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.model import FirmwareImage
from orchestrator.domain.outcome import Outcome
from orchestrator.toolchain.link import link_image


@dataclass(frozen=True)
class Prepared:
    """A network ready for the board, and the wall seconds that each step took."""

    tflite: bytes
    c_source: str
    architecture_key: str
    image: FirmwareImage
    seconds: tuple[tuple[str, float], ...]


class Stopwatch:
    """Collects wall seconds per named step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block as `name`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


def prepare_untrained(experiment: Experiment, dataset: Dataset, config: dict[str, Any]) -> Prepared | Outcome:
    """Build the network of `config`, untrained, and make its image; or say why there is none.

    RAM, flash and cycles do not depend on trained weights, so this image is measured before any training.

    Raises:
        ToolchainError: the compiler failed for another reason than size.
    """
    from orchestrator.training.convert import convert_to_int8
    from orchestrator.training.search_space import InvalidNetworkError, build_network

    watch = Stopwatch()
    try:
        with watch.step("build"):
            model = build_network(experiment, config, dataset.sample_shape, dataset.class_count)
    except InvalidNetworkError as error:
        return Outcome.invalid(str(error))
    with watch.step("convert"):
        tflite = convert_to_int8(model, dataset.train.x)
    return _make_image(experiment, tflite, watch)


def prepare_trained(experiment: Experiment, tflite: bytes) -> Prepared | Outcome:
    """Make the image of a trained network."""
    return _make_image(experiment, tflite, Stopwatch())


def _make_image(experiment: Experiment, tflite: bytes, watch: Stopwatch) -> Prepared | Outcome:
    try:
        with watch.step("compile"):
            compiled = compile_model(tflite)
        with watch.step("link"):
            image = link_image(compiled, load_board_type(experiment.board))
    except UnsupportedModelError as error:
        return Outcome.invalid(str(error))
    except DoesNotFitError as error:
        return Outcome.does_not_link(error)
    return Prepared(tflite, compiled.c_source, compiled.architecture_key, image, tuple(watch.seconds.items()))
