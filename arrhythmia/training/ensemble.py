"""The model that is saved: networks trained on different folds, averaged and calibrated."""

import keras
import numpy as np
from keras import layers

from arrhythmia.models.layers import BATCH
from arrhythmia.utils.progress import tracked


def averaged(members: list[keras.Model], temperature: float) -> keras.Model:
    """Combine networks into one model: softmax of the mean of their logits / temperature.

    A temperature that suits each network alone is a little too high for their mean, which is less extreme; it
    errs on the side of doubt.

    Args:
        members: trained networks with equal inputs and an output `logits`; other outputs are dropped.
        temperature: from `calibration.fit_temperature`.

    Returns:
        A model with the members' inputs that gives `(batch, 5)` probabilities.
    """
    inputs = [keras.Input(x.shape[1:], name=x.name) for x in members[0].inputs]
    outputs = []
    for number, member in enumerate(members):
        answer = keras.Model(member.inputs, member.get_layer("logits").output, name=f"member_{number}")
        outputs.append(answer(inputs))
    mean = layers.Average()(outputs) if len(members) > 1 else outputs[0]
    scaled = layers.Rescaling(1 / temperature, name="temperature")(mean)
    return keras.Model(inputs, layers.Softmax(name="probability")(scaled), name="average")


def held_out_probability(model: keras.Model, train: dict[str, np.ndarray]) -> tuple[int, np.ndarray]:
    """Return what each network of a model says of the fold that it has not learnt from.

    Args:
        model: from `averaged`; its networks are numbered as their folds are.
        train: what the networks take, and `fold (n,)`.

    Returns:
        The number of networks, and `(n, 5)` float32 probabilities, with the temperature of the model; NaN in
        folds that no network has left out.
    """
    members = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    temperature = model.get_layer("temperature")
    probability = np.full((len(train["fold"]), model.output_shape[-1]), np.nan, dtype=np.float32)
    for number, member in enumerate(tracked(members, "held-out folds", "networks")):
        rows = train["fold"] == number
        inputs = [train[x.name][rows] for x in model.inputs]
        logits = member.predict(inputs, batch_size=BATCH, verbose=0)
        probability[rows] = keras.ops.softmax(temperature(logits))
    return len(members), probability
