"""The graphs that TensorFlow really runs, after its optimiser, hold no operation that approximates."""

import numpy as np
import pytest

from arrhythmia.aami import CLASSES

APPROXIMATE = {
    *("Rsqrt", "Reciprocal", "Inv", "RsqrtGrad", "ReciprocalGrad", "InvGrad"),
    *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx"),
}
"""Operations for which Eigen starts, in float32, from instructions whose bits differ by make of processor."""

RECURRENT = {"cell": "gru", "units": 8, "patch": 4, "embedding": 8, "dense": 8, "dropout": 0.3}


def small_cnn():
    from arrhythmia.models.cnn import build_cnn

    return build_cnn(100, 2, 7, filters=4, blocks=2, kernel_size=3, stride=2, dense=8, dropout=0.5)


def small_rnn(cell):
    from arrhythmia.models.rnn import build_rnn

    return build_rnn(100, 2, 7, stem=8, **RECURRENT | {"cell": cell})


NETWORKS = {"cnn": small_cnn, "gru": lambda: small_rnn("gru"), "lstm": lambda: small_rnn("lstm")}


@pytest.fixture
def beats():
    rng = np.random.default_rng(0)
    return {
        "waveform": rng.normal(size=(64, 100, 2)).astype(np.float32),
        "features": rng.normal(size=(64, 7)).astype(np.float32),
        "label": rng.integers(0, len(CLASSES), 64),
    }


def operations_run(work):
    """Do `work`, and return the operations of all graphs that ran, each with the type of its numbers."""
    import tensorflow as tf
    from tensorflow.python.eager import context

    context.context().enable_graph_collection()
    try:
        work()
        collected = context.context().export_run_metadata()
    finally:
        context.context().disable_graph_collection()
    graphs = list(collected.partition_graphs)
    for group in collected.function_graphs:
        graphs += [group.post_optimization_graph, *group.partition_graphs]
    nodes = [
        node
        for graph in graphs
        for node in [*graph.node, *(inner for f in graph.library.function for inner in f.node_def)]
    ]
    return {(node.op, tf.as_dtype(node.attr["T"].type).name) for node in nodes if node.attr["T"].type}


def approximations(operations):
    return {(name, kind) for name, kind in operations if name in APPROXIMATE and kind == "float32"}


@pytest.mark.parametrize("network", NETWORKS)
def test_training_and_prediction_approximate_nothing(keras, beats, network):
    from arrhythmia.models.layers import inputs_of
    from arrhythmia.training.ensemble import averaged
    from arrhythmia.training.fit import train_epochs

    settings = {"lr": 0.002, "schedule": "cosine", "batch_size": 32, "epochs": 1, "template_mixing": 2.2}

    def work():
        member = NETWORKS[network]()
        list(train_epochs(member, beats, beats, **settings, class_weight_power=0.3, seed=0))
        averaged([member], 1.3).predict(inputs_of(member, beats), verbose=0)

    found = operations_run(work)
    assert ("Rsqrt", "float64") in found  # batch normalisation ran, and was seen
    assert approximations(found) == set()


def test_the_batch_normalisation_of_tensorflow_would_be_noticed(keras, beats, monkeypatch):
    import tensorflow as tf
    from tensorflow.python.ops import nn_impl

    monkeypatch.setattr(tf.nn, "batch_normalization", nn_impl.batch_normalization)
    found = operations_run(lambda: small_cnn().predict([beats["waveform"], beats["features"]], verbose=0))
    assert ("Rsqrt", "float32") in approximations(found)
