"""Stage `split PROTOCOL`: choose the rows of train and test, and the folds of train."""

from arrhythmia import paths
from arrhythmia.datasets.kaggle import load_test_fold
from arrhythmia.ecg.beats import beat_table, load_beats
from arrhythmia.params import load_params
from arrhythmia.preprocessing import splits
from arrhythmia.utils.files import save_arrays
from stages.run import run


def main(protocol: str) -> None:
    """Split the beats by `protocol`, check that nothing leaks, save the row numbers."""
    settings = load_params()["split"]
    beats = load_beats(paths.BEATS)
    if protocol == "inter_patient":
        split = splits.inter_patient(beats, folds=settings["folds"])
        splits.check_records(split, beats.record)
    else:
        split = splits.intra_patient(beats, load_test_fold(), **settings)
    splits.check_rows(split, beats.label)
    for side in ("train", "test"):
        rows = getattr(split, side)
        print(f"\n{protocol} {side}: {len(rows)} beats, {beats.source} recordings")
        print(beat_table(beats.record[rows], beats.label[rows]).to_string())
    if protocol == "inter_patient" and beats.source == "physionet":
        print("note: 201 and 202 are one patient; the division of de Chazal 2004 has one in DS1, one in DS2")
    save_arrays(paths.split(protocol), train=split.train, fold=split.fold, test=split.test)


if __name__ == "__main__":
    run(main)
