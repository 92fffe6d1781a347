"""Random networks that compare and choose: truth alone cannot be an output, so that each ends in SELECT_V2."""

import numpy as np

from tests.unit.compiler.movement_models import Sketch
from tests.unit.compiler.operator_models import OperatorModels


class _Choice(Sketch):
    def __init__(self, models: OperatorModels) -> None:
        super().__init__(models)
        self.shape_out = self.shape(models.integer(1, 4), 5)
        self.inputs: list[int] = []

    def operand(self, **given: float) -> int:
        """Give an input, or a constant, that broadcasts to the output's shape."""
        shape = tuple(extent if self.models.integer(0, 3) else 1 for extent in self.shape_out)
        is_constant = self.inputs and self.models.integer(0, 2) == 0
        data = self.models.weights(shape) if is_constant else None
        tensor = self.tensor(shape, **given, **({} if data is None else {"data": data}))
        self.inputs += [] if is_constant else [tensor]
        return tensor

    def truth(self, name: str, operands: list[int]) -> int:
        shapes = [tuple(self.builder.tensors[tensor].shape) for tensor in operands]
        result = self.builder.tensor(np.broadcast_shapes(*shapes), "bool")
        self.builder.operator(name, operands, [result])
        return result

    def compared(self, name: str) -> int:
        scale = self.models.scale()
        return self.truth(name, [self.operand(), self.operand(scale=scale, zero_point=self.models.zero_point())])

    def chosen(self, condition: int) -> bytes:
        full = self.tensor(self.shape_out)
        self.inputs.append(full)
        choices = [full, self.operand()][:: 1 if self.models.integer(0, 1) else -1]
        y = self.tensor(self.shape_out)
        self.builder.operator("SELECT_V2", [condition, *choices], [y])
        return self.builder.build(self.inputs, [y])


def comparison(models: OperatorModels, name: str) -> bytes:
    choice = _Choice(models)
    return choice.chosen(choice.compared(name))


def logical(models: OperatorModels, name: str) -> bytes:
    """LOGICAL_AND or LOGICAL_OR of two comparisons, LOGICAL_NOT of one."""
    choice = _Choice(models)
    first = choice.compared("GREATER")
    operands = [first] if name == "LOGICAL_NOT" else [first, choice.compared("LESS")]
    return choice.chosen(choice.truth(name, operands))
