import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arrhythmia.errors import DataError
from stages.run import changed, check_kinds, flattened, load_params, of_protocol, run

ROOT = Path(__file__).parents[2]


def test_parameters_are_read_as_dvc_reads_them(tmp_path, monkeypatch):
    """PyYAML would take 1e-3 for a string and `on` for True."""
    (tmp_path / "params.yaml").write_text(
        "train:\n  lr: 1e-3\n  schedule: on\n  epochs: 3\nfeatures: [1, 2.5]\n"
    )
    monkeypatch.chdir(tmp_path)
    assert load_params() == {"train": {"lr": 0.001, "schedule": "on", "epochs": 3}, "features": [1, 2.5]}


def test_parameters_cannot_make_objects(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("train: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(Exception, match="could not determine a constructor"):
        load_params(path)


def test_arguments_reach_main(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/split.py", "inter_patient", "cnn"])
    seen = []
    run(lambda protocol, name: seen.append((protocol, name)))
    assert seen == [("inter_patient", "cnn")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train: {lr: fast}", "train.lr is 'fast'; it must be a number"),
        (
            "train: {epochs: {intra_patient: 1, inter_patient: true}}",
            "train.epochs.inter_patient is True; it must be a number",
        ),
        ("train: {seed: }", "train.seed is None; it must be a number"),
        ("protocols: inter_patient", "protocols is 'inter_patient'; it must be a list"),
        ("normalize: {reference_beat: 1}", "normalize.reference_beat is 1; it must be true or false"),
        ("cnn: {network: 3}", "cnn.network is 3; it must be a text"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(text, said, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_params(path)
    assert str(caught.value) == f"{path}: {said}"


def test_the_projects_own_parameters_are_of_the_right_kind():
    assert load_params(Path(__file__).parents[2] / "params.yaml")["protocols"]


@pytest.mark.parametrize(
    ("words", "said"), [(["both"], "protocol 'both'"), (["inter_patient", "x"], "name 'x'")]
)
def test_an_unknown_protocol_or_model_is_named(words, said, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/evaluate.py", *words])
    with pytest.raises(SystemExit, match=f"error: unknown {said}; use "):
        run((lambda protocol: None) if len(words) == 1 else (lambda protocol, name: None))


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


def test_of_protocol():
    knobs = {"lr": 0.1, "epochs": {"intra_patient": 3, "inter_patient": 2}}
    assert of_protocol(knobs, "inter_patient") == {"lr": 0.1, "epochs": 2}


def test_what_differs_between_protocols_is_of_the_kind_of_its_name():
    names = {"intra_patient": ["early"], "inter_patient": []}
    check_kinds({"normalize": {"features": names}}, where="p")
    with pytest.raises(DataError, match=r"^p: normalize\.features\.inter_patient is 3; it must be a list$"):
        check_kinds({"normalize": {"features": {**names, "inter_patient": 3}}}, where="p")


def test_dotted_names_and_changes():
    tree = {"a": 1, "b": {"c": 2, "d": {"e": [3]}}}
    assert flattened(tree) == {"a": 1, "b.c": 2, "b.d.e": [3]}
    assert changed(tree, {"b.d.e": 4, "a": 0}) == {"a": 0, "b": {"c": 2, "d": {"e": 4}}}
    assert tree["b"]["d"]["e"] == [3]


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"train": {"lr": {"inter_patient": 1}}}, "train.lr must have intra_patient and inter_patient"),
        ({"train": {"seed": {"intra_patient": 1, "inter_patient": 2}}}, "train.seed must be one value"),
    ],
)
def test_values_by_protocol_are_of_both_and_not_for_everything(tree, said):
    with pytest.raises(DataError, match=f"^p: {said}$"):
        check_kinds(tree, where="p")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("import stages", ""),
        ("import stages, stages.run; stages.run.listen_for_interrupts()", "KeyboardInterrupt"),
    ],
)
def test_ctrl_c_says_nothing_while_a_command_is_loaded(lines, said):
    script = f"import os, signal, sys; sys.argv[0] = '-m'; {lines}; os.kill(os.getpid(), signal.SIGINT)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines()[-1:] == ([said] if said else [])
