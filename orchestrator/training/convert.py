"""Keras model to a fully int8 .tflite."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from orchestrator.datasets.dataset import Array
from orchestrator.training.tensorflow_quiet import import_tensorflow

REPRESENTATIVE_SAMPLES = 64


def convert_to_int8(model: Any, x_train: Array) -> bytes:
    """Quantise weights, activations, input and output to int8; ranges come from the first training samples.

    The model's variables are frozen into constants first: that is three times as fast as the converter's way over
    a SavedModel, and calibration fails on variables that are not frozen.

    Args:
        x_train: [N, ...] float32 in training order.
    """
    tensorflow = import_tensorflow()
    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([_frozen(model)])
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tensorflow.int8
    converter.inference_output_type = tensorflow.int8
    converter.representative_dataset = lambda: _batches_of_one(x_train[:REPRESENTATIVE_SAMPLES])
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        converted: bytes = converter.convert()
    return converted


def _frozen(model: Any) -> Any:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    tensorflow = import_tensorflow()
    spec = tensorflow.TensorSpec((1, *model.input_shape[1:]), tensorflow.float32)
    function = tensorflow.function(lambda x: model(x, training=False))
    return convert_variables_to_constants_v2(function.get_concrete_function(spec))


def _batches_of_one(samples: Array) -> Iterator[list[Array]]:
    for index in range(len(samples)):
        yield [samples[index : index + 1]]
