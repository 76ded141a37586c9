"""What stands on each side of a split: beats, records, and who carries the rare classes."""

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES
from arrhythmia.ecg.beats import Beats


def sides_table(beats: Beats, split: dict[str, np.ndarray]) -> pd.DataFrame:
    """Count records, beats, and beats of each class of each side.

    Args:
        beats: all beats.
        split: row numbers of each side, by name.

    Returns:
        One row a side; columns `side`, `records`, `beats` and `N S V F Q`.
    """
    rows = []
    for side, chosen in split.items():
        count = np.bincount(beats.label[chosen], minlength=len(CLASSES))
        records = len(set(beats.record[chosen]) - {""})
        rows.append([side, records, len(chosen), *count])
    return pd.DataFrame(rows, columns=["side", "records", "beats", *CLASSES])


def carriers_table(beats: Beats, split: dict[str, np.ndarray]) -> pd.DataFrame:
    """Tell on how many records each class but N rests, in training and in test.

    Args:
        beats: all beats, with records.
        split: row numbers of `train` and `test`.

    Returns:
        One row a class; columns `class`, and for `train` and `test` the number of its beats (`train_beats`),
        of the records that hold them (`train_records`), the record with the most (`train_most`) and the share
        of the beats in it (`train_share`); `""` and NaN where there is none.
    """
    rows = []
    for k, name in enumerate(CLASSES[1:], start=1):
        row = {"class": name}
        for side, chosen in split.items():
            records, held = np.unique(beats.record[chosen[beats.label[chosen] == k]], return_counts=True)
            row |= {
                f"{side}_beats": int(held.sum()),
                f"{side}_records": len(records),
                f"{side}_most": str(records[held.argmax()]) if len(records) else "",
                f"{side}_share": held.max() / held.sum() if len(records) else np.nan,
            }
        rows.append(row)
    return pd.DataFrame(rows)
