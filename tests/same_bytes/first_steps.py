"""The first steps of each default network on synthetic recordings, from the recordings to ONNX files."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from arrhythmia.export.quantization import with_int8_weights
from arrhythmia.inference.model import infer, session
from arrhythmia.params import load_params
from arrhythmia.protocols import of_protocol
from arrhythmia.training.augmentation import mix_templates
from arrhythmia.training.cross_validation import build, settings_of_member

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")
SECONDS = 60
BEATS, SEQUENCE, UPDATES = 250, 200, 4


@functools.cache
def synthetic_beats():
    """Return the beats of short synthetic recordings, split by patients, and their features."""
    # Here, because on an emulated processor, which takes no recordings, they take ten seconds to load.
    from arrhythmia.datasets.synthetic.recordings import write_recordings
    from arrhythmia.ecg.records import read_recording, record_names
    from arrhythmia.ecg.segmentation import cut_beats
    from arrhythmia.features.table import beat_features
    from arrhythmia.preprocessing import splits

    with tempfile.TemporaryDirectory() as folder:
        write_recordings(Path(folder), seconds=SECONDS, seed=0)
        recordings = [read_recording(Path(folder), name) for name in record_names(Path(folder))]
    beats = cut_beats(recordings, source="synthetic", **PARAMS["segment"])
    return beats, splits.inter_patient(beats, folds=PARAMS["split"]["folds"]), beat_features(beats)


def training_beats(protocol):
    """Return what the networks of `protocol` learn from, and the fold of each beat."""
    from arrhythmia.preprocessing.inputs import fit_preprocessor, model_inputs

    beats, split, table = synthetic_beats()
    preprocessor = fit_preprocessor(beats, split.train, **of_protocol(PARAMS["normalize"], protocol))
    inputs = {name: values[split.train] for name, values in model_inputs(beats, table, preprocessor).items()}
    return inputs | {"label": beats.label[split.train].astype(int)}, split.fold


def random_beats(number):
    """Return beats of the same shape that are noise, and two folds; recordings take long to be made."""
    rng = np.random.default_rng(0)
    arrays = {"waveform": (number, 100, 2), "features": (number, 11)}
    beats = {name: rng.normal(size=shape).astype(np.float32) for name, shape in arrays.items()}
    return beats | {"label": np.arange(number) % 5}, np.arange(number) % 2


def results(protocol, name, beats, fold, *, batch_size=256, epochs=2):
    """Return arrays by what they are, from the input on; the runtime is prepared.

    Args:
        protocol: whose parameters.
        name: `cnn` or `rnn`.
        beats: arrays to learn from.
        fold: of each beat.
        batch_size: beats of which outputs of layers and gradients are looked at.
        epochs: of the training; if 0, one step of Adam by those gradients.
    """
    import keras
    import tensorflow as tf

    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.models.layers import inputs_of
    from arrhythmia.training.calibration import fit_temperature
    from arrhythmia.training.ensemble import averaged
    from arrhythmia.training.fit import train_epochs
    from stages import train_cnn, train_rnn

    found = {f"input {key}": values for key, values in beats.items()}
    rest, held_out = ({key: x[rows] for key, x in beats.items()} for rows in (fold != 0, fold == 0))
    builders = {"cnn": train_cnn, "rnn": train_rnn}[name].builders()
    network = build(builders, beats, **of_protocol(PARAMS[name], protocol))
    found |= {f"initial {weight.path}": np.asarray(weight) for weight in network.weights}

    batch = {key: x[:batch_size] for key, x in inputs_of(network, rest).items()}
    batch["waveform"] = mix_templates(batch["waveform"], 2.2, np.random.default_rng(0))
    found["augmented waveform"] = batch["waveform"]
    hidden = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
    probe = keras.Model(network.inputs, [layer.output for layer in hidden])
    answers = tf.function(lambda x: probe(x, training=False))([batch[x.name] for x in network.inputs])
    found |= {f"forward {layer.name}": np.asarray(y) for layer, y in zip(hidden, answers, strict=True)}
    target = tf.one_hot(rest["label"][:batch_size], 5)

    @tf.function
    def gradients(x):
        with tf.GradientTape() as tape:
            outputs = network(x, training=True).values()
            losses = [keras.losses.categorical_crossentropy(target, y, from_logits=True) for y in outputs]
            loss = tf.reduce_mean(tf.add_n(losses))
        return tape.gradient(loss, [weight.value for weight in network.trainable_weights])

    slopes = gradients([batch[x.name] for x in network.inputs])
    found |= {
        f"gradient {weight.path}": np.asarray(slope)
        for weight, slope in zip(network.trainable_weights, slopes, strict=True)
    }
    if not epochs:
        keras.optimizers.Adam(0.001).apply(slopes, network.trainable_variables)
        found["weights after a step"] = np.concatenate([np.ravel(x) for x in network.get_weights()])
    settings = settings_of_member(PARAMS, protocol, 0) | {"epochs": epochs}
    for number, said in enumerate(train_epochs(network, rest, held_out, **settings), start=1):
        weights = np.concatenate([np.ravel(weight) for weight in network.get_weights()])
        found |= {f"weights after epoch {number}": weights, f"curves of epoch {number}": list(said.values())}
    logits = network.predict(inputs_of(network, held_out), batch_size=1024, verbose=0)["logits"]
    temperature = fit_temperature(logits, held_out["label"])
    model = averaged([network], temperature)
    probability = model.predict(inputs_of(model, held_out), batch_size=1024, verbose=0)
    found |= {"logits": logits, "temperature": temperature, "probability": probability}
    exported = onnx_model(model)
    for precision, made in {"float32": exported, "int8": with_int8_weights(exported)}.items():
        data = made.SerializeToString(deterministic=True)
        found |= {f"{precision} file": np.frombuffer(data, np.uint8)}
        found |= {f"{precision} probability": infer(session(data), inputs_of(model, held_out))}
    return found


def rhythm_results():
    """Return arrays of the rhythm network by what they are, from simulated patients on."""
    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.models.rhythm import build_rhythm
    from arrhythmia.simulation.patient_set import simulate_patients
    from arrhythmia.training.precision import in_float64
    from arrhythmia.training.rhythm import classify, train_updates

    patients = simulate_patients([0], beats=BEATS, jobs=1)
    found = {"tokens": patients.tokens, "label": patients.label}
    settings = {"steps": UPDATES, "sequence": SEQUENCE, "seed": 0}
    settings |= {name: PARAMS["rhythm"][name] for name in ("lr", "weight_decay", "batch_size")}
    size = {name: PARAMS["rhythm"][name] for name in ("filters", "dilations", "dropout")}
    network = build_rhythm(patients.tokens.shape[-1], **size)
    found |= {f"initial {weight.path}": np.asarray(weight) for weight in network.weights}
    for number, loss in enumerate(train_updates(network, patients, **settings), start=1):
        weights = np.concatenate([np.ravel(weight) for weight in network.get_weights()])
        found |= {f"weights after update {number}": weights, f"loss of update {number}": loss}
    found["probability"] = classify(network, patients.tokens[:2])
    found["probability of a record"] = classify(in_float64(network), patients.tokens[:1].astype(np.float64))
    data = onnx_model(network).SerializeToString(deterministic=True)
    answer = session(data).run(None, {"tokens": patients.tokens[:2]})[0]
    return found | {"file": np.frombuffer(data, np.uint8), "ONNX probability": answer}
