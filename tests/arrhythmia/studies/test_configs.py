import itertools
import re
import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides, get_hydra_sweeps, to_hydra_overrides
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.params import changed, load_params
from arrhythmia.studies import configs
from arrhythmia.studies.baselines import CONFIGS
from arrhythmia.studies.configs import experiment_words, flatten, hydra_value, read_config
from tests.params import write_params

ROOT = Path(__file__).parents[3]
PARAMS = load_params(ROOT / "params.yaml")
TREE = {"train": {"lr": 0.1, "epochs": {"a": 1, "b": 2}}, "protocols": ["x", "y"], "name": ""}

# Dollar signs would be interpolations of OmegaConf; no parameter has one.
text = st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters="$"))
number = st.integers() | st.floats(allow_nan=False)
value = st.none() | st.booleans() | number | text


@given(value | st.lists(value, max_size=4))
def test_dvc_reads_every_value_as_it_was_written(value):
    (override,) = to_hydra_overrides([f"train.lr={hydra_value(value)}"])
    assert override.get_key_element() == "train.lr"
    read = override.value()
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("value", ["[a]", "yes", "null", "1", "a,b", "'", '"', "\\", "a b", "", "{x: 1}"])
def test_a_string_stays_a_string(value):
    assert to_hydra_overrides([f"a={hydra_value(value)}"])[0].value() == value


def test_flatten_names_what_is_nested():
    tree = {"train": {"epochs": {"b": 5}, "lr": 0.2}, "protocols": []}
    assert flatten(tree, TREE, where="f") == {"train.epochs.b": 5, "train.lr": 0.2, "protocols": []}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"trian": {"lr": 1}}, "f: params.yaml has no trian; there is train, protocols, name"),
        ({"train": {"lrr": 1}}, "f: params.yaml has no train.lrr; there is lr, epochs"),
        ({"train": 3}, "f: train is a group with lr, epochs in params.yaml"),
        ({"train": {"epochs": 3}}, "f: train.epochs is a group with a, b in params.yaml"),
        ({"name": {"first": 1}}, "f: name is one value in params.yaml"),
    ],
)
def test_flatten_refuses_what_params_yaml_does_not_have(tree, message):
    with pytest.raises(DataError) as error:
        flatten(tree, TREE, where="f")
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "names no parameter"), ("- a\n", "names no parameter"), ("a: [\n", "no YAML"), (None, "missing")],
)
def test_a_file_that_is_no_config_is_named_in_one_line(tmp_path, content, message):
    path = tmp_path / "o.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError) as error:
        read_config(path, TREE)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "experiments" / "configs").glob("*.yaml")), ids=lambda path: path.stem
)
def test_dvc_gives_params_yaml_the_values_of_every_config(path, tmp_path):
    changes = read_config(path, PARAMS)
    copy = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", copy)
    words = experiment_words(path.stem, changes, [], [])
    apply_overrides(copy, [after for before, after in itertools.pairwise(words) if before == "-S"])
    assert load_params(copy) == changed(PARAMS, changes) != PARAMS
    assert path.read_text().startswith("# ")


def test_every_config_is_a_baseline_or_what_a_search_has_found():
    found = {f"tuned_{path.stem}" for path in (ROOT / "experiments/search").glob("*.yaml")}
    assert {path.stem for path in (ROOT / "experiments" / "configs").iterdir()} == set(CONFIGS) | found


def documented():
    """What a command of a page hands to -S, but for values with an ellipsis for the reader to fill in."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    lines = [line for page in pages for line in page.read_text().replace("\\\n", " ").splitlines()]
    found = [re.findall(r"-S +('[^']*'|[^\s`)]+)", line) for line in lines]
    return sorted({tuple(x.strip("'") for x in words if "=" in x and "…" not in x) for words in found} - {()})


@pytest.mark.parametrize("words", documented(), ids=" ".join)
def test_dvc_takes_every_documented_override(words, tmp_path):
    copy = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", copy)
    for point in get_hydra_sweeps({str(copy): list(words)}):
        apply_overrides(copy, point[str(copy)])
        load_params(copy)
    assert len(documented()) > 10


def test_a_value_for_both_protocols():
    tree = {"train": {"lr": {"intra_patient": 1, "inter_patient": 2}, "f": {"a": 1}}}
    changes = flatten({"train": {"lr": []}}, tree, where="o.yaml")
    assert changes == {"train.lr.intra_patient": [], "train.lr.inter_patient": []}
    assert flatten({"train": {"lr": {"inter_patient": 5}}}, tree, where="o.yaml") == {
        "train.lr.inter_patient": 5
    }
    with pytest.raises(DataError, match=r"train\.f is a group with a"):
        flatten({"train": {"f": 1}}, tree, where="o.yaml")


def test_every_baseline_sets_its_own_model():
    networks = {
        name: read_config(ROOT / paths.config(name), PARAMS).get(f"{model}.network")
        for name, model in CONFIGS.items()
        if model != "forest"
    }
    assert networks == {name: name for name in networks}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_params()
    (tmp_path / "small.yaml").write_text("train:\n  batch_size: 64\nnormalize:\n  template_channel: false\n")
    return tmp_path


def test_print_says_the_command_and_runs_nothing(here, monkeypatch, capsys):
    monkeypatch.setattr(configs, "run_dvc", lambda words: pytest.fail("dvc was run"))
    configs.main(["small.yaml", "--print", "train_cnn", "evaluate@a-b", "--", "--temp", "-f"])
    assert capsys.readouterr().out == (
        "dvc exp run -n small --temp -f -S train.batch_size=64 -S normalize.template_channel=false "
        "train_cnn evaluate@a-b\n"
    )


def test_the_exit_code_is_that_of_dvc(here, monkeypatch):
    ran = []
    monkeypatch.setattr(configs, "run_dvc", lambda words: ran.append(words) or 3)
    with pytest.raises(SystemExit) as end:
        configs.main(["small.yaml"])
    assert end.value.code == 3
    assert ran == [
        ["exp", "run", "-n", "small", "-S", "train.batch_size=64", "-S", "normalize.template_channel=false"]
    ]
