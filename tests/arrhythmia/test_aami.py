from collections import Counter

import numpy as np
import pytest

from arrhythmia.aami import (
    CLASS_NAMES,
    CLASSES,
    DS1,
    DS2,
    LABELS,
    PACED,
    SYMBOLS,
    SYNTHETIC_DS1,
    SYNTHETIC_DS2,
    SYNTHETIC_PACED,
    SYNTHETIC_RECORDS,
    labels_of,
)


def test_each_symbol_has_one_class():
    symbols = "".join(SYMBOLS.values())
    assert len(set(symbols)) == len(symbols) == len(LABELS) == 15
    assert tuple(SYMBOLS) == tuple(CLASS_NAMES) == CLASSES == ("N", "S", "V", "F", "Q")


def test_labels_of():
    symbols = np.array(list("NLRejAaJSVEF/fQ+~|x!n "))
    expected = [0] * 5 + [1] * 4 + [2] * 2 + [3] + [4] * 3 + [-1] * 7
    np.testing.assert_array_equal(labels_of(symbols), expected)
    assert labels_of(symbols).dtype == np.int8
    assert labels_of(np.array([], dtype=str)).shape == (0,)


def test_real_records_are_divided_without_rest():
    """That they are all records, is known from the names of the files (tests of the manifest)."""
    assert (len(DS1), len(DS2), len(PACED)) == (22, 22, 4)
    assert len({*DS1, *DS2, *PACED}) == 48


def test_synthetic_records_are_divided_without_rest():
    parts = [*SYNTHETIC_DS1, *SYNTHETIC_DS2, *SYNTHETIC_PACED]
    assert sorted(parts) == list(SYNTHETIC_RECORDS)
    assert (len(SYNTHETIC_DS1), len(SYNTHETIC_DS2), len(SYNTHETIC_PACED)) == (7, 7, 2)


@pytest.mark.parametrize(
    ("records", "expected"), [(DS1, [45866, 944, 3788, 415, 8]), (DS2, [44259, 1837, 3221, 388, 7])]
)
def test_beats_of_de_chazal(real_recordings, records, expected):
    """Table II of de Chazal 2004, but with the escape beats e and j in N."""
    count = Counter()
    for recording in real_recordings:
        if recording.name in records:
            count.update(labels_of(recording.symbol).tolist())
    assert [count[label] for label in range(5)] == expected


def test_paced_beats_are_in_the_paced_records_only(real_recordings):
    paced = {recording.name for recording in real_recordings if "/" in recording.symbol}
    assert paced == set(PACED)
