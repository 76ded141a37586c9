import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.errors import DataError
from stages import segment
from tests.params import KAGGLE, write_params

ROOT = Path(segment.__file__).parents[1]


CUT = {"fs": 125, "before": 0.5, "after": 1.0, "rr_before": 3, "rr_after": 2, "rr_long": 5}


def configure(source="synthetic", window="centred"):
    more = KAGGLE if source == "kaggle" else {}
    write_params(
        download={"source": source}, fusion={"weight": 0}, **more | {"segment": {"window": window, **CUT}}
    )


@pytest.fixture
def project(tmp_path, monkeypatch, write_record):
    """A folder with two small recordings."""
    monkeypatch.chdir(tmp_path)
    configure()
    write_record(paths.RAW, "b", symbol=list("+NAVFQ/~N"))
    write_record(paths.RAW, "a", leads=("V5", "V1"), symbol=list("NNNNVVVV+"))
    return tmp_path


def test_beats_of_all_records_in_order(project):
    segment.main()
    beats = load_beats(paths.BEATS)
    assert "".join(beats.record) == "a" * 8 + "b" * 7
    assert "".join(beats.symbol) == "NNNNVVVVNAVFQ/N"
    assert beats.waveform.shape == (15, 187)
    assert beats.rr.shape == (15, 5)
    assert (str(beats.source), float(beats.fs), int(beats.r_index)) == ("synthetic", 125.0, 62)
    assert list(project.glob("data/*.tmp*")) == []


def test_says_what_came_from_where(project, capsys):
    segment.main()
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "15 beats, synthetic recordings, 187 samples at 125.0 Hz"
    table = [line.split() for line in out if line.split()[0] in ("a", "b", "all")]
    assert table == [
        ["a", "4", "0", "4", "0", "0"],
        ["b", "2", "1", "1", "1", "2"],
        ["all", "6", "1", "5", "1", "2"],
    ]
    assert out[-1] == "record a: no lead MLII, channel 0 (V5) used instead"


def test_says_which_beat_the_kaggle_window_drops(project, capsys):
    configure(window="kaggle")
    segment.main()
    assert len(load_beats(paths.BEATS)) == 14
    dropped = [line for line in capsys.readouterr().out.splitlines() if "left out" in line]
    assert dropped == ["record b: 1 beat left out, no annotation ends its window"]


@pytest.mark.parametrize("window", ["centred", "kaggle"])
def test_same_bytes_on_every_run(project, window):
    configure(window=window)
    segment.main()
    before = paths.BEATS.read_bytes()
    segment.main()
    assert paths.BEATS.read_bytes() == before


def test_damaged_record_leaves_the_table_of_before(project):
    segment.main()
    before = paths.BEATS.read_bytes()
    data = (paths.RAW / "b.dat").read_bytes()
    (paths.RAW / "b.dat").write_bytes(data[:-100])
    with pytest.raises(DataError, match=r"^data/raw/b\.dat: cannot be read"):
        segment.main()
    assert paths.BEATS.read_bytes() == before


def test_no_recordings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configure()
    with pytest.raises(DataError, match=r"^data/raw: no WFDB header"):
        segment.main()
    assert not paths.BEATS.exists()


def test_script_ends_with_one_line_and_exit_code_1(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configure()
    command = [sys.executable, "-m", "stages.segment"]
    result = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stdout.startswith("Cut a window of segment.before")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: data/raw: no WFDB header")


def test_kaggle_files(project, monkeypatch, capsys):
    configure(source="kaggle", window="kaggle")
    rows = {"mitbih_train.csv": [0, 1, 2], "mitbih_test.csv": [3, 4]}
    monkeypatch.setattr(
        segment, "read_rows", lambda path: (np.zeros((len(rows[path.name]), 187)), np.array(rows[path.name]))
    )
    fold = pd.DataFrame({"record": ["103", "203"], "annotation": [7, 8]})
    monkeypatch.setattr(segment, "load_test_fold", lambda: fold)
    segment.main()
    beats = load_beats(paths.BEATS)
    np.testing.assert_array_equal(beats.label, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(beats.record, ["", "", "", "103", "203"])
    assert beats.rr.shape == (5, 5)
    assert capsys.readouterr().out == "5 beats from the Kaggle files: no records, no RR intervals\n"


def test_needs_no_tensorflow():
    code = "import sys, stages.segment, stages.split, stages.normalize; print('tensorflow' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
