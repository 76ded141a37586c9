import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest
import wfdb

from arrhythmia.aami import CLASSES
from arrhythmia.cli import predict, recording
from arrhythmia.cli.limited import Ended
from arrhythmia.errors import DataError
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.unfinished import unfinished_folder
from tests.arrhythmia.ecg.test_annotations import encoded
from tests.arrhythmia.ecg.test_detection import ecg
from tests.processes import PATIENCE, children_of, command_line, has_ended, running

ROOT = Path(__file__).parents[3]
FILES = ["{}.beats.csv", "{}.minute.png", "{}.pred", "{}.summary.json"]


@pytest.fixture
def made(tmp_path):
    """Return a function that writes an ECG of half a minute as CSV, which the committed networks can take."""

    def make(name="r.csv", scale=1.0):
        noise = 0.01 * np.random.default_rng(0).normal(size=7500)
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        np.savetxt(folder / name, scale * (ecg(250)[0] + noise), header="ecg", comments="", fmt="%.5f")
        return folder / name

    return make


def run(tmp_path, *words):
    settings = ["--jobs", "1", "--out", str(tmp_path / "out")]
    if any(Path(word).suffix == ".csv" or Path(word).is_dir() for word in words):
        settings += ["--column", "ecg", "--fs", "250"]
    return predict.main([*settings, *map(str, words)])


def written(tmp_path):
    folder = tmp_path / "out"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("settings", [[], ["--int8"], ["--model", "rnn"]])
def test_all_four_files_say_the_same(made, tmp_path, capsys, settings):
    assert run(tmp_path, made(), *settings) == 0
    assert written(tmp_path) == [name.format("r") for name in FILES]
    summary = json.loads((tmp_path / "out" / "r.summary.json").read_text())
    table = pd.read_csv(tmp_path / "out" / "r.beats.csv", comment="#")
    read = wfdb.rdann(str(tmp_path / "out" / "r"), "pred")
    assert summary["beats"] == len(table) == len(read.sample) == 30
    assert read.symbol == table["class"].tolist()
    assert read.sample.tolist() == table["sample"].tolist()
    assert read.fs == 250
    probability = table[[f"p_{name}" for name in CLASSES]].to_numpy()
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=3e-4)
    assert [CLASSES[k] for k in probability.argmax(axis=1)] == table["class"].tolist()
    assert {"r: 30 beats", DISCLAIMER} <= {
        part for line in capsys.readouterr().out.splitlines() for part in (line, line.split(" (")[0])
    }


def test_every_output_says_that_it_is_no_medical_device(made, tmp_path):
    run(tmp_path, made())
    folder = tmp_path / "out"
    assert (folder / "r.beats.csv").read_text().startswith(f"# {DISCLAIMER}\n")
    assert json.loads((folder / "r.summary.json").read_text())["note"] == DISCLAIMER
    assert wfdb.rdann(str(folder / "r"), "pred").aux_note[0] == DISCLAIMER


def read_mit_annotations(data):
    """Read annotations by the description of the MIT format (annot(5) of WFDB), without wfdb.

    Two bytes each, low one first: the code in the upper 6 bits, the interval to the last one in the lower 10.
    Code 59 has its interval in the next four bytes, high half first; after code 63 come as many bytes of text
    as the lower bits say, padded to an even number; two zero bytes end the file.
    """
    words, at, found, last = np.frombuffer(data, dtype="<u2"), 0, [], 0
    while words[at]:
        code, low = words[at] >> 10, int(words[at] & 1023)
        at += 1
        if code == 59:
            last += int(np.array([words[at + 1], words[at]], dtype="<u2").view("<i4")[0])
            at += 2
        elif code == 63:
            found[-1][2] = data[2 * at : 2 * at + low].decode()
            at += (low + 1) // 2
        elif code >= 60:
            pass  # number, sub-type, channel
        else:
            last += low
            found.append([last, code, ""])
    assert 2 * at + 2 == len(data)
    return found


def test_the_annotation_file_as_its_format_says(made, tmp_path):
    run(tmp_path, made())
    read = read_mit_annotations((tmp_path / "out" / "r.pred").read_bytes())
    table = pd.read_csv(tmp_path / "out" / "r.beats.csv", comment="#")
    codes = {"N": 1, "V": 5, "F": 6, "S": 9, "Q": 13}  # of ecgcodes.h
    beats = [(at, code) for at, code, _ in read if code in codes.values()]
    assert beats == [(at, codes[name]) for at, name in zip(table["sample"], table["class"], strict=True)]
    texts = [text for _, _, text in read if text]
    assert texts == ["## time resolution: 250", DISCLAIMER]


def test_parts_without_signal_stand_in_every_output(tmp_path, capsys):
    signal = np.concatenate([ecg(250)[0], np.full(5000, np.nan), ecg(250)[0]])
    path = tmp_path / "r.csv"
    np.savetxt(path, signal + 0.01 * np.random.default_rng(0).normal(size=20000), header="ecg", comments="")
    assert run(tmp_path, path) == 0
    assert "; 25.0 % lost" in capsys.readouterr().out
    summary = json.loads((tmp_path / "out" / "r.summary.json").read_text())
    assert summary["parts"] == [{"start_s": 30.0, "stop_s": 50.0, "state": "lost"}]
    assert summary["share"] == {"lost": 0.25, "noise": 0.0, "no beats": 0.0}
    assert summary["beats"] == 60
    assert "# 30.0 s to 50.0 s: lost\n" in (tmp_path / "out" / "r.beats.csv").read_text()
    read = wfdb.rdann(str(tmp_path / "out" / "r"), "pred")
    marks = [k for k, symbol in enumerate(read.symbol) if symbol == "~"]
    assert [(read.sample[k], read.subtype[k], read.aux_note[k]) for k in marks] == [
        (7500, -1, "lost"),
        (12500, 0, "end of: lost"),
    ]


@pytest.mark.parametrize(("frequency", "inverted"), [(50, False), (60, True)])
def test_what_was_removed_is_said(made, tmp_path, frequency, inverted):
    hum = 0.2 * np.sin(2 * np.pi * frequency * np.arange(7500) / 250)
    path = made()
    np.savetxt(path, (-1 if inverted else 1) * np.loadtxt(path, skiprows=1) + hum, header="ecg", comments="")
    assert run(tmp_path, path) == 0
    summary = json.loads((tmp_path / "out" / "r.summary.json").read_text())
    assert summary["removed"][f"hum_{frequency}_hz_mv"] == pytest.approx(0.2, abs=0.01)
    assert summary["removed"][f"hum_{110 - frequency}_hz_mv"] < 0.01
    assert summary["inverted"] is inverted


def test_samples_missing_here_and_there_are_said(made, tmp_path):
    path = made()
    signal = np.loadtxt(path, skiprows=1)
    signal[1000:4000:150] = np.nan
    np.savetxt(path, signal, header="ecg", comments="")
    assert run(tmp_path, path) == 0
    summary = json.loads((tmp_path / "out" / "r.summary.json").read_text())
    assert "0.3% of the samples are missing in pieces too short to hide a beat" in summary["notes"]


def test_a_detection_that_is_no_beat_is_counted_and_marked_but_no_beat(made, tmp_path, capsys):
    path = made()
    at = np.arange(7500) / 250
    bump = 0.3 * np.exp(-(((at - 15.0) / 0.025) ** 2))  # between two beats, a quarter as steep
    np.savetxt(path, np.loadtxt(path, skiprows=1) - bump, header="ecg", comments="")
    assert run(tmp_path, path) == 0
    summary = json.loads((tmp_path / "out" / "r.summary.json").read_text())
    assert (summary["beats"], summary["rejected"]) == (30, 1)
    assert not any("faint" in note for note in summary["notes"])
    assert "; 1 detections rejected" in capsys.readouterr().out
    marks = wfdb.rdann(str(tmp_path / "out" / "r"), "pred")
    (artifact,) = marks.sample[np.array(marks.symbol) == "|"]
    assert artifact == pytest.approx(15.0 * 250, abs=10)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nan.csv", "ecg\n" + "\n" * 5000, "100% lost"),
        ("flat.csv", "ecg\n" + "1\n" * 5000, "100% lost"),
        ("short.csv", "ecg\n" + "1\n2\n" * 900, "7.2 s long; the least is 10 s"),
        ("words.csv", "ecg\n" + "1\nlow\n" * 5000, "line 3: 'low' is no number"),
        ("other.csv", "x\n" + "1\n2\n" * 5000, "no column 'ecg'; choose by name or number"),
        ("noise.csv", "noise", "100% noise"),
        ("binary.csv", b"\x00\xff\x93" * 5000, "no text in UTF-8"),
        ("r.edf", b"0       " * 500, "the number of signals in its header is ''"),
        ("r.edf", "ecg\n" + "0.5\n" * 500, "is no EDF or BDF file"),
        ("r.hea", b"\x00\xff" * 500, "sampling rate missing"),
    ],
)
def test_bad_input_is_one_line_and_nothing_written(tmp_path, capsys, name, content, words):
    if content == "noise":
        content = "ecg\n" + "\n".join(f"{x:.3f}" for x in np.random.default_rng(0).normal(size=5000))
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run(tmp_path, tmp_path / name) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"error: {tmp_path / name}")
    assert words in said
    assert written(tmp_path) == []


def test_a_bad_file_does_not_stop_the_rest(made, tmp_path, capsys):
    made("good.csv")
    made("microvolts.csv", 1000)
    (made("empty.csv")).write_text("")
    assert run(tmp_path, tmp_path / "in") == 1
    said = capsys.readouterr()
    assert written(tmp_path) == [name.format("good") for name in FILES]
    assert len(said.err.splitlines()) == 2
    assert "empty.csv: empty file" in said.err
    assert "microvolts.csv: beats are" in said.err
    assert "1 of 3 recordings written" in said.out


@pytest.mark.parametrize("name", ["Übung 心 1.csv", os.fsdecode(b"bad\xff.csv")])
def test_names_of_any_script(made, tmp_path, name):
    assert run(tmp_path, made(name)) == 0
    assert len(written(tmp_path)) == 4


@pytest.fixture
def record(tmp_path):
    """Write a WFDB record with annotations of the given bytes."""

    def make(annotations):
        noise = 0.01 * np.random.default_rng(0).normal(size=7500)
        (200 * (ecg(250)[0] + noise)).round().astype("<i2").tofile(tmp_path / "w.dat")
        (tmp_path / "w.hea").write_text("w 1 250 7500\nw.dat 16 200 12 0 0 0 0 II\n")
        (tmp_path / "w.atr").write_bytes(annotations)
        return tmp_path / "w"

    return make


BEAT = (1 << 10 | 250).to_bytes(2, "little")
"""An annotation N, 250 samples after the last one."""


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        (b"", "w.atr: empty file"),
        (20 * BEAT, "w.atr: empty or cut short"),
        (20 * BEAT + b"\0", "w.atr: empty or cut short"),
        ((22 << 10 | 250).to_bytes(2, "little") + b"\0\0", "w.atr: no beat annotation in it"),
        (40 * BEAT + b"\0\0", "w.atr: annotation at 7500 is out of order or outside the record"),
        (2 * BEAT + b"\0\0", "w: 2 of the beats that --beats names lie in signal, too few"),
    ],
)
def test_bad_annotations_are_one_line(record, tmp_path, capsys, annotations, words):
    assert run(tmp_path, record(annotations), "--beats", "atr") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
    assert written(tmp_path) == []


def test_an_annotator_is_no_path(record, tmp_path, capsys):
    assert run(tmp_path, record(20 * BEAT + b"\0\0"), "--compare", "../w") == 1
    assert "'../w' is no name of annotations" in capsys.readouterr().err


def test_annotations_with_a_rate_of_their_own(record, tmp_path, capsys):
    path = record(encoded([(0, 22, "## time resolution: 1000"), *((1000 * i, 1, "") for i in range(1, 29))]))
    assert run(tmp_path, path, "--beats", "atr") == 0
    assert wfdb.rdann(str(tmp_path / "out" / "w"), "pred").sample.tolist() == [250 * i for i in range(1, 29)]
    rate = float(re.search(r"([\d.]+)/min", capsys.readouterr().out)[1])
    assert rate == pytest.approx(60, abs=3)


def test_an_annotation_of_a_finer_rate_in_the_last_half_sample(record, tmp_path):
    beats = [*((1000 * i, 1, "") for i in range(1, 29)), (29999, 1, "")]
    assert (
        run(tmp_path, record(encoded([(0, 22, "## time resolution: 1000"), *beats])), "--beats", "atr") == 0
    )
    assert wfdb.rdann(str(tmp_path / "out" / "w"), "pred").sample[-1] == 7499


def test_two_beats_at_one_place_are_refused(record, tmp_path, capsys):
    path = record(encoded([(250 * i, 1, "") for i in (1, 2, 3, 3, 4, 5, 6, 7)]))
    assert run(tmp_path, path, "--beats", "atr") == 1
    assert "w: two of the beats that --beats names are at sample 750; leave one" in capsys.readouterr().err


def test_a_note_on_which_wfdb_never_ends(record, tmp_path):
    path = record(encoded([(0, 22, "## timt resolution: 3"), *((250 * i, 1, "") for i in range(1, 29))]))
    assert run(tmp_path, path, "--beats", "atr", "--compare", "atr") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["w", "--fs", "250"], "--fs does not apply to WFDB records; leave it out"),
        (
            ["w", "w.edf", "--column", "x"],
            "--column does not apply to EDF and BDF files and WFDB records; leave it out",
        ),
        (["w", "--decimal", ","], "--decimal does not apply to WFDB records; leave it out"),
        (["w.csv", "--lead", "II", "--fs", "9"], "--lead does not apply to text tables; leave it out"),
    ],
)
def test_options_that_do_not_apply_are_wrong_usage(tmp_path, capsys, words, said):
    assert predict.main(words) == 2
    assert capsys.readouterr().err == f"error: {said}\n"


def test_options_that_apply_to_some_are_said_for_the_others(made, record, tmp_path, capsys):
    assert run(tmp_path, made(), record(b"\0\0")) == 0
    assert capsys.readouterr().err.splitlines() == [
        "note: --column does not apply to WFDB records, and is not used for them",
        "note: --fs does not apply to WFDB records, and is not used for them",
    ]


def test_what_was_done_to_a_recording_is_said(made, tmp_path, capsys):
    path = made()
    path.write_text(path.read_text().replace(".", ","))
    assert run(tmp_path, path) == 0
    note = "commas in column 'ecg' are read as decimal commas"
    assert capsys.readouterr().err == f"note: {path}: {note}\n"
    assert json.loads((tmp_path / "out" / "r.summary.json").read_text())["notes"] == [note]


def test_one_of_each_fault_and_a_good_one(made, tmp_path, capsys):
    """A folder is never stopped or emptied: not by a hang, nor by what takes all memory."""
    folder = made("good.csv").parent
    (folder / "wide.csv").write_text("ecg\n" + ",".join(["1"] * 10**6))
    (folder / "control.csv").write_text("ecg\n1\n\x1b[2Jx\n")
    os.mkfifo(folder / "pipe.csv")
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "folder.edf").mkdir()
    (folder / "spaces.edf").write_bytes(b"0       " * 500)
    (folder / "bomb.hea").write_text("bomb 999999999 360 1000\nbomb.dat 16 200\n")
    (folder / "null.hea").write_text("null 1 360 99999999999999\n~ 0 200\n")
    (folder / "sparse.hea").write_text("sparse 1 360 1000000000000\nsparse.dat 16 200\n")
    with (folder / "sparse.dat").open("wb") as file:
        file.truncate(2 * 10**12)
    assert run(tmp_path, folder, tmp_path / "nowhere", folder / "pipe.csv") == 1
    said = capsys.readouterr()
    assert written(tmp_path) == [name.format("good") for name in FILES]
    assert "1 of 11 recordings written" in said.out
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 10
    assert {line.split("/")[-1].split(".")[0] for line in errors} >= {
        "wide",
        "pipe",
        "loop",
        "spaces",
        "bomb",
    }
    assert "\x1b" not in said.err


def test_limits_are_options(made, tmp_path, capsys):
    assert run(tmp_path, made(), "--max-size", "0.01") == 1
    assert "allow more with --max-size" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        run(tmp_path, made(), "--max-memory", "0")
    assert end.value.code == 2
    assert "--max-memory: invalid positive value: '0'" in capsys.readouterr().err
    assert predict.limits(made(), predict.arguments().parse_args(["r", "--max-seconds", "7"])).seconds > 7


@pytest.mark.parametrize("name", ["100", "100.hea"])
def test_time_to_open_is_granted_by_the_size_of_the_signal(mitdb, name):
    asked = predict.arguments().parse_args(["r"])
    size = (mitdb / "100.dat").stat().st_size
    assert predict.limits(mitdb / name, asked).seconds >= 20 + size / predict.BYTES_A_SECOND


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the memory of data")
def test_too_little_memory_is_said(made, tmp_path, capsys):
    assert run(tmp_path, made(), "--max-memory", "100") == 1
    assert "needs more than 100 MB of memory; allow more with --max-memory" in capsys.readouterr().err
    assert written(tmp_path) == []


@pytest.mark.parametrize("out", ["in/r.csv", "in/r.csv/below"])
def test_an_out_that_is_no_folder(made, tmp_path, capsys, out):
    assert run(tmp_path, made(), "--out", tmp_path / out) == 1
    said = capsys.readouterr().err
    assert said == f"error: {tmp_path}/in/r.csv: nothing written to {tmp_path / out} (Not a directory)\n"


@pytest.mark.parametrize("words", [[], ["--model", "forest", "r"], ["--fs", "x", "r"], ["--jobs", "0", "r"]])
def test_wrong_usage_is_2(words):
    with pytest.raises(SystemExit) as end:
        predict.main(words)
    assert end.value.code == 2


def test_the_files_of_a_record_are_one_recording():
    given = [Path("a/r.hea"), Path("a/r.dat"), Path("a/r"), Path("a/r.edf")]
    found, failures = predict.found(given)
    assert (found, failures) == ([Path("a/r"), Path("a/r.edf")], [])


def test_recordings_of_one_name_do_not_stop_the_rest(made, tmp_path, capsys):
    made("r.csv"), made("other.csv")
    (tmp_path / "in" / "r.edf").write_bytes(b"")
    assert run(tmp_path, tmp_path / "in") == 1
    said = capsys.readouterr()
    errors = [line.split(": ")[1] for line in said.err.splitlines() if line.startswith("error: ")]
    assert errors == [f"{tmp_path}/in/r.csv", f"{tmp_path}/in/r.edf"]
    assert "1 of 3 recordings written" in said.out
    assert written(tmp_path) == [name.format("other") for name in FILES]


@pytest.mark.parametrize(
    ("rate", "asks"), [(29.9, True), (30, False), (220, False), (221, True), (None, False)]
)
def test_an_unlikely_heart_rate_asks_for_the_sampling_rate(rate, asks):
    summary = {
        "recording": "r", "beats": 0, "counts": {}, "burden_percent": {"S": 0, "V": 0},
        "longest_run": {"S": {"beats": 0}, "V": {"beats": 0}},
        "heart_rate": {"median": rate}, "uncertain_percent": 0, "rejected": 0, "share": {"lost": 0.0},
    }  # fmt: skip
    said = recording.summary_line(SimpleNamespace(summary=summary))
    assert ("is the sampling rate right?" in said) == asks
    assert (f"; {rate}/min; " if rate else "; heart rate unknown; ") in said


def test_known_beats_need_not_be_alike(mitdb, tmp_path, capsys):
    assert run(tmp_path, mitdb / "208", "--lead", "V1") == 1
    assert "208: the beats found are not alike" in capsys.readouterr().err
    assert run(tmp_path, mitdb / "208", "--lead", "V1", "--beats", "atr") == 0


def test_missing_networks_are_one_line(made, tmp_path, capsys):
    assert run(tmp_path, made(), "--models", tmp_path / "nowhere") == 1
    assert "nowhere/cnn.onnx: missing" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing(made, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("arrhythmia.inference.outputs._write_picture", full)
    asked = predict.arguments().parse_args(
        ["r", "--column", "ecg", "--fs", "250", "--out", str(tmp_path / "out")]
    )
    outcome = recording.predict_recording(made(), SimpleNamespace(grant=float, done=float), asked=asked)
    assert outcome.failed
    assert outcome.line.endswith(f"nothing written to {tmp_path}/out (No space left on device)")
    assert written(tmp_path) == []


def test_ctrl_c_leaves_nothing(made, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        unfinished_folder(tmp_path / "out", "r").mkdir(parents=True)
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(predict, "limited", interrupt)
    assert run(tmp_path, made()) == 1
    assert capsys.readouterr().err == "interrupted; 0 of 1 recordings done\n"
    assert written(tmp_path) == []


def test_a_killed_process_is_one_line_and_nothing_written(made, tmp_path, capsys, monkeypatch):
    made("a.csv"), made("b.csv")

    limited = predict.limited

    def killed_at_b(function, items, **settings):
        first, (second, _) = items
        yield from limited(function, [first], **settings)
        unfinished_folder(tmp_path / "out", "b").mkdir(parents=True)
        yield second, Ended("its process was killed, perhaps for lack of memory")

    monkeypatch.setattr(predict, "limited", killed_at_b)
    assert run(tmp_path, tmp_path / "in", "--jobs", "2") == 1
    said = capsys.readouterr()
    assert said.err == (
        f"error: {tmp_path}/in/b.csv: its process was killed, perhaps for lack of memory; nothing written\n"
    )
    assert "1 of 2 recordings written" in said.out
    assert written(tmp_path) == [name.format("a") for name in FILES]


@pytest.fixture
def day(tmp_path):
    """Write a record of a day, which takes long."""
    (tmp_path / "in").mkdir(exist_ok=True)
    noise = 0.01 * np.random.default_rng(0).normal(size=7500)
    adu = (200 * (ecg(250)[0] + noise)).round().astype("<i2")
    np.tile(adu, 2880).tofile(tmp_path / "in" / "day.dat")
    (tmp_path / "in" / "day.hea").write_text(f"day 1 250 {2880 * 7500}\nday.dat 16 200 12 0 0 0 0 II\n")


@contextlib.contextmanager
def predicting(tmp_path, *words):
    """Start the command on the folder `in`, in its own processes, and wait until it says that `a` is done."""
    command = [sys.executable, "-m", "arrhythmia", "predict", str(tmp_path / "in")]
    command += ["--column", "ecg", "--fs", "250", "--out", str(tmp_path / "out"), *words]
    with running(command, cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as started:
        while (line := started.stdout.readline()) and not line.startswith("a:"):
            pass
        yield started


def workers_of(started):
    """The processes of recordings: copies of the one that has loaded the libraries."""
    servers = [x for x in children_of(psutil.Process(started.pid)) if "forkserver" in command_line(x)]
    return [process for server in servers for process in children_of(server)]


@pytest.mark.slow
def test_the_rest_is_done_when_the_system_kills_a_process(made, day, tmp_path):
    made("a.csv")
    with predicting(tmp_path, "--jobs", "2") as started:
        while started.poll() is None:  # whatever process takes up the day is killed
            for process in workers_of(started):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.05)
        out, err = started.communicate()
    assert started.returncode == 1
    assert err.splitlines()[-1].startswith(f"error: {tmp_path}/in/day.hea: its process was killed")
    assert "1 of 2 recordings written" in out
    assert written(tmp_path) == [name.format("a") for name in FILES]


@pytest.mark.slow
def test_ctrl_c_ends_all_processes(made, day, tmp_path):
    made("a.csv")
    with predicting(tmp_path, "--jobs", "2") as started:
        workers = workers_of(started)
        assert workers
        os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to all processes
        _, err = started.communicate(timeout=PATIENCE)
        assert all(map(has_ended, workers))
    assert started.returncode == 1
    assert err.splitlines()[-1] == "interrupted; 1 of 2 recordings done"
    assert "Traceback" not in err
    assert written(tmp_path) == [name.format("a") for name in FILES]


def test_compare_needs_annotations(made, tmp_path, capsys):
    assert run(tmp_path, made(), "--compare", "atr") == 1
    assert "missing; --beats and --compare need a WFDB record" in capsys.readouterr().err


def test_annotated_beats_are_all_paired(mitdb, tmp_path, capsys):
    assert run(tmp_path, mitdb / "101", "--beats", "atr", "--compare", "atr") == 0
    gross = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| gross"))
    assert gross.split(" | ")[2:4] == ["100.00", "100.00"]


def test_no_tensorflow():
    code = (
        "import sys, arrhythmia.cli.predict; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_networks_are_small():
    files = [path for path in (ROOT / "models").rglob("*.*") if path.is_file()]
    assert len(files) >= 8
    assert max(path.stat().st_size for path in files) <= 1_000_000


@pytest.mark.slow
def test_several_at_a_time(made, tmp_path):
    made("a.csv"), made("b.csv")
    assert run(tmp_path, tmp_path / "in", "--jobs", "2") == 0
    assert len(written(tmp_path)) == 8


def test_one_recording_on_two_cores_gives_the_bytes_of_one(tmp_path, mitdb):
    """Half an hour: several pieces, several batches."""
    made = []
    for jobs in ("1", "2"):
        folder = tmp_path / jobs
        assert predict.main([str(mitdb / "208"), "--jobs", jobs, "--out", str(folder), "--page"]) == 0
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(made[0]) == 5
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("recordings", "jobs", "threads"), [(1, 4, 4), (1, 64, 4), (2, 4, 2), (3, 4, 1), (5, 4, 1)]
)
def test_cores_that_no_recording_needs_help_the_others(monkeypatch, recordings, jobs, threads):
    seen = []

    def limited(work, items, **settings):
        seen.append(work.keywords["threads"])
        yield from ()

    monkeypatch.setattr(predict, "limited", limited)
    asked = predict.arguments().parse_args(["r", "--jobs", str(jobs)])
    assert list(predict.results([Path(f"r{i}.csv") for i in range(recordings)], asked)) == []
    assert seen == [threads]


def test_the_table_has_a_row_a_recording_and_resume_leaves_what_is_there(made, tmp_path, capsys):
    folder = made("a.csv").parent
    made("b.csv")
    (folder / "c.csv").write_text("ecg\n1\n")
    table = tmp_path / "table.csv"
    assert run(tmp_path, folder, "--table", table) == 1
    rows = pd.read_csv(table)
    assert rows["recording"].tolist() == ["a", "b", "c"]
    assert rows["beats"].tolist()[:2] == [30, 30]
    assert rows["failure"].isna().tolist() == [True, True, False]
    assert rows["failure"][2].startswith(f"{folder / 'c.csv'}: ")

    first = table.read_bytes()
    kept = (tmp_path / "out" / "a.pred").stat().st_mtime_ns
    (tmp_path / "out" / "b.pred").unlink()
    table.unlink()
    capsys.readouterr()
    assert run(tmp_path, folder, "--table", table, "--resume") == 1
    output = capsys.readouterr().out
    assert "out: 1 of 3\n" in output
    assert "1 of 2 recordings written" in output
    assert (tmp_path / "out" / "a.pred").stat().st_mtime_ns == kept
    assert (tmp_path / "out" / "b.pred").exists()
    assert table.read_bytes() == first


def test_a_table_that_cannot_be_written_is_one_line_and_leaves_the_results(made, tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        run(tmp_path, made(), "--table", tmp_path / "in")
    assert len(written(tmp_path)) == 4


def test_resume_writes_the_page_that_is_missing(made, tmp_path):
    recording = made("a.csv")
    assert run(tmp_path, recording) == 0
    assert run(tmp_path, recording, "--resume", "--page") == 0
    assert (tmp_path / "out" / "a.page.html").exists()


def test_a_page_of_an_earlier_prediction_goes(made, tmp_path):
    recording = made("a.csv")
    assert run(tmp_path, recording, "--page") == 0
    assert run(tmp_path, recording, "--model", "rnn") == 0
    assert written(tmp_path) == sorted(name.format("a") for name in FILES)


def test_resume_has_nothing_to_compare(made, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, made(), "--resume", "--compare", "atr")
    assert "leave --resume out" in capsys.readouterr().err
