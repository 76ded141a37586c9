"""A trained network in another precision."""

import keras


def in_float64(network: keras.Model) -> keras.Model:
    """Return the network with the same weights, computing in float64.

    TensorFlow leaves float32 convolutions to oneDNN, which cuts those of a long sequence into blocks by the
    size of the caches, so their last bits differ between processors. Those of float64 are Eigen's; what is
    left of its own blocks is gone when the result is rounded to float32.
    """

    def converted(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": "float64"})

    twin = keras.models.clone_model(network, clone_function=converted)
    twin.set_weights(network.get_weights())
    return twin
