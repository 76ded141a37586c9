import numpy as np
import pandas as pd

from arrhythmia.aami import LABELS, MITDB_RECORDS
from arrhythmia.kaggle_fold import load_test_fold


def test_fold():
    fold = load_test_fold()
    assert list(fold.columns) == ["record", "annotation"]
    assert len(fold) == 21_892
    assert not fold.duplicated().any()
    assert set(fold["record"]) == set(MITDB_RECORDS)
    assert fold["annotation"].min() >= 0


def test_fold_is_the_published_one(reference_data):
    published = pd.read_csv(reference_data / "kaggle" / "test_fold.csv", dtype={"record": str})
    fold = load_test_fold()
    np.testing.assert_array_equal(fold["record"], published["record"])
    np.testing.assert_array_equal(fold["annotation"], published["annotation_index"])


def test_fold_points_at_the_published_beats(reference_data, real_beats):
    published = pd.read_csv(reference_data / "kaggle" / "test_fold.csv", dtype={"record": str})
    beats = real_beats["kaggle"]
    table = pd.DataFrame(
        {
            "record": beats.record,
            "annotation": beats.annotation,
            "sample": beats.sample,
            "symbol": beats.symbol,
            "label": beats.label,
        }
    )
    found = load_test_fold().merge(table, how="left", on=["record", "annotation"], validate="one_to_one")
    for column in ("sample", "symbol", "label"):
        np.testing.assert_array_equal(found[column], published[column])
    np.testing.assert_array_equal(np.bincount(published["label"]), [18118, 556, 1448, 162, 1608])
    assert (published["symbol"].map(LABELS) == published["label"]).all()
