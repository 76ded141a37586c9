"""Operations of TensorFlow that our networks are built of, forward and backward, at the shapes they have."""

import numpy as np

BATCH = 256
CONVOLUTIONS = (  # steps, channels in, channels out, width, stride
    (100, 2, 16, 3, 2),
    (50, 16, 16, 3, 1),
    (25, 16, 16, 3, 1),
    (100, 2, 32, 5, 2),
    (50, 32, 32, 5, 1),
    (13, 32, 32, 5, 1),
    (100, 2, 48, 20, 10),
    (100, 2, 48, 5, 2),
    (50, 48, 48, 4, 2),
    (187, 1, 32, 5, 1),
)
PRODUCTS = (  # rows, units in, units out
    (256, 32, 64),
    (256, 64, 32),
    (256, 96, 32),
    (256, 11, 128),
    (256, 128, 128),
    (256, 48, 144),
    (256, 48, 5),
    (79, 32, 64),
    (1024, 64, 64),
)


def results():
    """Return what each operation gives, by name; the runtime is prepared."""
    import tensorflow as tf
    from keras import layers

    rng = np.random.default_rng(0)
    found = {}

    def numbers(*shape):
        return tf.constant(rng.integers(-(2**20), 2**20, shape).astype(np.float32) / 2**18)

    def run(name, operation, *arguments):
        values = tf.function(operation)(*arguments)
        for number, value in enumerate(values if isinstance(values, list | tuple) else [values]):
            found[f"{name} / {number}"] = np.asarray(value)

    def with_gradients(operation):
        def both(*arguments):
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                answer = operation(*arguments)
            return [answer, *tape.gradient(answer, arguments)]

        return both

    for steps, channels, filters, width, stride in CONVOLUTIONS:
        convolve = with_gradients(lambda x, k, s=stride: tf.nn.convolution(x, k, strides=s, padding="SAME"))
        name = f"convolution {steps}x{channels}, {filters} of {width}, stride {stride}"
        run(name, convolve, numbers(BATCH, steps, channels), numbers(width, channels, filters))
    for rows, units, out in PRODUCTS:
        run(
            f"product {rows}x{units}x{out}",
            with_gradients(tf.matmul),
            numbers(rows, units),
            numbers(units, out),
        )
    positive = tf.abs(numbers(4096)) + 1e-3
    elementwise = {
        "sqrt": tf.sqrt,
        "exp": lambda x: tf.exp(-x),
        "log": tf.math.log,
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "cos": tf.cos,
        "power": lambda x: tf.pow(0.999, x),
        "divide": lambda x: 1.2345 / x,
    }
    for name, operation in elementwise.items():
        run(name, operation, positive)
        run(f"{name} of one number", operation, positive[0])
    sequence, vectors = numbers(BATCH, 50, 16), numbers(BATCH, 64)
    run("mean over steps", with_gradients(lambda x: tf.reduce_mean(x, 1)), sequence)
    run("maximum over steps", with_gradients(lambda x: tf.reduce_max(x, 1)), sequence)
    run("maximum pooling", with_gradients(lambda x: tf.nn.max_pool1d(x, 2, 2, "SAME")), sequence)
    run("moments", lambda x: tf.nn.moments(x, [0, 1]), sequence)
    run("sum over batch", lambda x: tf.reduce_sum(x, 0), vectors)
    run("mean over batch", tf.reduce_mean, vectors[:, 0])
    run("softmax", tf.nn.softmax, vectors[:, :5])
    target = tf.one_hot(rng.integers(0, 5, BATCH), 5)
    entropy = with_gradients(lambda x: tf.nn.softmax_cross_entropy_with_logits(target, x))
    run("cross-entropy", entropy, vectors[:, :5])
    run("uniform numbers", lambda: tf.random.stateless_uniform((BATCH, 64), [1, 2]))
    run("normal numbers", lambda: tf.random.stateless_normal((BATCH, 64), [1, 2]))
    for layer, x in (
        (layers.BatchNormalization(momentum=0.9), sequence),
        (layers.GRU(48, return_sequences=True), numbers(BATCH, 10, 48)),
        (layers.LSTM(48, return_sequences=True), numbers(BATCH, 10, 48)),
    ):
        name = type(layer).__name__
        layer.build(x.shape)
        for weight in layer.weights:
            found[f"{name}, initial {weight.name}"] = np.asarray(weight)
        weights = [weight.value for weight in layer.trainable_weights]

        def gradients(x, layer=layer, weights=weights):
            with tf.GradientTape() as tape:
                tape.watch(x)
                answer = layer(x, training=True)
            return [answer, *tape.gradient(answer, [x, *weights])]

        run(name, gradients, x)
    return found
