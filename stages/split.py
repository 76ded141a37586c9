"""Stage `split PROTOCOL`: choose the rows of train and test, and the folds of train."""

from arrhythmia import paths
from arrhythmia.datasets.kaggle import load_test_fold
from arrhythmia.ecg.beats import beat_table, load_beats
from arrhythmia.params import load_params
from arrhythmia.preprocessing import splits
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.utils.files import save_arrays
from stages.run import run


def main(protocol: str) -> None:
    """Split the beats by `protocol`, check that nothing leaks, save the row numbers."""
    settings = load_params()["split"]
    beats = load_beats(paths.BEATS)
    out_of_fold = PROTOCOLS[protocol].out_of_fold
    if protocol == "intra_patient":
        split = splits.intra_patient(beats, load_test_fold(), **settings)
    else:
        by_patient = {"inter_patient": splits.inter_patient, "all_patients": splits.all_patients}
        split = by_patient[protocol](beats, folds=settings["folds"])
        splits.check_records(split, beats.record, out_of_fold=out_of_fold)
    splits.check_rows(split, beats.label, out_of_fold=out_of_fold)
    for side in ("train",) if out_of_fold else ("train", "test"):
        rows = getattr(split, side)
        print(f"\n{protocol} {side}: {len(rows)} beats, {beats.source} recordings")
        print(beat_table(beats.record[rows], beats.label[rows]).to_string())
    if protocol == "inter_patient" and beats.source == "physionet":
        print("note: 201 and 202 are one patient; the division of de Chazal 2004 has one in DS1, one in DS2")
    save_arrays(paths.split(protocol), train=split.train, fold=split.fold, test=split.test)


if __name__ == "__main__":
    run(main)
