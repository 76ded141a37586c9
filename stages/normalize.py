"""Stage `normalize PROTOCOL`: model-ready arrays, scaled by what the training rows say."""

import numpy as np

from arrhythmia.beats import Beats, load_beats
from arrhythmia.errors import DataError
from arrhythmia.files import load_arrays, save_arrays
from arrhythmia.normalization import (
    METHODS,
    fit_scaler,
    minus_median_beat,
    scale_by_beat,
    scale_by_record,
)
from arrhythmia.rhythm import rhythm_features
from stages import paths
from stages.run import load_params, run


def main(protocol: str) -> None:
    """Scale waveform and rhythm, and save `waveform`, `rhythm` and `label` of each side."""
    knobs = load_params()["normalize"]
    beats = load_beats(paths.BEATS)
    split = load_arrays(paths.split(protocol))
    waveform = channels(beats, split["train"], **knobs)
    rhythm = rhythm_features(beats.rr, int(beats.rr_before), beats.rr_long)
    rhythm = np.nan_to_num(fit_scaler(rhythm[split["train"]], "standard")(rhythm))  # missing: the mean, 0
    for side, rows in split.items():
        save_arrays(
            paths.normalized(protocol) / f"{side}.npz",
            waveform=waveform[rows],
            rhythm=rhythm[rows],
            label=beats.label[rows],
        )
        print(f"{protocol} {side}: waveform {waveform[rows].shape}, rhythm {rhythm[rows].shape}")


def channels(beats: Beats, train: np.ndarray, *, method: str, median_beat: bool) -> np.ndarray:
    """Return the scaled waveforms, and as a second channel what is unusual in them for the patient.

    Args:
        beats: all beats.
        train: rows that a scaler may be fitted on.
        method: of scaling, one of `METHODS`.
        median_beat: whether to add the beat minus its record's median beat.

    Returns:
        `(n, length, 1 or 2)` float32.
    """
    if (method == "record" or median_beat) and (beats.record == "").any():
        raise DataError(
            f"download.source={beats.source} does not tell records apart; add -S normalize.method=standard "
            "-S normalize.median_beat=false"
        )
    waveform = scale_waveform(beats, train, method)
    parts = [waveform, minus_median_beat(waveform, beats.record)] if median_beat else [waveform]
    return np.stack(parts, axis=2)


def scale_waveform(beats: Beats, train: np.ndarray, method: str) -> np.ndarray:
    """Scale the waveforms by `method`; only the rows `train` are looked at where something is fitted."""
    if method == "beat":
        return scale_by_beat(beats.waveform)
    if method == "record":
        return scale_by_record(beats.waveform, beats.record)
    if method in METHODS:
        return fit_scaler(beats.waveform[train], method)(beats.waveform)
    raise DataError(f"params.yaml: normalize.method is '{method}'; use one of {', '.join(METHODS)}")


if __name__ == "__main__":
    run(main)
