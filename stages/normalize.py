"""Stage `normalize PROTOCOL`: model-ready arrays, scaled by what the training rows say."""

import numpy as np

from arrhythmia.beats import Beats, load_beats
from arrhythmia.errors import DataError
from arrhythmia.features import beat_features, columns_of
from arrhythmia.files import load_arrays, save_arrays
from arrhythmia.morphology import reference_beat
from arrhythmia.normalization import METHODS, fit_scaler, scale_by_beat, scale_by_record
from stages import paths
from stages.run import load_params, run

OUTLIER = 4.0
"""Features are cut at this many standard deviations: one odd interval must not outshout the waveform."""


def main(protocol: str) -> None:
    """Scale waveforms and features, and save `train.npz` and `test.npz`."""
    knobs = load_params()["normalize"]
    beats, split = load_beats(paths.BEATS), load_arrays(paths.split(protocol))
    by_record = knobs["method"] == "record" or knobs["reference_beat"] or knobs["features"]
    if by_record and (beats.record == "").any():
        raise DataError(
            f"download.source={beats.source} does not tell records apart; add -S normalize.method=standard "
            "-S normalize.reference_beat=false -S 'normalize.features=[]'"
        )
    chosen = columns_of(knobs["features"])
    reference = usual_beats(beats, beats.waveform)
    features = scale_features(beat_features(beats, reference)[:, chosen], split["train"])
    waveform = channels(beats, split["train"], knobs["method"], reference_beat=knobs["reference_beat"])
    for side, extra in (("train", {"fold": split["fold"]}), ("test", {})):
        rows = split[side]
        save_arrays(
            paths.normalized(protocol, side),
            waveform=waveform[rows],
            features=features[rows],
            label=beats.label[rows],
            **extra,
        )
        print(f"{protocol} {side}: {len(rows)} beats, waveform {waveform.shape[1:]}, features {len(chosen)}")


def channels(beats: Beats, train: np.ndarray, method: str, *, reference_beat: bool) -> np.ndarray:
    """Return the scaled waveforms, and as a second channel what is unusual in them for the patient.

    Args:
        beats: all beats.
        train: rows that a scaler may be fitted on.
        method: of scaling, one of `METHODS`.
        reference_beat: whether to add the beat minus its patient's reference beat.

    Returns:
        `(n, length, 1 or 2)` float32.
    """
    waveform = scale_waveform(beats, train, method)
    parts = [waveform, waveform - usual_beats(beats, waveform)] if reference_beat else [waveform]
    return np.stack(parts, axis=2)


def usual_beats(beats: Beats, waveform: np.ndarray) -> np.ndarray:
    """Return the reference beat of each beat's patient, in the units of `waveform`."""
    return reference_beat(waveform, beats.rr[:, int(beats.rr_before) - 1], beats.record)


def scale_waveform(beats: Beats, train: np.ndarray, method: str) -> np.ndarray:
    """Scale the waveforms by `method`; only the rows `train` are looked at where something is fitted."""
    if method == "beat":
        return scale_by_beat(beats.waveform)
    if method == "record":
        return scale_by_record(beats.waveform, beats.record)
    if method in METHODS:
        return fit_scaler(beats.waveform[train], method)(beats.waveform)
    raise DataError(f"params.yaml: normalize.method is '{method}'; use one of {', '.join(METHODS)}")


def scale_features(features: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Scale the features by mean and deviation of the rows `train`; missing ones become the mean, 0."""
    scaled = np.nan_to_num(fit_scaler(features[train], "standard")(features))
    return scaled.clip(-OUTLIER, OUTLIER)


if __name__ == "__main__":
    run(main)
