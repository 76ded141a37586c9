"""A trained Keras network as an ONNX graph, which small runtimes without TensorFlow compute.

Written out layer by layer, because the general converter (tf2onnx) needs an older protobuf than TensorFlow's,
and it is short: only the layers of our networks are known. Sequences are `(batch, channels, steps)` inside
the graph, as ONNX has them; Keras has the channels last.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from arrhythmia.errors import DataError
from arrhythmia.export.layer_settings import check_settings

OPSET = 17
"""Version of ONNX's operators, of 2022: new enough for all we use, old enough for any runtime in use."""

IR_VERSION = 8
"""Version of the file format that came with `OPSET`."""

GATES = {"GRU": (0, 1, 2), "LSTM": (0, 3, 1, 2)}
"""Keras' order of the gates in ONNX' order: z r h, and i o f c (Keras: i f c o)."""


class Graph:
    """Nodes and weights that are being collected; every tensor gets the name that `add` makes."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: list[str], output: str, *, outputs: int = 1, **attributes) -> str:
        """Append a node and return the name of its first output."""
        names = [output, *[f"{output}/{i}" for i in range(1, outputs)]]
        self.nodes.append(helper.make_node(operator, inputs, names, name=output, **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        """Append a constant, float32 unless it holds whole numbers, and return its name."""
        value = np.asarray(value)
        kind = np.int64 if value.dtype.kind == "i" else np.float32
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=kind), name))
        return name


def onnx_model(model: Any) -> onnx.ModelProto:
    """Convert a Keras model that gives probabilities; equal models give equal bytes.

    Args:
        model: from `ensemble.averaged`, with inputs `waveform (batch, length, channels)` and, if it has any,
            `features (batch, k)`; or the rhythm network, with `tokens (batch, beats, entries)`.

    Returns:
        A graph with the same inputs, free numbers of samples in a batch and of beats, and the output
        `probability (batch, 5)` or `(batch, beats, 5)`.

    Raises:
        DataError: the model has a layer, or a setting of one, that is not known here.
    """
    graph = Graph()
    inputs = []
    for x in model.inputs:
        inputs.append(helper.make_tensor_value_info(x.name, onnx.TensorProto.FLOAT, _free(x.shape)))
    steps_last = {
        x.name: graph.add("Transpose", [x.name], f"{x.name}/steps_last", perm=[0, 2, 1])
        if len(x.shape) == 3
        else x.name
        for x in model.inputs
    }
    answer, shape = convert(graph, model, steps_last, f"{model.name}/"), model.outputs[0].shape
    if len(shape) == 3:
        graph.add("Transpose", [answer], "probability", perm=[0, 2, 1])
    else:
        graph.add("Identity", [answer], "probability")
    output = helper.make_tensor_value_info("probability", onnx.TensorProto.FLOAT, _free(shape))
    made = helper.make_model(
        helper.make_graph(graph.nodes, model.name, inputs, [output], graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def _free(shape: tuple[int | None, ...]) -> list[int | str]:
    """Return a shape with names for what is free: the first axis, and of sequences the second."""
    return ["batch", *("beats" if length is None else length for length in shape[1:])]


def convert(graph: Graph, model: Any, inputs: dict[str, str], prefix: str) -> str:
    """Append the layers of `model`, in order, and return the name of its (first) output.

    Args:
        graph: extended in place.
        model: a functional Keras model.
        inputs: name in the graph of each of the model's inputs.
        prefix: of all names, so that members of equal build do not clash.
    """
    names = dict(inputs)
    config = model.get_config()
    for entry in config["layers"]:
        name, layer = entry["name"], model.get_layer(entry["name"])
        if name in names:
            continue
        kind = entry["class_name"]
        if kind not in (*LAYERS, "Functional"):
            raise DataError(f"layer {name} is a {kind}, which the ONNX export does not know")
        check_settings(layer, entry["inbound_nodes"])
        sources = [names[source] for source in histories(entry["inbound_nodes"])]
        if kind == "Functional":
            within = dict(zip((x.name for x in layer.inputs), sources, strict=True))
            names[name] = convert(graph, layer, within, f"{prefix}{name}/")
        else:
            names[name] = LAYERS[kind](graph, layer, sources, prefix + name)
    return names[next(histories(config["output_layers"], bare=True))]


def histories(tree: Any, *, bare: bool = False) -> Iterator[str]:
    """Yield the layers that a part of a model's configuration refers to, in order.

    Args:
        tree: inbound nodes, or, with `bare`, output layers, which stand as plain `[layer, 0, 0]`.
        bare: whether references are such lists.
    """
    if isinstance(tree, dict):
        if "keras_history" in tree:
            yield tree["keras_history"][0]
        else:
            for value in tree.values():
                yield from histories(value, bare=bare)
    elif isinstance(tree, list | tuple):
        if bare and tree and isinstance(tree[0], str):
            yield tree[0]
        else:
            for value in tree:
                yield from histories(value, bare=bare)


def _activated(graph: Graph, layer: Any, x: str, name: str) -> str:
    return graph.add("Relu", [x], f"{name}/relu") if layer.get_config()["activation"] == "relu" else x


def _conv(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    kernel, *bias = layer.get_weights()  # kernel (width, channels in, channels out)
    weights = [graph.constant(f"{name}/kernel", kernel.transpose(2, 1, 0))]
    weights += [graph.constant(f"{name}/bias", value) for value in bias]
    steps = {"strides": list(layer.strides), "auto_pad": "SAME_UPPER" if layer.padding == "same" else "VALID"}
    (dilation,), (width,) = layer.dilation_rate, layer.kernel_size
    # ONNX Runtime knows no automatic padding of dilated kernels; Keras no strides beside them
    if dilation > 1:
        around = dilation * (width - 1) if layer.padding == "same" else 0
        steps = {"dilations": [dilation], "pads": [around // 2, around - around // 2]}
    x = graph.add("Conv", [*sources, *weights], name, **steps)
    return _activated(graph, layer, x, name)


def _batch_norm(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    keys = ("gamma", "beta", "mean", "variance")
    weights = [graph.constant(f"{name}/{k}", w) for k, w in zip(keys, layer.get_weights(), strict=True)]
    return graph.add("BatchNormalization", [*sources, *weights], name, epsilon=layer.epsilon)


def _dense(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    kernel, bias = layer.get_weights()  # kernel (units in, units out)
    weights = [graph.constant(f"{name}/kernel", kernel), graph.constant(f"{name}/bias", bias)]
    return _activated(graph, layer, graph.add("Gemm", [*sources, *weights], name), name)


def _max_pooling(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    padding = "SAME_UPPER" if layer.padding == "same" else "VALID"
    size, strides = list(layer.pool_size), list(layer.strides)
    return graph.add("MaxPool", sources, name, kernel_shape=size, strides=strides, auto_pad=padding)


def _flatten(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    keras_order = graph.add("Transpose", sources, f"{name}/channels_last", perm=[0, 2, 1])
    return graph.add("Flatten", [keras_order], name)


def _plain(operator: str, **attributes: Any) -> Callable[..., str]:
    def node(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
        return graph.add(operator, sources, name, **attributes)

    return node


def _rescaling(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    return graph.add("Mul", [*sources, graph.constant(f"{name}/scale", np.array(layer.scale))], name)


def _recurrent(graph: Graph, layer: Any, sources: list[str], name: str) -> str:
    """A GRU or LSTM in one or both directions."""
    cells = [layer.forward_layer, layer.backward_layer] if hasattr(layer, "forward_layer") else [layer]
    cell, operator, units = cells[0], type(cells[0]).__name__, cells[0].units
    parts = [_cell_weights(part, operator) for part in cells]
    weights = [
        graph.constant(f"{name}/{key}", np.stack([part[i] for part in parts]))
        for i, key in enumerate(("kernel", "recurrent", "bias"))
    ]
    settings = {"hidden_size": units, "direction": "bidirectional" if len(cells) == 2 else "forward"}
    settings |= {"linear_before_reset": 1} if operator == "GRU" else {}
    steps_first = graph.add("Transpose", sources, f"{name}/steps_first", perm=[2, 0, 1])
    y = graph.add(operator, [steps_first, *weights], f"{name}/cell", outputs=2, **settings)
    if not cell.return_sequences:  # the state after the last step, (directions, batch, units)
        state = graph.add("Transpose", [f"{y}/1"], f"{name}/state", perm=[1, 0, 2])
        return graph.add("Flatten", [state], name)
    # to (batch, directions, units, steps)
    y = graph.add("Transpose", [y], f"{name}/steps_last", perm=[2, 1, 3, 0])
    shape = graph.constant(f"{name}/shape", np.array([0, len(cells) * units, -1]))
    return graph.add("Reshape", [y, shape], name)


def _cell_weights(cell: Any, operator: str) -> list[np.ndarray]:
    """Return kernel `(gates * units, in)`, recurrent kernel and both biases of a direction for ONNX."""
    kernel, recurrent, bias = cell.get_weights()
    bias = np.atleast_2d(bias)
    bias = np.concatenate([bias, np.zeros((2 - len(bias), bias.shape[1]))])  # an LSTM has the first one only

    def ordered(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.split(x, len(GATES[operator]))[gate] for gate in GATES[operator]])

    return [ordered(kernel.T), ordered(recurrent.T), np.concatenate([ordered(part) for part in bias])]


LAYERS: dict[str, Callable[..., str]] = {
    "Activation": lambda graph, layer, sources, name: _activated(graph, layer, sources[0], name),
    "Add": _plain("Add"),
    "Average": _plain("Mean"),
    "BatchNormalization": _batch_norm,
    "Bidirectional": _recurrent,
    "Concatenate": _plain("Concat", axis=1),
    "Conv1D": _conv,
    "Dense": _dense,
    "Dropout": lambda graph, layer, sources, name: sources[0],  # does nothing outside training
    "Flatten": _flatten,
    "GRU": _recurrent,
    "GlobalAveragePooling1D": _plain("ReduceMean", axes=[2], keepdims=0),
    "GlobalMaxPooling1D": _plain("ReduceMax", axes=[2], keepdims=0),
    "LSTM": _recurrent,
    "MaxPooling1D": _max_pooling,
    "Rescaling": _rescaling,
    "Softmax": _plain("Softmax", axis=1),
}
