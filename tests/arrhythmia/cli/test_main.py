import importlib
import signal
import subprocess
import sys

import pytest

from arrhythmia.cli import main as cli
from arrhythmia.errors import DataError


@pytest.fixture(autouse=True)
def _interrupts():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def ended(*words):
    with pytest.raises(SystemExit) as end:
        cli.main(list(words))
    return end.value.code


def test_help_lists_every_command_in_a_line(capsys):
    assert ended("--help") == 0
    lines = capsys.readouterr().out.splitlines()
    for name, (_, summary) in cli.COMMANDS.items():
        assert any(
            line.split("  ")[1] == name and line.endswith(summary) for line in lines if line[:2] == "  "
        )
    assert max(map(len, lines)) <= 100


def test_nothing_is_wrong_usage(capsys):
    assert ended() == 2
    assert capsys.readouterr().out.startswith("usage: arrhythmia COMMAND")


@pytest.mark.parametrize("words", [["predikt"], ["study"], ["study", "seed"], ["--version"]])
def test_an_unknown_command_is_named(words):
    assert (
        ended(*words) == f"error: there is no command `arrhythmia {' '.join(words)}`; see `arrhythmia --help`"
    )


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_main_and_help_of_its_own_name(name, capsys):
    assert ended(*name.split(), "--help") in (0, None)
    assert capsys.readouterr().out.startswith(f"usage: arrhythmia {name}")


def test_a_command_gets_the_words_after_its_name_and_gives_the_exit_code(monkeypatch):
    module, seen = importlib.import_module("arrhythmia.studies.seeds"), []
    monkeypatch.setattr(module, "main", lambda words: seen.append(words) or 3)
    assert ended("study", "seeds", "--seeds", "1") == 3
    assert seen == [["--seeds", "1"]]


def test_an_error_ends_in_one_line(monkeypatch):
    def fail(words):
        raise DataError("x.csv: no such file")

    monkeypatch.setattr(importlib.import_module("arrhythmia.studies.seeds"), "main", fail)
    assert ended("study", "seeds") == "error: x.csv: no such file"


def test_ctrl_c_ends_in_one_word(monkeypatch):
    def interrupt(words):
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("arrhythmia.studies.seeds"), "main", interrupt)
    assert ended("study", "seeds") == "interrupted"


def test_a_missing_library_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'dvc'", name="dvc.repo")

    monkeypatch.setattr(importlib, "import_module", missing)
    assert ended("tune", "cnn").startswith("error: `arrhythmia tune` needs the package dvc.repo: install")


def test_a_broken_module_of_our_own_keeps_its_traceback(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'arrhythmia.gone'", name="arrhythmia.gone")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["tune"])


def test_help_loads_no_library():
    code = "import sys; from arrhythmia.cli.main import usage; usage(); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
