"""Import TensorFlow once per process without its start-up noise."""

import logging
import os
import warnings
from functools import cache
from typing import Any


@cache
def import_tensorflow(threads: int = 0) -> Any:
    """Give the tensorflow module, limited to `threads` (0: its own choice).

    To be called only in processes of ours: it sets environment variables that TensorFlow reads on import.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # same sums on every CPU; no banner
    warnings.filterwarnings("ignore", module="tensorflow|keras")
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow

    tensorflow.get_logger().setLevel("ERROR")
    if threads:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    for device in tensorflow.config.list_physical_devices("GPU"):
        tensorflow.config.experimental.set_memory_growth(device, True)
    return tensorflow
