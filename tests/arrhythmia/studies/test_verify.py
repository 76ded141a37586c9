import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml

from arrhythmia.errors import DataError
from arrhythmia.params import read_yaml
from arrhythmia.studies import verify
from arrhythmia.studies.programs import git
from arrhythmia.studies.verify import (
    changed_files,
    differing,
    not_verified,
    of_no_output,
    run_environment,
    verdict,
    versions,
)
from tests.processes import has_ended, running, wait_until

ROOT = Path(__file__).parents[3]
COMMIT = "abc1234" + 33 * "0"
MAKE = """\
import os, sys, time
from pathlib import Path

os.makedirs("plots", exist_ok=True)
match sys.argv[1]:
    case "constant":
        Path("constant.txt").write_text("always the same")
    case "clock":
        Path("clock.bin").write_text(str(time.time_ns()))
    case "folder":
        Path("plots/same.txt").write_text("always the same")
        Path("plots/clock.txt").write_text(str(time.time_ns()))
    case "sleep":
        print("stage", os.getpid(), flush=True)
        time.sleep(900)
"""
STAGES = {
    "constant": {"outs": [{"constant.txt": {"cache": False}}]},
    "clock": {"outs": ["clock.bin"]},
    "folder": {"outs": [{"plots": {"cache": False}}]},
}


def lock(**outs):
    """A lock file of one stage an output."""
    return {
        "schema": "2.0",
        "stages": {
            f"make_{path}": {"cmd": "x", "outs": [{"path": path, "md5": md5}]} for path, md5 in outs.items()
        },
    }


def test_equal_outputs():
    assert differing(lock(a="1", b="2.dir"), lock(b="2.dir", a="1"), []) == (2, [])


def test_a_stage_without_outputs_counts_for_nothing():
    bare = lock(a="1")
    bare["stages"]["check"] = {"cmd": "true"}
    assert differing(bare, bare, []) == (1, [])
    assert differing({"schema": "2.0"}, {"schema": "2.0"}, []) == (0, [])


def test_a_differing_file_and_a_differing_folder():
    assert differing(lock(b="1", a="2.dir", c="3"), lock(b="0", a="0.dir", c="3"), []) == (3, ["a", "b"])


def test_an_output_of_one_side_differs():
    assert differing(lock(a="1", b="2"), lock(a="1"), []) == (2, ["b"])
    assert differing(lock(a="1"), lock(a="1", c="2"), []) == (2, ["c"])


def test_an_output_that_was_committed_otherwise_than_its_lock_says_differs():
    same = lock(a="1", plots="2.dir", b="3")
    assert differing(same, same, ["b", "plots/x.txt", "plots_of_others/x.txt", "z"]) == (3, ["b", "plots"])


def test_the_good_verdict_is_one_line():
    assert verdict(106, 0, [], COMMIT, "AMD EPYC, x86_64; Python 3") == (
        "106 of 106 tracked outputs have the committed bytes (commit abc1234; AMD EPYC, x86_64; Python 3)"
    )


def test_a_changed_file_of_no_output_is_named():
    lock = {"stages": {"s": {"outs": [{"path": "plots", "md5": "1"}]}}}
    assert of_no_output(lock, ["dvc.lock", "plots/a.png", "docs/kaggle.md"]) == ["docs/kaggle.md"]
    assert verdict(1, 0, ["docs/kaggle.md"], COMMIT, "here").startswith("0 of 1 tracked outputs differ")


def test_the_bad_verdict_names_each_file_and_where_to_read_on():
    first, *names, last = verdict(
        106, 2, ["a", "plots/x", "plots/y"], COMMIT, "AMD EPYC; Python 3"
    ).splitlines()
    assert first == "2 of 106 tracked outputs differ from commit abc1234 (AMD EPYC; Python 3):"
    assert names == ["a", "plots/x", "plots/y"]
    assert last.endswith(": docs/reproducibility.md")


def test_what_is_not_committed_is_named_in_one_line():
    assert not_verified(["params.yaml"]) == "note: params.yaml: not committed, so not verified"
    assert not_verified(["a", "b", "c"]) == "note: a and 2 more: not committed, so not verified"


def test_versions_are_found_without_loading_a_library():
    code = (
        "import sys; from arrhythmia.studies.verify import versions; "
        "print(versions()); 'keras' in sys.modules and 1 / 0"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    number = r"\d+\.\d+\.\d+"
    assert re.fullmatch(
        f"Python {number}, NumPy {number}, TensorFlow {number}, Keras {number}\n", done.stdout
    )
    assert done.stdout == versions() + "\n"


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    """A folder with the recordings, which is data/raw of the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MITDB_MIRROR", raising=False)
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "100.hea").touch()
    return raw


def test_the_recordings_that_are_here_are_not_fetched_again(recordings):
    assert run_environment(Path("copy"))["MITDB_MIRROR"] == str(recordings)
    (recordings / "100.hea").unlink()
    assert "MITDB_MIRROR" not in run_environment(Path("copy"))


@pytest.mark.parametrize("mirror", ["https://example.org/mitdb/", "/no/such/folder"])
def test_another_mirror_comes_first(recordings, monkeypatch, mirror):
    monkeypatch.setenv("MITDB_MIRROR", mirror)
    assert run_environment(Path("copy"))["MITDB_MIRROR"] == mirror


def test_a_relative_mirror_is_that_of_this_folder(recordings, monkeypatch):
    (recordings.parent / "mitdb").mkdir()
    monkeypatch.setenv("MITDB_MIRROR", "data/mitdb")
    assert run_environment(Path("copy"))["MITDB_MIRROR"] == str(recordings.parent / "mitdb")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A git and DVC repository with the results of its three stages committed."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        prepare(patch, folder)
        git("init", "--quiet")
        dvc("init", "--quiet")
        dvc("config", "core.analytics", "false")
        dvc("config", "core.check_update", "false")
        (folder / "make.py").write_text(MAKE)
        write_stages(folder, STAGES)
        dvc("repro", "--quiet")
        commit("results")
    return folder


@pytest.fixture
def project(built, tmp_path, monkeypatch):
    """A copy of it, which is the current folder."""
    folder = tmp_path / "project"
    shutil.copytree(built, folder, symlinks=True)
    prepare(monkeypatch, folder)
    monkeypatch.setattr(verify, "processor", lambda: "AMD EPYC, x86_64")
    return folder


def prepare(patch, folder):
    patch.chdir(folder)
    patch.setenv("DVC_NO_ANALYTICS", "1")
    patch.setenv("DVC_SITE_CACHE_DIR", str(folder / ".dvc" / "tmp" / "site"))
    for key in ("GIT_AUTHOR", "GIT_COMMITTER"):
        patch.setenv(f"{key}_NAME", "test")
        patch.setenv(f"{key}_EMAIL", "test@localhost")


def dvc(*words):
    subprocess.run([sys.executable, "-m", "dvc", *words], check=True)


def commit(message):
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


def write_stages(folder, stages):
    """Write dvc.yaml, and leave the results of these stages only in dvc.lock."""
    stages = {name: {"cmd": f"python make.py {name}", **stage} for name, stage in stages.items()}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    path = folder / "dvc.lock"
    if path.exists():
        locked = read_yaml(path)
        locked["stages"] = {name: stage for name, stage in locked["stages"].items() if name in stages}
        path.write_text(yaml.safe_dump(locked))


def only(folder, stages):
    write_stages(folder, stages)
    commit("fewer stages")


def left_behind(folder):
    return list((folder / ".dvc" / "tmp").glob("verify-*"))


def test_files_that_differ_are_named_and_nothing_changes_here(project, capfd):
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*") if ".git" not in path.parts}
    with pytest.raises(SystemExit) as end:
        verify.main([])
    said = capfd.readouterr()
    assert end.value.code == 1
    *_, first, clock, plots, _ = said.out.splitlines()
    short = git("rev-parse", "HEAD")[:7]
    assert first == f"2 of 3 tracked outputs differ from commit {short} (AMD EPYC, x86_64; {versions()}):"
    assert (clock, plots) == ("clock.bin", "plots/clock.txt")
    assert "Running stage 'constant'" in said.out
    assert "note:" not in said.err
    after = {path: path.stat().st_mtime_ns for path in project.rglob("*") if ".git" not in path.parts}
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} <= {
        project / ".dvc" / "tmp"
    }


def test_the_committed_bytes_are_confirmed_whatever_is_not_committed(project, capfd):
    only(project, {"constant": STAGES["constant"]})
    (project / "make.py").write_text("raise SystemExit('not committed')")
    (project / "new.py").touch()
    git("checkout", "--quiet", "--detach")
    verify.main([])
    said = capfd.readouterr()
    assert said.err.startswith("note: make.py and 1 more: not committed, so not verified\n")
    short = git("rev-parse", "HEAD")[:7]
    assert said.out.splitlines()[-1] == (
        f"1 of 1 tracked outputs have the committed bytes (commit {short}; AMD EPYC, x86_64; {versions()})"
    )
    assert left_behind(project) == []


def test_a_file_that_was_edited_after_the_run_is_not_confirmed(project, capfd):
    (project / "constant.txt").write_text("edited")
    only(project, {"constant": STAGES["constant"]})
    with pytest.raises(SystemExit):
        verify.main([])
    first, name, _ = capfd.readouterr().out.splitlines()[-3:]
    assert first.startswith("1 of 1 tracked outputs differ from commit ")
    assert name == "constant.txt"


def test_a_cache_of_the_whole_machine_is_not_touched(project, monkeypatch, tmp_path, capfd):
    settings, cache = tmp_path / "settings", tmp_path / "cache"
    settings.mkdir()
    (settings / "config").write_text(f"[cache]\n    dir = {cache}\n    type = symlink\n")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(settings))
    with pytest.raises(SystemExit):
        verify.main([])
    assert "2 of 3 tracked outputs differ" in capfd.readouterr().out
    assert not cache.exists()


def test_a_failing_stage_is_an_error(project):
    only(project, {"constant": {**STAGES["constant"], "cmd": "false"}})
    with pytest.raises(DataError, match=r"^the run of commit [0-9a-f]{7} failed; the lines above say why$"):
        verify.main([])
    assert left_behind(project) == []


def test_a_commit_without_results_is_an_error(project):
    git("rm", "--quiet", "dvc.lock")
    commit("no results")
    with pytest.raises(DataError, match=r"^git show: .*'dvc\.lock' does not exist"):
        verify.main([])
    assert left_behind(project) == []


def test_no_repository_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(DataError, match="not a git repository"):
        verify.main([])
    git("init", "--quiet")
    with pytest.raises(DataError, match=r"^git rev-parse: "):
        verify.main([])
    assert list(tmp_path.iterdir()) == [tmp_path / ".git"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_neither_copy_nor_process(project, number):
    only(project, {"sleep": {}})
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with running([sys.executable, "-m", "arrhythmia", "verify"], env=environment) as command:
        pid = next(int(line.split()[1]) for line in command.stdout if line.startswith("stage "))
        stage = psutil.Process(pid)
        assert len(left_behind(project)) == 1
        command.send_signal(number)
        _, said = command.communicate()
    assert command.returncode == 1
    assert said.splitlines()[-1] == "interrupted"
    assert left_behind(project) == []
    wait_until(lambda: has_ended(stage), "the stage runs on")


def test_changed_files_are_named_as_they_are(project):
    assert changed_files(project) == []
    (project / "plots" / "same.txt").unlink()
    (project / "plots" / "Größe 1.txt").touch()
    assert changed_files(project) == ["plots/same.txt", "plots/Größe 1.txt"]


def test_help_reads_well(capsys):
    with pytest.raises(SystemExit) as end:
        verify.main(["--help"])
    assert end.value.code == 0
    assert verify.__doc__.strip() in capsys.readouterr().out
