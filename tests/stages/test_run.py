import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arrhythmia.errors import DataError
from arrhythmia.params import read_yaml
from stages.run import run

ROOT = Path(__file__).parents[2]
STAGES = read_yaml(ROOT / "dvc.yaml")["stages"]


def test_arguments_reach_main(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/split.py", "inter_patient", "cnn"])
    seen = []
    run(lambda protocol, network: seen.append((protocol, network)))
    assert seen == [("inter_patient", "cnn")]


@pytest.mark.parametrize(
    ("words", "said"), [(["both"], "protocol 'both'"), (["inter_patient", "x"], "network 'x'")]
)
def test_an_unknown_protocol_or_model_is_named(words, said, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/evaluate.py", *words])
    with pytest.raises(SystemExit, match=f"error: unknown {said}; use "):
        run((lambda protocol: None) if len(words) == 1 else (lambda protocol, network: None))


def test_data_error_ends_in_one_line_and_exit_code_1(monkeypatch):
    def main():
        raise DataError("data/raw/100.atr: missing; run `dvc repro`")

    monkeypatch.setattr(sys, "argv", ["stages/segment.py"])
    with pytest.raises(SystemExit) as caught:
        run(main)
    # A text as exit code is printed to stderr, and the process ends with 1.
    assert caught.value.code == "error: data/raw/100.atr: missing; run `dvc repro`"


def test_other_errors_keep_their_traceback(monkeypatch):
    def main():
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["stages/segment.py"])
    with pytest.raises(ZeroDivisionError):
        run(main)


def test_a_wrong_number_of_arguments_gives_the_usage(monkeypatch):
    monkeypatch.setattr("sys.argv", ["stages/split.py"])
    with pytest.raises(SystemExit, match=r"^usage: python -m stages\.split PROTOCOL$"):
        run(lambda protocol: None)


def test_a_missing_file_is_named(monkeypatch):
    def main():
        Path("metrics/none.json").read_text()

    monkeypatch.setattr("sys.argv", ["stages/report.py"])
    with pytest.raises(SystemExit, match=r"^error: metrics/none\.json: missing; run `dvc repro`$"):
        run(main)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("import stages", ""),
        (
            "import stages; from arrhythmia import command_line; command_line.listen_for_interrupts()",
            "KeyboardInterrupt",
        ),
    ],
)
def test_ctrl_c_says_nothing_while_a_command_is_loaded(lines, said):
    script = f"import os, signal, sys; sys.argv[0] = '-m'; {lines}; os.kill(os.getpid(), signal.SIGINT)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines()[-1:] == ([said] if said else [])


def test_a_stage_says_what_comes_and_how_long_it_took(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["stages/train_rhythm.py"])
    run(lambda: print("main"))
    *said, took = capsys.readouterr().out.splitlines()
    assert said == [STAGES["train_rhythm"]["desc"], "main"]
    assert re.fullmatch(r"train_rhythm: took \d+ s", took)


def test_progress_reaches_a_pipe_while_the_stage_runs():
    script = """
import sys, time
from arrhythmia.utils import progress
from stages.run import run

progress.FIRST = 0
sys.argv = ["stages/segment.py"]
run(lambda: list(map(time.sleep, progress.tracked([0, 0, 600], "cutting", "records"))))
"""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=buffered, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == STAGES["segment"]["desc"] + "\n"
            assert process.stdout.readline().startswith("cutting: 2 of 3 records  about ")
        finally:
            process.kill()
