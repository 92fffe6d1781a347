"""Before a board is asked: build, convert, compile, link."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.datasets.dataset import Dataset
from orchestrator.domain.deployability import Deployability, Fit, Shortage
from orchestrator.domain.errors import DoesNotFitError, UnsupportedModelError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.model import FirmwareImage
from orchestrator.domain.outcome import Outcome
from orchestrator.toolchain.link import link_image


@dataclass(frozen=True)
class Prepared:
    """A network ready for its boards, and the wall seconds that each step took.

    Attributes:
        images: one per board type into whose memories it links, at least one.
        shortages: of the other board types.
    """

    tflite: bytes
    c_source: str
    architecture_key: str
    images: tuple[FirmwareImage, ...]
    shortages: tuple[Shortage, ...]
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
    """Build the network of `config`, untrained, and make its images; or say why there are none.

    RAM, flash and cycles do not depend on trained weights, so these images are measured before any training.

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
    return _make_images(experiment, tflite, experiment.boards, watch)


def prepare_trained(experiment: Experiment, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
    """Make the images of a trained network for some of the experiment's board types."""
    return _make_images(experiment, tflite, boards, Stopwatch())


def _make_images(
    experiment: Experiment, tflite: bytes, boards: tuple[str, ...], watch: Stopwatch
) -> Prepared | Outcome:
    try:
        with watch.step("compile"):
            compiled = compile_model(tflite)
    except UnsupportedModelError as error:
        return Outcome.invalid(str(error))
    images: list[FirmwareImage] = []
    shortages: list[Shortage] = []
    with watch.step("link"):
        for board in boards:
            try:
                images.append(link_image(compiled, load_board_type(board)))
            except DoesNotFitError as error:
                shortages += [Shortage(board, region, count) for region, count in error.missing_bytes.items()]
    if shortages and (experiment.fit is Fit.ALL or not images):
        return Outcome.infeasible(Deployability(experiment.fit, (), tuple(shortages)))
    seconds = tuple(watch.seconds.items())
    return Prepared(tflite, compiled.c_source, compiled.architecture_key, tuple(images), tuple(shortages), seconds)
