"""Smaller ONNX files: weights as 8-bit integers, computed with in float32.

Only the weights are rounded. Rounding the activations too (static quantization, calibrated on training beats)
changed the class of twenty times as many beats, and the files were larger (docs/predict.md).
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

CHANNEL_AXIS = {"Conv": 0, "Gemm": 1}
"""Axis of the output channels in a kernel: each gets a scale of its own. Other kernels have one scale."""

LEAST = 256
"""Smaller weights stay as they are: with their scales and nodes they would hardly shrink."""


def with_int8_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of `model` whose kernels are stored as int8.

    A weight is `round(w / scale)`, with the scale that takes the largest of its channel to 127. Biases and
    batch normalisation stay in float32.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    users = {name: node.op_type for node in graph.node for name in node.input}
    kept, unpacking = [], []
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if not tensor.name.endswith(("/kernel", "/recurrent")) or weight.size < LEAST:
            kept.append(tensor)
            continue
        axis = CHANNEL_AXIS.get(users[tensor.name])
        values, scale = quantized(weight, axis)
        parts = [f"{tensor.name}/int8", f"{tensor.name}/scale"]
        kept += [numpy_helper.from_array(x, name) for x, name in zip((values, scale), parts, strict=True)]
        settings = {} if axis is None else {"axis": axis}
        name = f"{tensor.name}/float"
        unpacking.append(helper.make_node("DequantizeLinear", parts, [tensor.name], name=name, **settings))
    nodes = [*unpacking, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(made, full_check=True)
    return made


def quantized(weight: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 values of the shape of `weight`, and their scale: `(channels,)`, or `()` without axis."""
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest, 1).astype(np.float32) / np.float32(127)
    values = np.round(weight / scale).astype(np.int8)
    return values, scale.reshape(-1) if axis is not None else scale.reshape(())
