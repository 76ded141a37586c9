"""Stage `predict PROTOCOL NETWORK`: class probabilities of the test beats.

python -m stages.predict inter_patient cnn
"""

import numpy as np

from arrhythmia import paths
from arrhythmia.params import load_params
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, save_arrays
from stages.run import run


def main(protocol: str, network: str) -> None:
    """Save the probabilities of the test beats, and the number of parameters of the network."""
    runtime.prepare(threads=load_params()["train"]["threads"], seed=0)
    from arrhythmia.models.layers import inputs_of
    from arrhythmia.training.serialization import load_model

    model = load_model(paths.model(protocol, network))
    test = load_arrays(paths.normalized(protocol, "test"))
    probability = model.predict(inputs_of(model, test), batch_size=1024, verbose=0)
    save_arrays(
        paths.predictions(protocol, network),
        probability=probability,
        parameters=np.array(model.count_params()),
    )
    print(f"{network} {protocol}: {len(probability)} test beats")


if __name__ == "__main__":
    run(main)
