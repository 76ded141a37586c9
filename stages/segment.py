"""Stage `segment`: cut every labelled beat out of the recordings, and compute its features."""

import numpy as np

from arrhythmia import paths
from arrhythmia.aami import LABELS
from arrhythmia.datasets.kaggle import load_test_fold, read_rows
from arrhythmia.ecg.beats import Beats, beat_table, save_beats
from arrhythmia.ecg.recording import Recording
from arrhythmia.ecg.records import read_recording, record_names
from arrhythmia.ecg.segmentation import cut_beats, kaggle_csv_beats
from arrhythmia.features.table import FEATURES, beat_features
from arrhythmia.params import load_params
from arrhythmia.utils.files import save_arrays
from arrhythmia.utils.progress import tracked
from stages.run import run


def main() -> None:
    """Read `data/raw`, cut the beats, say what came from where."""
    params = load_params()
    source, settings = params["download"]["source"], params["segment"]
    if source == "kaggle":
        beats = beats_of_csv(settings)
        print(f"{len(beats)} beats from the Kaggle files: no records, no RR intervals")
    else:
        recordings = [read_recording(paths.RAW, name) for name in record_names(paths.RAW)]
        beats = cut_beats(tracked(recordings, "cutting", "records"), source=source, **settings)
        describe(beats, recordings)
    write(beats)


def write(beats: Beats) -> None:
    """Save the beats, and beside them their features."""
    save_beats(paths.BEATS, beats)
    save_arrays(paths.FEATURES, features=beat_features(beats), names=np.array(FEATURES))


def beats_of_csv(settings: dict) -> Beats:
    """Read the two Kaggle files, which hold nothing but Kaggle windows."""
    files = [read_rows(paths.RAW / f"mitbih_{part}.csv") for part in ("train", "test")]
    fold = load_test_fold()
    return kaggle_csv_beats(files, fold, rr_before=settings["rr_before"], rr_after=settings["rr_after"])


def describe(beats: Beats, recordings: list[Recording]) -> None:
    """Print the beats of each class and record, the leads, and the beats left out."""
    length = beats.waveform.shape[1]
    print(f"{len(beats)} beats, {beats.source} recordings, {length} samples at {beats.fs} Hz")
    print(beat_table(beats.record, beats.label).to_string())
    for recording in recordings:
        labelled = sum(symbol in LABELS for symbol in recording.symbol)
        dropped = labelled - int((beats.record == recording.name).sum())
        if recording.lead != "MLII":
            print(f"record {recording.name}: no lead MLII, channel 0 ({recording.lead}) used instead")
        if dropped:
            print(f"record {recording.name}: {dropped} beat left out, no annotation ends its window")


if __name__ == "__main__":
    run(main)
