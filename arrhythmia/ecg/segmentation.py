"""From recordings to the table of labelled beats."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from arrhythmia.aami import labels_of
from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.conditioning import annotated_beats, condition
from arrhythmia.ecg.filtering import FS
from arrhythmia.ecg.recording import Recording
from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals
from arrhythmia.ecg.windows import (
    KAGGLE_FS,
    KAGGLE_MOVED,
    centred_windows,
    kaggle_windows,
    resampling_kernel,
    window_length,
)
from arrhythmia.errors import DataError


def cut_beats(
    recordings: Iterable[Recording],
    *,
    window: str,
    fs: float,
    before: float,
    after: float,
    rr_before: int,
    rr_after: int,
    rr_long: int,
    source: str,
) -> Beats:
    """Cut every labelled beat out of the recordings, around its R peak as detection sees it.

    Args:
        recordings: in the order in which the beats shall stand.
        window: `centred` or `kaggle` (see `arrhythmia.ecg.windows`).
        fs: sampling rate of centred windows, Hz.
        before: time before the R peak in centred windows, s.
        after: time from the R peak on in centred windows, s.
        rr_before: number of RR intervals up to the beat.
        rr_after: number of RR intervals from the beat on.
        rr_long: number of RR intervals in the long-run mean, on either side.
        source: where the recordings come from.

    Raises:
        DataError: a record without labelled beats, or one that is not at 360 Hz under the `kaggle` window.
    """
    if window == "kaggle":
        fs, r_index = KAGGLE_FS, 0
    else:
        r_index = window_length(fs, before=before, after=after)[1]
        kernel, r_row = resampling_kernel(FS, fs, before=before, after=after)
    parts = []
    for recording in recordings:
        label = labels_of(recording.symbol)
        beat = np.flatnonzero(label >= 0)
        if len(beat) == 0:
            raise DataError(f"{recording.name}.atr: no labelled beat in it; leave the record out")
        ecg = condition(recording.signal, recording.fs)
        peak = annotated_beats(ecg, recording.sample[beat], recording.fs)
        rr = rr_intervals(peak, FS, before=rr_before, after=rr_after)
        rr_mean = long_run_rr(peak, FS, beats=rr_long)
        in_kaggle = beat < len(label) - 1
        if window == "kaggle":
            beat, rr, rr_mean = beat[in_kaggle], rr[in_kaggle], rr_mean[in_kaggle]
            in_kaggle = in_kaggle[in_kaggle]
            waveform = _kaggle(recording, beat)
        else:
            waveform = centred_windows(ecg.signal, peak, kernel, r_row)
        parts.append(
            {
                "waveform": waveform,
                "rr": rr,
                "rr_long": rr_mean,
                "record": np.full(len(beat), recording.name),
                "sample": recording.sample[beat].astype(np.int32),
                "annotation": beat.astype(np.int32),
                "symbol": recording.symbol[beat],
                "label": label[beat],
                "kaggle": in_kaggle,
            }
        )
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Beats(
        **columns,
        source=np.array(source),
        fs=np.array(float(fs)),
        r_index=np.array(r_index),
        rr_before=np.array(rr_before),
    )


def _kaggle(recording: Recording, beat: np.ndarray) -> np.ndarray:
    if recording.fs != 360:
        raise DataError(
            f"{recording.name}.hea: {recording.fs:g} Hz, but segment.window=kaggle is defined at 360 Hz; "
            "use segment.window=centred"
        )
    sample = recording.sample.copy()
    for (name, now), then in KAGGLE_MOVED.items():
        if name == recording.name:
            sample[sample == now] = then
    return kaggle_windows(recording.adu, sample, beat)


def kaggle_csv_beats(
    files: list[tuple[np.ndarray, np.ndarray]], fold: pd.DataFrame, *, rr_before: int, rr_after: int
) -> Beats:
    """Turn the rows of the two Kaggle files into beats; only the test rows have a known record.

    Args:
        files: waveform `(n, 187)` in 0..1 and label `(n,)` of the training file, then of the test file.
        fold: `record` and `annotation` of the test rows, in their order (`load_test_fold`).
        rr_before: number of RR intervals up to the beat, all unknown here.
        rr_after: number of RR intervals from the beat on, also unknown.
    """
    waveform = np.concatenate([waveform for waveform, _ in files]).astype(np.float32)
    label = np.concatenate([label for _, label in files]).astype(np.int8)
    n_train = len(files[0][0])
    return Beats(
        waveform=waveform,
        rr=np.full((len(label), rr_before + rr_after), np.nan, dtype=np.float32),
        rr_long=np.full(len(label), np.nan, dtype=np.float32),
        record=np.concatenate([np.full(n_train, ""), fold["record"].to_numpy(dtype=str)]),
        sample=np.full(len(label), -1, dtype=np.int32),
        annotation=np.concatenate([np.full(n_train, -1), fold["annotation"].to_numpy()]).astype(np.int32),
        symbol=np.full(len(label), "", dtype="<U1"),
        label=label,
        kaggle=np.ones(len(label), dtype=bool),
        source=np.array("kaggle"),
        fs=np.array(KAGGLE_FS),
        r_index=np.array(0),
        rr_before=np.array(rr_before),
    )
