import argparse
import subprocess
import sys
from multiprocessing import forkserver
from multiprocessing.util import get_temp_dir

import numpy as np
import pytest
import wfdb

from arrhythmia.cli import bucket, predict
from arrhythmia.cli.bucket import S3Path, place
from arrhythmia.errors import DataError
from tests.arrhythmia.ecg.test_detection import ecg
from tests.buckets import KEYS, served

s3fs = pytest.importorskip("s3fs")


@pytest.fixture(scope="module")
def address():
    folder = get_temp_dir()  # asked for once a process: its name may not be as long as that of `tmp_path`
    with served("beats") as address:
        forkserver._forkserver._stop()  # an earlier test's has the environment of then
        yield address
        forkserver._forkserver._stop()
    assert get_temp_dir() == folder


@pytest.fixture
def storage(address, monkeypatch, tmp_path):
    """The storage, empty, as the environment tells where it is; copies would lie in `tmp_path / "tmp"`."""
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    s3fs.S3FileSystem.clear_instance_cache()
    found = bucket.storage()
    for key in found.find("beats"):
        found.rm_file(key)
    yield found
    s3fs.S3FileSystem.clear_instance_cache()
    assert list((tmp_path / "tmp").glob("arrhythmia-*")) == []


@pytest.fixture
def records(tmp_path):
    """A folder with half a minute as a segment, a record of two such, and a record of an odd name."""
    folder = tmp_path / "in"
    folder.mkdir()
    signal = ecg(250)[0][:, None] + 0.01 * np.random.default_rng(0).normal(size=(7500, 1))
    wfdb.wrsamp("a", 250, ["mV"], ["MLII"], signal, fmt=["16"], write_dir=str(folder))
    header = (folder / "a.hea").read_text()
    (folder / "ü b#%41?.hea").write_text(header.replace("a.dat", "d*[1].dat"))
    (folder / "d*[1].dat").write_bytes((folder / "a.dat").read_bytes())
    (folder / "two.hea").write_text("two/2 1 250 15000\na 7500\na 7500\n")
    return folder


def upload(storage, folder, to="in"):
    for path in folder.iterdir():
        storage.pipe_file(f"beats/{to}/{path.name}", path.read_bytes())


def objects(storage, folder):
    found = storage.find(f"beats/{folder}")
    return {key.rpartition("/")[2]: storage.cat_file(key) for key in found}


def run(*words):
    return predict.main(["--jobs", "1", *map(str, words)])


def test_the_same_bytes_as_by_files(records, storage, tmp_path, capsys):
    upload(storage, records)
    table = tmp_path / "table.csv"
    assert run(records, "--out", tmp_path / "out", "--table", table) == 0
    said = capsys.readouterr()
    assert run("s3://beats/in/", "--out", "s3://beats/out", "--table", "s3://beats/table.csv") == 0
    again = capsys.readouterr()
    assert again.out == said.out.replace(str(tmp_path / "out"), "s3://beats/out")
    assert again.err == said.err.replace(str(records), "s3://beats/in")
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(files) == 8, "two records; the segment of one is none of its own"
    assert objects(storage, "out") == files
    assert storage.cat_file("beats/table.csv") == table.read_bytes()


def test_a_recording_of_which_a_part_was_written_is_predicted_again(records, storage, tmp_path, capsys):
    words = ("s3://beats/in/a", "s3://beats/in/two.hea", "--out", "s3://beats/out")
    upload(storage, records)
    assert run(*words) == 0
    whole = objects(storage, "out")
    storage.pipe_file("beats/out/two.pred", b"of another one")
    storage.rm_file("beats/out/two.summary.json")
    storage.pipe_file("beats/out/a.pred", b"is not written again")
    capsys.readouterr()
    assert run(*words, "--resume", "--table", tmp_path / "table.csv") == 0
    assert "results in s3://beats/out: 1 of 2\n" in capsys.readouterr().out
    assert objects(storage, "out") == whole | {"a.pred": b"is not written again"}
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 3


def test_what_could_not_be_written_whole_does_not_count(storage, tmp_path, monkeypatch):
    names = ("r.beats.csv", "r.minute.png", "r.page.html", "r.pred", "r.summary.json")
    for name in names:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_text(name)
        storage.pipe_file(f"beats/out/{name}", b"earlier")
    sent, send = [], storage.put_file

    def one_fails(local, to, **options):
        if len(sent) == 3:
            raise PermissionError("Access Denied")
        sent.append(to)
        send(local, to, **options)

    monkeypatch.setattr(storage, "put_file", one_fails)
    with pytest.raises(DataError, match=r"^s3://beats/out/r.summary.json: not written \(Access Denied\)$"):
        bucket.send(tmp_path / "out", S3Path("s3://beats/out"))
    assert sorted(objects(storage, "out")) == sorted(names[:-1])


def test_a_page_of_an_earlier_prediction_goes(storage, tmp_path):
    (tmp_path / "r.pred").write_text("new")
    (tmp_path / "r.summary.json").write_text("new")
    for name in ("r.page.html", "r.pred", "r.summary.json"):
        storage.pipe_file(f"beats/out/{name}", b"earlier")
    bucket.send(tmp_path, S3Path("s3://beats/out"))
    assert objects(storage, "out") == {"r.pred": b"new", "r.summary.json": b"new"}
    bucket.send(tmp_path, S3Path("s3://beats/out"))  # without a page before
    assert len(objects(storage, "out")) == 2


def test_one_of_each_fault_and_a_good_one(records, storage, tmp_path, capsys):
    upload(storage, records)
    header = (records / "a.hea").read_text()
    for name, content in {
        "gone.hea": header.replace("a.dat", "gone.dat"),
        "large.hea": header.replace("a.dat", "large.dat"),
        "large.dat": "x" * 70_000,
        "path.hea": header.replace("a.dat", "../in/a.dat"),
        "empty.csv": "",
    }.items():
        storage.pipe_file(f"beats/bad/{name}", content.encode())
    storage.call_s3("put_object", Bucket="beats", Key="bad/v?versionId=1.hea", Body=b"")
    words = ("s3://beats/bad", "s3://beats/in/a", "s3://beats/in/b", "s3://other/a")
    assert run(*words, "--max-size", "0.05", "--out", tmp_path / "out") == 1
    output, errors = capsys.readouterr()
    expected = {
        "s3://beats/bad/empty.csv: empty file",
        "s3://beats/bad/gone.dat: missing",
        "s3://beats/bad/large.hea: 0 MB to read, at most 0 MB are taken; allow more with --max-size",
        "s3://beats/bad/v?versionId=1.hea: a name with ?versionId= in it cannot be read",
        "s3://other/a: cannot be read (The specified bucket does not exist)",
    }
    lines = {line.removeprefix("error: ") for line in errors.splitlines()}
    assert expected <= lines
    others = sorted(lines - expected)
    assert [line.split(":")[1] for line in others] == ["//beats/bad/path.hea, line 2", "//beats/in/b.hea"]
    assert "1 of 8 recordings written" in output


def test_what_goes_away_while_it_is_read_is_one_line(records, storage, tmp_path, monkeypatch):
    upload(storage, records)
    asked = predict.arguments().parse_args(["s3://beats/in/a", "--out", str(tmp_path / "out")])
    get = storage.get_file

    def vanishing(key, local, **options):
        if key.endswith(".dat"):
            storage.rm_file(key)
        get(key, local, **options)

    monkeypatch.setattr(storage, "get_file", vanishing)
    outcome = bucket.predict_stored(*asked.recordings, None, int, asked=asked, folder=tmp_path / "copy")
    assert outcome.line.startswith("error: s3://beats/in/a: cannot be read (")
    assert outcome.failed
    assert not outcome.hopeless


def test_a_process_that_is_ended_leaves_no_copy(records, storage, capsys):
    upload(storage, records)
    assert run("s3://beats/in/a", "--max-memory", "1", "--out", "s3://beats/out") == 1
    assert capsys.readouterr().err.startswith("error: s3://beats/in/a: needs more than 1 MB of memory")
    assert objects(storage, "out") == {}  # and the fixture looks for copies


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "Could not connect to the endpoint URL"),
        ("AWS_ACCESS_KEY_ID", None, "Unable to locate credentials"),
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found"),
    ],
)
def test_storage_that_cannot_be_reached_is_one_line(
    storage, records, capsys, monkeypatch, variable, value, said
):
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(DataError) as error:
        run(records, "--out", "s3://beats/out")
    assert str(error.value).startswith(f"s3://beats/out: cannot be read ({said}")
    assert "\n" not in str(error.value)
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(error.value)


def test_a_machine_without_credentials_takes_no_other_recording(storage, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    s3fs.S3FileSystem.clear_instance_cache()
    asked = predict.arguments().parse_args(["s3://beats/in/a", "--out", str(tmp_path / "out")])
    outcome = bucket.predict_stored(*asked.recordings, None, int, asked=asked, folder=tmp_path / "copy")
    assert outcome.hopeless


def test_what_is_missing_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert run("s3://beats/in/a", "--out", tmp_path / "out") == 1
    assert capsys.readouterr().err == "error: s3:// needs s3fs: install arrhythmia[s3]\n"


@pytest.mark.parametrize(
    "text",
    [
        "gs://beats/in",
        "s3://",
        "s3:///in",
        "s3://who:secret@beats/in",
        "s3://b//in",
        "s3://b/../in",
        "s3://b/./in",
    ],
)
def test_addresses_that_are_none(text):
    with pytest.raises(argparse.ArgumentTypeError) as error:
        place(text)
    assert "secret" not in str(error.value)


def test_a_path_of_a_file_may_look_odd(tmp_path):
    assert place("./s3://x") == place("./s3:/x")
    assert place("s3") == place("./s3")


def test_files_alone_load_no_library_of_storage():
    code = (
        "import sys; from arrhythmia.cli import predict; predict.main(['no.hea']);"
        "sys.exit(bool({'fsspec', 's3fs', 'botocore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no.hea: missing" in done.stderr
