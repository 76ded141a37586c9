import numpy as np
import pytest
import wfdb

from arrhythmia.ecg.annotations import parse_annotations
from arrhythmia.errors import DataError

BEAT = (1 << 10 | 250).to_bytes(2, "little")
"""An annotation N, 250 samples after the last one."""


def word(code, low):
    return (code << 10 | low).to_bytes(2, "little")


def encoded(annotations, *, end=b"\0\0"):
    """Write annotations `(sample, code, note)` in the MIT format."""
    data, last = b"", 0
    for sample, code, note in annotations:
        step = sample - last
        if not 0 <= step < 1024:
            data += word(59, 0) + (step >> 16 & 0xFFFF).to_bytes(2, "little")
            data += (step & 0xFFFF).to_bytes(2, "little")
            step = 0
        data += word(code, step)
        text = note.encode()
        if text:
            data += word(63, len(text)) + text + b"\0" * (len(text) % 2)
        last = sample
    return data + end


def test_positions_codes_and_rate():
    wanted = [(0, 22, "## time resolution: 250.5"), (10, 28, "(AFIB"), (5000, 1, ""), (4000, 5, "odd")]
    found = parse_annotations(encoded(wanted), "r.atr")
    assert found.sample == [10, 5000, 4000]
    assert found.code == [28, 1, 5]
    assert found.fs == 250.5


def test_no_annotation_and_definitions_are_left_out_as_wfdb_does(tmp_path):
    wfdb.wrann("r", "atr", np.array([100, 200]), ["N", "V"], fs=360, write_dir=str(tmp_path))
    data = (tmp_path / "r.atr").read_bytes()
    assert parse_annotations(word(0, 50) + BEAT + b"\0\0", "r.atr").sample == [300]
    found = parse_annotations(data, "r.atr")
    assert (found.sample, found.symbol.tolist(), found.fs) == ([100, 200], ["N", "V"], 360)


def test_number_subtype_and_channel_are_no_annotations():
    data = BEAT + word(60, 3) + word(61, 1) + word(62, 1) + BEAT + b"\0\0"
    assert parse_annotations(data, "r.atr").sample == [250, 500]


@pytest.mark.parametrize("note", ["## timt resolution: 3", "## ", "## annotation type definitions", "## x"])
def test_a_note_that_nobody_knows_names_no_rate(note):
    """On each of them the reader of wfdb 4.3 never ends, or fails."""
    found = parse_annotations(encoded([(0, 22, note), (250, 1, "")]), "r.atr")
    assert (found.fs, found.sample) == (None, [250])


def test_a_rate_in_a_later_note_is_none_of_the_file():
    assert parse_annotations(encoded([(250, 22, "## time resolution: 99")]), "r.atr").fs is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty or cut short"),
        (BEAT, "empty or cut short"),
        (BEAT + b"\0\0\0", "empty or cut short"),
        (BEAT + b"\0\0" + BEAT + b"\0\0", "goes on after its end mark at byte 2"),
        (word(59, 0) + b"\1\0\0\0", "an interval is cut short"),
        (BEAT + word(63, 20) + b"abcd\0\0", "a note of 20 bytes is cut short"),
        (word(55, 1) + b"\0\0", "unknown annotation code 55 at byte 0"),
    ],
)
def test_damage_is_one_line(data, words):
    with pytest.raises(DataError, match=rf"^r\.atr: .*{words}"):
        parse_annotations(data, "r.atr")


def test_zeros_after_the_end_mark_are_padding():
    assert parse_annotations(BEAT + b"\0" * 10, "r.atr").sample == [250]


def test_real_annotations_as_wfdb_reads_them(mitdb):
    codes = dict(wfdb.io.annotation.ann_label_table[["label_store", "symbol"]].to_numpy())
    for name in ("100", "207", "222"):
        found = parse_annotations((mitdb / f"{name}.atr").read_bytes(), name)
        read = wfdb.rdann(str(mitdb / name), "atr")
        np.testing.assert_array_equal(found.sample, read.sample)
        assert [codes[code] for code in found.code] == read.symbol
