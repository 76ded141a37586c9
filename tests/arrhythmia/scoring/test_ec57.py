import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arrhythmia.scoring import ec57
from arrhythmia.scoring.ec57 import F, Q, S, V

COUNTS = arrays(np.int64, (6, 6), elements=st.integers(0, 50))


def counts_of(size=5, **cells):
    """Counts by name: `Vn=3` are three V beats predicted as n, `o` is missed and `O` extra."""
    counts = np.zeros((size, size), np.int64)
    for cell, beats in cells.items():
        counts["NSVFQO".index(cell[0]), "nsvfqo".index(cell[1])] = beats
    return counts


def printed(rate):
    """As the reference program prints it: per cent with two decimals, a dash where undefined."""
    return "-" if np.isnan(rate) else f"{100 * rate:.2f}"


def counts_of_bxb(row):
    """Six by six counts of a line of the reference program.

    It adds up some columns: n' holds n, f and q; F' holds F and Q; o' and O' hold beats in shutdown, too.
    """
    counts = np.zeros((6, 6), np.int64)
    for column, beats in row.items():
        reference, test = column.removesuffix("'")
        counts["NSVFQO".index(reference), "nsvfqo".index(test)] = beats
    return counts


def test_reference_table_to_the_printed_digit(reference_data):
    table = pd.read_csv(reference_data / "ec57" / "bxb_table.csv", dtype=str)
    assert len(table) == 23
    for _, line in table.iterrows():
        row = line.iloc[1:20].astype(int)  # Nn' ... Fo'
        counts = counts_of_bxb(row)
        assert counts.sum() == row.sum()  # no column is lost
        beats, rates = ec57.detection(counts), ec57.rates(counts)
        assert printed(beats["sensitivity"]) == line["Q Se"], line["record"]
        assert printed(beats["positive_predictivity"]) == line["Q +P"], line["record"]
        for name in "VS":
            assert printed(rates[name]["sensitivity"]) == line[f"{name} Se"], line["record"]
            assert printed(rates[name]["positive_predictivity"]) == line[f"{name} +P"], line["record"]


def test_rates_of_v_by_hand():
    rates = ec57.rates(counts_of(Vv=6, Vn=1, Vs=1, Vf=1, Vq=1, Nv=2, Sv=1, Fv=40, Qv=50, Nn=97))["V"]
    assert rates["sensitivity"] == 6 / 10
    assert rates["positive_predictivity"] == 6 / 9
    assert rates["false_positive_rate"] == 3 / 100


def test_rates_of_s_by_hand():
    rates = ec57.rates(counts_of(Ss=6, Sn=1, Sv=1, Sf=1, Sq=1, Ns=2, Vs=1, Fs=1, Qs=50, Nn=96))["S"]
    assert rates["sensitivity"] == 6 / 10
    assert rates["positive_predictivity"] == 6 / 10
    assert rates["false_positive_rate"] == 4 / 100
    assert rates["positive_predictivity_without_fs"] == 6 / 9


def test_missed_and_extra_beats_count():
    rates = ec57.rates(counts_of(6, Vv=6, Vo=4, Ov=2, Ss=3, So=1, Os=1, On=5, Nn=10, No=7))
    assert rates["V"]["sensitivity"] == 6 / 10
    assert rates["V"]["positive_predictivity"] == 6 / 8
    assert rates["V"]["false_positive_rate"] == 2 / (2 + 3 + 1 + 5 + 10)  # a missed N is no true negative
    assert rates["S"]["sensitivity"] == 3 / 4
    assert rates["S"]["positive_predictivity"] == 3 / 4


@pytest.mark.parametrize("cell", [(F, V), (Q, V)])
@given(counts=COUNTS)
def test_fv_and_qv_change_nothing_for_v(counts, cell):
    more = counts.copy()
    more[cell] += 7
    for key, rate in ec57.rates(counts)["V"].items():
        np.testing.assert_equal(ec57.rates(more)["V"][key], rate)


@given(counts=COUNTS)
def test_qs_changes_nothing_for_s(counts):
    more = counts.copy()
    more[Q, S] += 7
    for key, rate in ec57.rates(counts)["S"].items():
        np.testing.assert_equal(ec57.rates(more)["S"][key], rate)


@given(counts=COUNTS)
def test_vf_costs_sensitivity_not_positive_predictivity(counts):
    more = counts.copy()
    more[V, V] += 1
    more[V, F] += 7
    before = counts.copy()
    before[V, V] += 1
    rates, worse = ec57.rates(before)["V"], ec57.rates(more)["V"]
    assert worse["positive_predictivity"] == rates["positive_predictivity"]
    assert worse["sensitivity"] < rates["sensitivity"]


@given(arrays(np.int64, (4, 5, 5), elements=st.integers(0, 20)))
def test_a_stack_is_rated_as_its_parts(stack):
    for name, rates in ec57.rates(stack).items():
        for key, values in rates.items():
            np.testing.assert_equal(values, [ec57.rates(part)[name][key] for part in stack])


def test_nothing_to_rate_is_undefined():
    for rates in ec57.rates(counts_of()).values():
        assert all(np.isnan(rate) for rate in rates.values())


def test_table_pools_beats_for_gross_and_averages_over_records_with_a_rate():
    records = np.stack([counts_of(Vv=1, Vn=1, Nn=8), counts_of(Vv=90, Nn=10), counts_of(Nn=10)])
    table = ec57.table(np.array(["100", "101", "102"]), records).set_index("record")
    assert table.index.tolist() == ["100", "101", "102", "gross", "average"]
    assert table.loc["gross", "V_sensitivity"] == 91 / 92
    assert table.loc["average", "V_sensitivity"] == (0.5 + 1) / 2
    assert table["beats"].tolist() == [10, 100, 10, 120, pd.NA]
    assert table["beats"].to_csv(index=False, header=False).split() == ["10", "100", "10", "120", '""']
    assert np.isnan(table.loc["average", "S_sensitivity"])
