"""Times beside the samples, in many ways of writing them, with gaps, jitter and midnight."""

import datetime as dt
import re
import tracemalloc

import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats import csv_table
from arrhythmia.formats.csv_layout import find_layout
from arrhythmia.formats.csv_table import read_column
from arrhythmia.formats.dates import clock_times

FS = 360
START = dt.datetime(2024, 3, 1, 23, 59, 58)
SECONDS = np.arange(2000) / FS
GAP = (SECONDS >= 2) & (SECONDS < 3)


def table(path, name, times):
    """Write a table of times and samples, whose values are their numbers."""
    path.write_text(f"{name},ecg\n" + "".join(f"{time},{i}\n" for i, time in times))
    return path


def noisy_table(path, name, times):
    """Write a table whose samples tell no time."""
    path.write_text(f"{name},ecg\n" + "".join(f"{time},{i * i % 1009}\n" for i, time in times))
    return path


def read(path, fs=FS):
    """Return samples and notes."""
    found = read_column(path, find_layout(path, decimal=None), 1, fs=fs, decimal=None, time=None)
    return found.samples.read(0, found.samples.length), found.notes


WAYS = {
    "datetime": lambda t: (START + dt.timedelta(seconds=t)).isoformat(timespec="milliseconds"),
    "Messzeit": lambda t: (START + dt.timedelta(seconds=t)).strftime("%d.%m.%Y %H:%M:%S.%f")[:-3],
    "LocalTime": lambda t: (START + dt.timedelta(seconds=t)).strftime("%m/%d/%Y %I:%M:%S.%f %p"),
    "written": lambda t: (START + dt.timedelta(seconds=t)).strftime("%Y/%m/%d %H:%M:%S.%f")[:-3],
    "Datum": lambda t: (START + dt.timedelta(seconds=t)).strftime("%d-%b-%Y %H:%M:%S.%f")[:-3],
    "of day": lambda t: (START + dt.timedelta(seconds=t)).strftime("%I:%M:%S.%f %p"),
    "clock": lambda t: (START + dt.timedelta(seconds=t)).strftime("%H:%M:%S.%f")[:-3],
    "time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%H:%M:%S:%f")[:-3],
    "day first time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%d-%m-%Y %H:%M:%S.%f")[:-3],
    "short time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%d/%m/%y %H:%M:%S.%f")[:-3],
    "month time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%d-%b-%y %H:%M:%S.%f")[:-3],
    "words time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%b %d %Y %H:%M:%S.%f")[:-3],
    "digits time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%Y%m%d %H:%M:%S.%f")[:-3],
    "hyphen time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%Y/%m/%d-%H:%M:%S.%f")[:-3],
    "colon time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%Y-%m-%d %H:%M:%S:%f")[:-3],
    "zone time": lambda t: (START + dt.timedelta(seconds=t)).strftime("%Y-%m-%d %H:%M:%S.%f CET"),
    "zone name time": lambda t: (START + dt.timedelta(seconds=t)).isoformat() + "[Europe/Berlin]",
    "net time": lambda t: f"{1 + int(t + 86398) // 86400}.{(START + dt.timedelta(seconds=t)).time()}",
    "time with unit": lambda t: f"{t:.4f} sec",
    "time with ms": lambda t: f"{1000 * t:.1f} ms",
    "wrapped ms": lambda t: 65_000 + round(1000 * t) - (65_536 if 65_000 + round(1000 * t) > 65_535 else 0),
    "time (ms of day)": lambda t: (86_399_000 + round(1000 * t)) % 86_400_000,
    "epoch_ms": lambda t: 1_700_000_000_000 + round(1000 * t),
    "millis": lambda t: round(1000 * t),
    "sample": lambda t: round(FS * t),
    "Frame": lambda t: 17 + round(FS * t),
    "": lambda t: round(FS * t),
}
"""Names of a column, most of them no words for time, and what it holds t seconds after the first sample."""


@pytest.mark.parametrize("name", WAYS)
def test_a_gap_is_seen_by_whatever_tells_the_time(tmp_path, name):
    kept = [(i, WAYS[name](t)) for i, t in enumerate(SECONDS) if not GAP[i]]
    samples, notes = read(table(tmp_path / "r.csv", name, kept))
    np.testing.assert_array_equal(np.isnan(samples), GAP)
    np.testing.assert_array_equal(samples[~GAP], np.flatnonzero(~GAP))
    assert len(notes) == 1
    assert "1 gap by column" in notes[0]


@pytest.mark.parametrize("name", WAYS)
def test_without_a_gap_nothing_is_said(tmp_path, name):
    samples, notes = read(
        table(tmp_path / "r.csv", name, [(i, WAYS[name](t)) for i, t in enumerate(SECONDS)])
    )
    np.testing.assert_array_equal(samples, np.arange(len(SECONDS)))
    assert notes == []


@pytest.mark.parametrize("jitter", [0.0003, 0.0015])
def test_times_that_jitter_are_those_of_the_sampling_rate(tmp_path, jitter):
    times = np.sort(SECONDS + np.random.default_rng(5).normal(0, jitter, len(SECONDS)))
    samples, notes = read(table(tmp_path / "r.csv", "time [ms]", enumerate(np.round(1000 * times, 1))))
    assert len(samples) == len(SECONDS)
    assert notes == []


def test_rounding_may_give_neighbours_the_same_time(tmp_path):
    times = enumerate(int(1000 * i / 1024) for i in range(5000))
    samples, notes = read(table(tmp_path / "r.csv", "ms", times), fs=1024)
    assert (len(samples), notes) == (5000, [])


def test_times_that_go_back_and_lines_that_are_there_twice_are_refused(tmp_path):
    times = [f"{t:.4f}" for t in SECONDS]
    with pytest.raises(DataError, match=r"r\.csv, line 1002: the time in column 'time' goes back"):
        read(table(tmp_path / "r.csv", "time", enumerate([*times[:1000], times[998], *times[1001:]])))
    with pytest.raises(DataError, match=r"r\.csv, line 1002: the time in column 'time' does not go on"):
        read(table(tmp_path / "r.csv", "time", enumerate([*times[:1000], times[999], *times[1000:]])))


def test_a_clock_that_stands_still_for_a_sample_and_makes_up_for_it(tmp_path):
    times = [f"{t:.4f}" for t in SECONDS]
    times[1000] = times[999]
    samples, notes = read(table(tmp_path / "r.csv", "time", enumerate(times)))
    assert (len(samples), notes) == (len(SECONDS), [])


@pytest.mark.parametrize(
    ("name", "start", "unit", "back"),
    [
        ("time_ns", 1_700_000_000_000_000_000, 1e9, 3_600_000_000_000),
        ("time_us", 1_700_000_000_000_000, 1e6, 65_536),
        ("time_ms", 80_000, 1e3, 65_536),
        ("time_ms", 120_000_000, 1e3, 86_400_000),
        ("time_ms", 0, 1e3, 1500),
    ],
)
def test_a_clock_that_is_set_back_is_no_number_that_begins_anew(tmp_path, name, start, unit, back):
    times = [start + round(unit * t) - (back if t >= 4 else 0) for t in SECONDS]
    with pytest.raises(DataError, match="goes back"):
        read(table(tmp_path / "r.csv", name, enumerate(times)))


def test_places_in_packets_of_unequal_length_are_no_counter(tmp_path):
    sizes = np.random.default_rng(0).choice([16] * 9 + [15], 130)
    places = np.concatenate([np.arange(n) for n in sizes])[:2000]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "idx", enumerate(places)))
    assert (len(samples), notes) == (2000, [])


def test_milliseconds_within_the_second_are_to_be_joined_with_it(tmp_path):
    times = enumerate(round(1000 * t) % 1000 for t in SECONDS)
    with pytest.raises(DataError, match=r"goes back; join it with the column of the seconds"):
        read(table(tmp_path / "r.csv", "ms", times))


def test_a_short_counter_shows_what_is_lost_between_its_ends(tmp_path):
    kept = [(i, i % 16) for i in range(2000) if not 500 <= i < 505]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "nSeq", kept))
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(samples)), range(500, 505))
    assert "column 'nSeq' counts to 16 only: longer gaps are not seen" in notes


def test_a_column_that_rises_by_chance_is_no_clock(tmp_path):
    rising = np.cumsum(np.random.default_rng(0).uniform(0.1, 5, len(SECONDS))).round(3)
    samples, notes = read(table(tmp_path / "r.csv", "energy", enumerate(rising)))
    assert (len(samples), notes) == (len(SECONDS), [])


def test_a_clock_that_runs_a_little_otherwise_is_said(tmp_path):
    times = enumerate(f"{1.01 * i / FS:.4f}" for i in range(30_000))
    _, notes = read(table(tmp_path / "r.csv", "time", times))
    assert notes == ["by column 'time' the sampling rate is 356.435 Hz; 360 Hz are taken"]


def test_moments_in_seconds():
    words = np.array(["2024-03-01T03:04:05,678", "2024-03-01 03:04:06+00:00", "", "x"])
    seconds = clock_times(words, words[:2])
    assert seconds[1] - seconds[0] == pytest.approx(0.322)
    assert np.isnan(seconds[2:]).all()
    np.testing.assert_allclose(np.diff(clock_times(*[np.array(["1:02:03.5", "1:02:03:750"])] * 2)), 0.25)


@pytest.mark.parametrize("share", [0.02, 0.05])
@pytest.mark.parametrize(("name", "unit"), [("seq", FS), ("time", 1)])
def test_single_samples_that_are_lost_all_the_time(tmp_path, name, unit, share):
    kept = np.random.default_rng(0).random(len(SECONDS)) > share
    kept[[0, -1]] = True
    times = [(i, f"{unit * t:.5f}".rstrip("0").rstrip(".")) for i, t in enumerate(SECONDS) if kept[i]]
    samples, _ = read(table(tmp_path / "r.csv", name, times))
    np.testing.assert_array_equal(np.isnan(samples), ~kept)


def test_a_counter_that_begins_anew_is_no_time_of_day(tmp_path):
    samples, notes = read(table(tmp_path / "r.csv", "seq", enumerate(i % 65536 for i in range(70_000))))
    assert (len(samples), notes) == (70_000, [])


def test_a_counter_that_begins_anew_later_is_said_and_its_samples_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    samples, notes = read(table(tmp_path / "r.csv", "micros", enumerate(i % 4000 for i in range(9000))))
    assert len(samples) == 9000
    assert notes == ["column 'micros' does not go on in line 4002: gaps after it are not seen"]


def test_the_column_that_tells_each_samples_place_is_the_clock(tmp_path):
    """A phone stamps packets of 73 samples, the sensor each sample; two packets are lost."""
    kept = ~np.isin(np.arange(len(SECONDS)) // 73, [5, 11])
    path = tmp_path / "r.csv"
    rows = [(i // 73 * 73 / FS, t) for i, t in enumerate(SECONDS) if kept[i]]
    path.write_text("phone time;sensor timestamp;ecg\n" + "".join(f"{a:.3f};{b:.6f};1\n" for a, b in rows))
    found = read_column(path, find_layout(path, decimal=None), 2, fs=FS, decimal=None, time=None)
    assert found.samples.length == len(SECONDS)
    assert found.notes == ["2 gaps by column 'sensor timestamp', 0.41 s: lost signal"]


def test_times_that_are_not_understood_are_said_beside_a_counter(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("n,time,ecg\n" + "".join(f"{i},noon,1\n" for i in range(100)))
    found = read_column(path, find_layout(path, decimal=None), 2, fs=FS, decimal=None, time=None)
    assert found.notes == ["times of column 'time' are not understood, so gaps are not seen"]


def test_digits_that_run_out_are_no_gaps(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    times = enumerate(f"{990 + i / 1024:g}" for i in range(20_000))
    samples, _ = read(table(tmp_path / "r.csv", "time", times), fs=1024)
    assert len(samples) == 20_000


def test_times_that_descend_are_said(tmp_path):
    with pytest.raises(DataError, match="the times in column 'time' descend; sort the lines by them"):
        read(table(tmp_path / "r.csv", "time", enumerate(SECONDS[::-1])))


def test_a_gap_of_many_hours_needs_little_memory(tmp_path):
    tracemalloc.start()
    samples = read_column(
        table(tmp_path / "r.csv", "time", enumerate([*SECONDS, *(SECONDS + 72_000)])),
        find_layout(tmp_path / "r.csv", decimal=None),
        1,
        fs=FS,
        decimal=None,
        time=None,
    ).samples
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert samples.length == 72_000 * FS + len(SECONDS)
    assert peak < 50e6


@pytest.mark.parametrize("late", [0.03, 0.2])
def test_times_that_later_ones_make_up_for_are_no_gap(tmp_path, late):
    """A busy computer stamps a sample late, and the next ones at once."""
    times = SECONDS.copy()
    times[100::400] += late
    apart = 1e-4 * np.arange(len(times))
    times = np.maximum.accumulate(times - apart) + apart
    samples, notes = read(table(tmp_path / "r.csv", "time", enumerate(f"{t:.6f}" for t in times)))
    assert notes == []
    np.testing.assert_array_equal(samples, np.arange(len(times)))


@pytest.mark.parametrize("step", [1.0, 0.25])
def test_a_gap_in_times_that_tell_no_places_is_lost_signal(tmp_path, step):
    """As of times in whole seconds: where it is, is known to a step."""
    t = np.arange(60 * FS) / FS
    kept = (t < 20) | (t >= 27)
    lines = [(i, f"{np.floor(t[i] / step) * step:g}") for i in np.flatnonzero(kept)]
    samples, notes = read(table(tmp_path / "r.csv", "time", lines))
    assert notes[0].startswith("1 gap by column 'time', ")
    assert abs(len(samples) - len(t)) <= step * FS
    lost = np.flatnonzero(np.isnan(samples)) / FS
    np.testing.assert_allclose([lost[0], lost[-1]], [20, 27], atol=step)


def test_a_rate_that_is_a_thousandth_off_is_said(tmp_path):
    times = enumerate(f"{i / 142.857142857:.3f}" for i in range(142 * 1200))
    _, notes = read(table(tmp_path / "r.csv", "time", times), fs=143)
    assert notes == ["by column 'time' the sampling rate is 142.857 Hz; 143 Hz are taken"]


@pytest.mark.parametrize("drift", [-0.01, -0.001, 0.0, 0.001, 0.01])
def test_a_clock_that_is_fast_or_slow_hides_no_gap(tmp_path, drift):
    i = np.arange(40_000)
    times = i * (1 + drift) / FS + np.where(i >= 20_000, 0.5, 0)
    samples, notes = read(table(tmp_path / "r.csv", "time", enumerate(f"{t:.5f}" for t in times)))
    assert np.isnan(samples).nonzero()[0].tolist() == list(range(20_000, 20_180))
    assert notes[0] == "1 gap by column 'time', 0.50 s: lost signal"


@pytest.mark.parametrize("digits", [3, 4])
def test_single_samples_that_are_lost_are_all_seen(tmp_path, digits):
    kept = np.flatnonzero(np.random.default_rng(0).random(20_000) > 0.005)
    times = [(i, f"{i / FS:.{digits}f}") for i in kept]
    samples, _ = read(table(tmp_path / "r.csv", "time", times))
    found = np.flatnonzero(np.isfinite(samples))
    np.testing.assert_array_equal(found, kept - kept[0])


@pytest.mark.parametrize("block", [1 << 22, 20_000])
def test_whole_seconds_over_blocks_gaps_at_the_end_and_midnight(tmp_path, monkeypatch, block):
    monkeypatch.setattr(csv_table, "BLOCK", block)
    t = np.arange(40 * FS) / FS
    lines = [f"{np.floor(x):g}" for x in t]
    assert read(table(tmp_path / "r.csv", "time", enumerate(lines)))[1] == []
    lines[3000:3003] = ["", "", ""]
    assert read(table(tmp_path / "r.csv", "time", enumerate(lines)))[1] == []
    ended = [f"{np.floor(x):g}" for x in np.concatenate([t, t[:FS] + 45])]
    samples, notes = read(table(tmp_path / "r.csv", "time", enumerate(ended)))
    assert len(samples) == 41 * FS
    assert notes == ["a gap of 5 s before the last times is not filled"]
    night = [f"{int(x // 3600 % 24):02d}:{int(x // 60 % 60):02d}:{int(x % 60):02d}" for x in 86380 + t]
    assert read(table(tmp_path / "r.csv", "time", enumerate(night)))[1] == []


def moments(first, form, n):
    """Return `n` moments at `FS` as `strftime` writes them, with milliseconds."""
    start = dt.datetime.fromisoformat(first)
    every = (start + dt.timedelta(seconds=i / FS) for i in range(n))
    return [x.strftime(form)[:-3] for x in every]


@pytest.mark.parametrize("first", ["2020-01-05", "2020-01-12", "2020-01-31", "2020-02-01", "2019-12-31"])
@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_days_and_months_are_told_apart_at_midnight(tmp_path, monkeypatch, first, form):
    monkeypatch.setattr(csv_table, "BLOCK", 50_000)
    times = moments(f"{first} 23:59:50", f"{form} %H:%M:%S.%f", 20 * FS)
    gap = [(i, x) for i, x in enumerate(times) if not 15 * FS <= i < 17 * FS]
    samples, notes = read(table(tmp_path / "r.csv", "time", gap))
    assert notes == ["1 gap by column 'time', 2.00 s: lost signal"]
    assert np.flatnonzero(np.isnan(samples)) == pytest.approx(np.arange(15 * FS, 17 * FS), abs=1)


@pytest.mark.parametrize("say", [lambda t: f'"{t:,.4f}"', lambda t: f'"{dt.timedelta(seconds=t + 86_390)}"'])
def test_times_that_are_written_otherwise_later_are_read(tmp_path, monkeypatch, say):
    monkeypatch.setattr(csv_table, "BLOCK", 50_000)
    kept = [(i, say(990 + i / FS)) for i in range(20 * FS) if not 15 * FS <= i < 17 * FS]
    samples, notes = read(table(tmp_path / "r.csv", "time", kept))
    assert notes == ["1 gap by column 'time', 2.00 s: lost signal"]
    assert np.flatnonzero(np.isnan(samples)) == pytest.approx(np.arange(15 * FS, 17 * FS), abs=1)


def test_one_word_among_the_times_moves_no_gap(tmp_path):
    times = [(i, f"{i / FS:.4f}") for i in range(20 * FS) if not 15 * FS <= i < 17 * FS]
    times[9 * FS] = (9 * FS, "#ERR")
    samples, notes = read(table(tmp_path / "r.csv", "time", times))
    assert notes == ["1 gap by column 'time', 2.00 s: lost signal"]
    assert np.flatnonzero(np.isnan(samples)) == pytest.approx(np.arange(15 * FS, 17 * FS), abs=1)


def test_from_where_on_times_are_not_understood_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    times = [(i, f"{i / FS:.4f}" if i < 10 * FS else f"T+{i}") for i in range(20 * FS)]
    samples, (note,) = read(table(tmp_path / "r.csv", "time", times))
    assert len(samples) == 20 * FS
    said = re.fullmatch(
        r"from line (\d+) on most times of column 'time' are lost or not understood: gaps are .*", note
    )
    line = int(said[1])
    assert abs(line - 10 * FS) < 20_000 / 10


@pytest.mark.parametrize(("name", "notes"), [("time", 1), ("x", 0)])
@pytest.mark.parametrize("form", ["%H%M%S.%f", "%Y%m%d%H%M%S%f"])
def test_digits_of_a_clock_are_no_seconds(tmp_path, name, notes, form):
    times = moments("2020-01-12 03:04:05", form, 150 * FS)
    samples, said = read(noisy_table(tmp_path / "r.csv", name, enumerate(times)))
    assert len(samples) == 150 * FS
    assert said == notes * ["times of column 'time' are not understood, so gaps are not seen"]


@pytest.mark.parametrize(("period", "lost"), [(256, 100), (100, 7), (2000, 900)])
def test_a_counter_that_begins_anew_tells_gaps(tmp_path, monkeypatch, period, lost):
    monkeypatch.setattr(csv_table, "BLOCK", 50_000)
    kept = [(i, i % period) for i in range(30 * FS) if not 20 * FS <= i < 20 * FS + lost]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "seq", kept))
    assert np.flatnonzero(np.isnan(samples)).tolist() == list(range(20 * FS, 20 * FS + lost))
    assert notes == [
        f"1 gap by column 'seq', {lost / FS:.2f} s: lost signal",
        f"column 'seq' counts to {period} only: longer gaps are not seen",
    ]


def test_lines_in_the_wrong_order_are_asked_about(tmp_path):
    times = enumerate(f"{t:.4f}" for t in SECONDS[::-1])
    _, notes = read(noisy_table(tmp_path / "r.csv", "stamps", times))
    assert notes == ["column 'stamps' goes back by a sample a line: are they in order of time?"]


def german(value, digits):
    """Return a number with points between thousands and a decimal comma."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize("say", [lambda i: german(i / FS, 4), lambda i: german(1e6 * i / FS, 0)])
def test_points_between_thousands_are_known_by_the_last_lines(tmp_path, monkeypatch, say):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    start = 990 * FS
    text = "".join(f"{say(start + i)};{i}\n" for i in range(20 * FS) if not 15 * FS <= i < 17 * FS)
    (tmp_path / "r.csv").write_text("time;ecg\n" + text)
    samples, notes = read(tmp_path / "r.csv")
    assert notes == ["1 gap by column 'time', 2.00 s: lost signal"]
    assert np.flatnonzero(np.isnan(samples)).tolist() == list(range(15 * FS, 17 * FS))


def test_strips_of_a_minute_are_no_digits_of_a_clock(tmp_path):
    strips = [s * 300 * FS + i for s in range(3) for i in range(60 * FS)]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "sample", ((i, i) for i in strips)))
    assert len(samples) == 660 * FS
    assert notes == ["2 gaps by column 'sample', 480.00 s: lost signal"]


@pytest.mark.parametrize("lost", [slice(300, 1000), slice(58 * FS, 61 * FS)])
def test_digits_of_a_clock_are_known_whatever_else_is_lost(tmp_path, lost):
    times = moments("2020-01-12 10:03:00", "%H%M%S.%f", 150 * FS)
    kept = [x for i, x in enumerate(times) if not lost.start <= i < lost.stop]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "time", enumerate(kept)))
    assert len(samples) == len(kept)
    assert notes == ["times of column 'time' are not understood, so gaps are not seen"]


def test_digits_of_a_clock_are_known_when_the_minute_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    times = moments("2020-01-12 10:03:00", "%H%M%S.%f", 70 * FS)
    samples, (note,) = read(noisy_table(tmp_path / "r.csv", "time", enumerate(times)))
    assert len(samples) == 70 * FS
    assert re.fullmatch(r"column 'time' does not go on in line \d+: gaps after it are not seen", note)


def test_a_short_counter_hides_no_longer_one(tmp_path):
    kept = [i for i in range(20 * FS) if not 15 * FS <= i < 17 * FS]
    text = "".join(f"{i % 100},{i},{i * i % 1009}\n" for i in kept)
    (tmp_path / "r.csv").write_text("seq,n,ecg\n" + text)
    found = read_column(
        tmp_path / "r.csv", find_layout(tmp_path / "r.csv", decimal=None), 2, fs=FS, decimal=None, time=None
    )
    assert found.samples.length == 20 * FS
    assert found.notes == ["1 gap by column 'n', 2.00 s: lost signal"]


def restarting(lengths):
    return [i for length in lengths for i in range(length)]


@pytest.mark.parametrize(
    "counts",
    [restarting(np.random.default_rng(0).integers(180, 257, 60)), restarting([300, 9000])],
    ids=["since the last beat", "once"],
)
def test_a_counter_that_begins_anew_at_any_time_tells_no_gaps(tmp_path, counts):
    samples, _ = read(noisy_table(tmp_path / "r.csv", "count", enumerate(counts)))
    assert len(samples) == len(counts)


def test_a_counter_that_goes_back_is_followed_no_longer(tmp_path):
    counts = [i % 256 for i in range(20 * FS)]
    counts[3000], counts[3001] = counts[3001], counts[3000]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "count", enumerate(counts)))
    assert len(samples) == len(counts)
    assert notes == [
        "column 'count' counts to 256 only: longer gaps are not seen",
        "column 'count' does not go on in line 3003: gaps after it are not seen",
    ]


@pytest.mark.parametrize("last", [",5\n", ",\n"])
def test_days_and_months_are_told_apart_where_the_last_time_is_lost(tmp_path, last):
    times = moments("2020-01-05 23:59:50", "%d/%m/%Y %H:%M:%S.%f", 20 * FS)
    path = table(tmp_path / "r.csv", "time", [(i, x) for i, x in enumerate(times) if not 5000 <= i < 5360])
    path.write_text(path.read_text() + last)
    samples, notes = read(path)
    assert notes == ["1 gap by column 'time', 1.00 s: lost signal"]
    assert len(samples) == 20 * FS + 1


def test_times_that_are_lost_for_long_hide_no_gap_after_them(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    times = [f"{i / FS + 30 * (i >= 40 * FS):.4f}" for i in range(60 * FS)]
    times[10 * FS : 30 * FS] = 20 * FS * [""]
    samples, notes = read(noisy_table(tmp_path / "r.csv", "time", enumerate(times)))
    assert len(samples) == 90 * FS
    assert notes[0] == "1 gap by column 'time', 30.00 s: lost signal"
    assert "most times of column 'time' are lost" in notes[1]


def lines_of(say, n, *, gap=(0, 0), separator=","):
    """Return lines with the times that `say` gives for each of `n` samples, but for those in a gap."""
    kept = (i for i in range(n) if not gap[0] <= i < gap[1])
    return "".join(f"{say(i)}{separator}{i * i % 1009}\n" for i in kept)


@pytest.mark.parametrize(
    ("fs", "say", "separator"),
    [
        (FS, lambda i: german(10 + i / FS, 4), ";"),
        (500, lambda i: german(10 + i / 500, 3), ";"),
        (FS, lambda i: f"{10 + i / FS:.4f}", ","),
        (1000, lambda i: f'"{5000 + i:,}"', ","),
    ],
)
@pytest.mark.parametrize("word", [400, 6000])
def test_one_word_among_times_changes_no_other(tmp_path, monkeypatch, fs, say, separator, word):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    text = lines_of(lambda i: "error" if i == word else say(i), 7200, gap=(5000, 5360), separator=separator)
    (tmp_path / "r.csv").write_text(f"time{separator}ecg\n{text}")
    samples, notes = read(tmp_path / "r.csv", fs)
    assert np.flatnonzero(np.isnan(samples)) == pytest.approx(np.arange(5000, 5360), abs=1)
    assert len(notes) == 1


def test_lost_times_of_packets_or_seconds_over_a_border_are_no_gap(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 20_000)
    text = lines_of(lambda i: "" if 5000 <= i < 9000 else i // FS, 30 * FS)
    (tmp_path / "r.csv").write_text("time,ecg\n" + text)
    samples, notes = read(tmp_path / "r.csv")
    assert len(samples) == 30 * FS
    assert [note for note in notes if "gap by" in note] == []


@pytest.mark.parametrize(("lost", "gap"), [((4000, 9000), (6000, 6720)), ((4000, 4200), (4050, 4150))])
def test_a_gap_among_lost_times_is_filled(tmp_path, lost, gap):
    text = lines_of(lambda i: "" if lost[0] <= i < lost[1] else f"{i / FS:.4f}", 30 * FS, gap=gap)
    (tmp_path / "r.csv").write_text("time,ecg\n" + text)
    samples, notes = read(tmp_path / "r.csv")
    assert len(samples) == 30 * FS
    assert notes == [f"1 gap by column 'time', {(gap[1] - gap[0]) / FS:.2f} s: lost signal"]


@pytest.mark.parametrize(
    ("name", "say"),
    [
        ("time", lambda i: "" if i % 10 == 0 else f"{i / FS:.4f}"),
        ("seq", lambda i: "" if i == 30 else i),
        ("DateTime", lambda i: "" if i == 30 else (START + dt.timedelta(seconds=i / FS)).isoformat()),
        ("seq", lambda i: (i + 1) % 4096),
        ("seq", lambda i: "" if i == 30 else i % 256),
        ("time", lambda i: f'"{1000 * i // FS:,}"'),
    ],
)
def test_few_lost_times_and_every_counter_tell_gaps(tmp_path, name, say):
    text = lines_of(say, 30 * FS, gap=(9001, 9101))
    (tmp_path / "r.csv").write_text(f"{name},ecg\n{text}")
    samples, notes = read(tmp_path / "r.csv")
    assert np.flatnonzero(np.isnan(samples)) == pytest.approx(np.arange(9001, 9101), abs=1)
    assert notes[0] == f"1 gap by column '{name}', 0.28 s: lost signal"


def test_digits_of_a_clock_begin_anew_at_midnight(tmp_path):
    times = moments("2020-01-12 23:59:40", "%H%M%S.%f", 40 * FS)
    _, notes = read(noisy_table(tmp_path / "r.csv", "time", enumerate(times)))
    assert notes == ["times of column 'time' are not understood, so gaps are not seen"]
