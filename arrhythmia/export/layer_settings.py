"""Settings of Keras layers that the ONNX export computes; any other would silently give other answers."""

from typing import Any

from arrhythmia.errors import DataError

LAST = {"data_format": ("channels_last",)}
PADDED = LAST | {"padding": ("same", "valid")}
ACTIVATED = {"activation": ("linear", "relu")}
CELL = {
    "activation": ("tanh",),
    "recurrent_activation": ("sigmoid",),
    "use_bias": (True,),
    "return_state": (False,),
    "stateful": (False,),
}

SETTINGS: dict[str, dict[str, tuple]] = {
    "Activation": ACTIVATED,
    "BatchNormalization": {"axis": (-1,), "center": (True,), "scale": (True,), "renorm": (False,)},
    "Bidirectional": {"merge_mode": ("concat",)},
    "Concatenate": {"axis": (-1,)},
    "Conv1D": PADDED | ACTIVATED | {"groups": (1,)},
    "Dense": ACTIVATED | {"use_bias": (True,)},
    "Flatten": LAST,
    "GRU": CELL | {"reset_after": (True,)},
    "GlobalAveragePooling1D": LAST | {"keepdims": (False,)},
    "GlobalMaxPooling1D": LAST | {"keepdims": (False,)},
    "LSTM": CELL,
    "MaxPooling1D": PADDED,
    "Rescaling": {"offset": (0,)},
    "Softmax": {"axis": (-1,)},
}
"""The values that are known of each setting that changes what a trained layer answers. Those that act in
training alone (dropout, momentum, regularizers …) may be anything."""

INPUT_AXES = {"Conv1D": 3, "Dense": 2, "Flatten": 3}
"""Axes of the input, the batch included, of layers that take other ones in Keras."""


def check_settings(layer: Any, inbound: list[dict[str, Any]]) -> None:
    """Refuse a layer that the export would compute differently.

    Args:
        layer: a Keras layer of a class in `SETTINGS`, or one without settings.
        inbound: its nodes in the configuration of its model: what it is called with.

    Raises:
        DataError: naming the layer and the setting.
    """
    _check_calls(layer, inbound)
    kind = type(layer).__name__
    if kind in INPUT_AXES and len(layer.input.shape) != INPUT_AXES[kind]:
        _refuse(layer, "input", f"of {len(layer.input.shape)} axes", f"{INPUT_AXES[kind]} axes")
    _check_values(layer, layer)
    if kind in ("GRU", "LSTM"):
        _check_value(layer, "go_backwards", layer.go_backwards, (False,))
    if kind == "Bidirectional":
        cells = (layer.forward_layer, layer.backward_layer)
        _check_value(layer, "layer", type(cells[0]).__name__, ("GRU", "LSTM"))
        _check_value(layer, "backward_layer", type(cells[1]).__name__, (type(cells[0]).__name__,))
        for cell, backwards in zip(cells, (False, True), strict=True):
            _check_values(layer, cell)
            _check_value(layer, "go_backwards", cell.go_backwards, (backwards,))


def _check_calls(layer: Any, inbound: list[dict[str, Any]]) -> None:
    _check_value(layer, "number of calls", len(inbound), (1,))
    for name, value in inbound[0]["kwargs"].items():  # the masks of several inputs are a list
        for single in value if isinstance(value, list | tuple) else [value]:
            _check_value(layer, name, single, (None, False))


def _check_values(layer: Any, part: Any) -> None:
    """Check what stands in the configuration of `part`: of the layer, or of a cell in it."""
    config = part.get_config()
    _check_value(layer, "dtype", part.compute_dtype, ("float32",))
    for name, known in SETTINGS.get(type(part).__name__, {}).items():
        _check_value(layer, name, config[name], known)


def _check_value(layer: Any, name: str, value: Any, known: tuple) -> None:
    value = tuple(value) if isinstance(value, list) else value
    if value not in known:
        _refuse(layer, name, f"is {value!r}", " or ".join(map(repr, known)))


def _refuse(layer: Any, name: str, found: str, known: str) -> None:
    kind = type(layer).__name__
    raise DataError(f"layer {layer.name} ({kind}): {name} {found}; the ONNX export knows {known} alone")
