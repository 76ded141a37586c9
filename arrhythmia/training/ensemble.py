"""The model that is saved: networks trained on different folds, averaged and calibrated."""

import keras
from keras import layers


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
