"""Train a Keras model epoch by epoch."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.datasets.dataset import Dataset, Split
from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.errors import McutuneError
from orchestrator.domain.experiment import TrainingChoice
from orchestrator.training.tensorflow_quiet import import_tensorflow

EVALUATION_BATCH = 256


class DivergedError(McutuneError):
    """Training gave NaN or learned nothing: an outcome of the candidate."""


def fit_epochs(
    model: Any,
    dataset: Dataset,
    config: dict[str, Any],
    choice: TrainingChoice,
    seed: int,
    should_stop: Callable[[], bool],
) -> Iterator[EpochResult]:
    """Train `model` in place, yielding after each epoch; ends with the best epoch's weights in it.

    Ends early when the validation accuracy has not improved for `patience_epochs`, or within one batch after
    `should_stop` says so.

    Raises:
        DivergedError: the loss is not finite, or no epoch did better than guessing the most frequent class.
    """
    tensorflow = import_tensorflow()
    model.compile(
        optimizer=tensorflow.keras.optimizers.Adam(config["learning_rate"]),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    train, val = _batches(dataset.train, config["batch_size"], seed), _batches(dataset.val, EVALUATION_BATCH)
    best, best_weights, best_epoch = -1.0, model.get_weights(), 0
    stopper = _stopper(should_stop)
    for epoch in range(1, choice.epochs + 1):
        result = _one_epoch(model, train, val, epoch, stopper)
        if should_stop():
            return
        yield result
        if result.val_accuracy > best:
            best, best_weights, best_epoch = result.val_accuracy, model.get_weights(), epoch
        elif epoch - best_epoch >= choice.patience_epochs:
            break
    model.set_weights(best_weights)
    if best <= dataset.majority_share:
        raise DivergedError(
            f"learned nothing: best validation accuracy {best:.1%}, guessing gives {dataset.majority_share:.1%}"
        )


def _batches(split: Split, batch_size: int, seed: int | None = None) -> Any:
    tensorflow = import_tensorflow()
    data = tensorflow.data.Dataset.from_tensor_slices((split.x, split.y)).cache()
    if seed is not None:
        data = data.shuffle(len(split), seed=seed)
    return data.batch(batch_size).prefetch(2)


def _one_epoch(model: Any, train: Any, val: Any, epoch: int, stopper: Any) -> EpochResult:
    history = model.fit(
        train, validation_data=val, initial_epoch=epoch - 1, epochs=epoch, verbose=0, callbacks=[stopper]
    ).history
    result = EpochResult(
        epoch=epoch,
        loss=float(history["loss"][-1]),
        accuracy=float(history["accuracy"][-1]),
        val_loss=float(history["val_loss"][-1]),
        val_accuracy=float(history["val_accuracy"][-1]),
    )
    for name, loss in (("loss", result.loss), ("validation loss", result.val_loss)):
        if not math.isfinite(loss):
            raise DivergedError(f"{name} is {loss} in epoch {epoch}")
    return result


def _stopper(should_stop: Callable[[], bool]) -> Any:
    keras = import_tensorflow().keras

    class StopOnRequest(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = should_stop()

    return StopOnRequest()
