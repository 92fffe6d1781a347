"""MEAN and SUM of int16 over any axes."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.factor import Factor, factor_for, require_fit
from orchestrator.compiler.ops.reduce import Reduction, mean_multiplier, reduction_of, reduction_step
from orchestrator.compiler.step import Field, Step

_LARGEST_VALUE = 1 << 15
_BYTES = 2


def lower_mean(operator: Operator) -> Step:
    """Lower MEAN to `mt_mean_s16`."""
    operator.require_int16(operator.input(0), operator.output)
    shape = reduction_of(operator)
    ratio = operator.input(0).scale / operator.output.scale
    return _step(operator, shape, Factor.of_shifted(*mean_multiplier(ratio, shape.count)))


def lower_sum(operator: Operator) -> Step:
    """Lower SUM to `mt_mean_s16`, without the division."""
    operator.require_int16(operator.input(0), operator.output)
    shape = reduction_of(operator)
    ratio = operator.input(0).scale / operator.output.scale
    return _step(operator, shape, factor_for(operator, ratio, shape.count * _LARGEST_VALUE))


def _step(operator: Operator, shape: Reduction, factor: Factor) -> Step:
    require_fit(operator, factor, shape.count * _LARGEST_VALUE)
    fields: dict[str, Field] = {"pixels": shape.count, "channels": shape.inner, "factor": factor.fields()}
    call = "mt_mean_s16(&{params}, (const void *)({in0}), (void *)({out}));"
    return reduction_step(operator, shape, call, _BYTES, ("mt_mean_s16_layer", fields))
