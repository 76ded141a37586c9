import json
import math
import subprocess
import sys
from datetime import date

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML, YAMLError

from arrhythmia.datasets.synthetic import recordings
from arrhythmia.ecg import windows
from arrhythmia.errors import DataError
from arrhythmia.features import morphology, table
from arrhythmia.params import (
    FEATURES,
    KAGGLE_SAMPLES,
    P_WAVE,
    PROTOCOLS,
    SHORTEST,
    Each,
    Parameters,
    changed,
    checked,
    flattened,
    load_params,
    parse_yaml,
)
from arrhythmia.preprocessing import scaling
from tests.params import COMMITTED, KAGGLE, params

ROOT = COMMITTED.parent
PARAMS = load_params(COMMITTED)
RATE = "a number above 0 to 10"
EACH = dict.fromkeys(PROTOCOLS)
SEED = "use a whole number from 0 to 4000000000"
ALL_FEATURES = ", ".join(FEATURES)
ANY_FEATURES = f"use a list of any of {ALL_FEATURES}, none twice"


def refusal(tree):
    with pytest.raises(DataError) as caught:
        checked(tree, where="params.yaml")
    return str(caught.value)


def names():
    """Every parameter by dotted name; one that differs between protocols by its own name."""
    return [
        f"{group}.{name}" if isinstance(settings, dict) else group
        for group, settings in PARAMS.items()
        for name in (settings if isinstance(settings, dict) else [""])
    ]


def test_the_committed_parameters_are_valid_and_come_back_unchanged():
    dvc_reads = YAML(typ="safe").load(COMMITTED)
    assert json.dumps(PARAMS) == json.dumps(dvc_reads)  # types and order included: they go into files


def test_the_model_has_the_groups_and_parameters_of_params_yaml_in_their_order():
    assert list(Parameters.model_fields) == list(PARAMS)
    for group, settings in PARAMS.items():
        if group != "protocols":
            assert list(Parameters.model_fields[group].annotation.model_fields) == list(settings)


def test_what_the_model_repeats_is_what_the_package_has():
    assert FEATURES == table.FEATURES
    assert PARAMS["forest"]["features"] == list(FEATURES)
    assert KAGGLE_SAMPLES == windows.KAGGLE_LENGTH
    assert morphology.P_WAVE[0] == P_WAVE
    two = changed(PARAMS, {"protocols": ["intra_patient", "inter_patient"]})
    for method in scaling.METHODS:
        checked(changed(two, {"normalize.method": method}), where="p")
    checked(changed(PARAMS, {"synthetic.seconds": recordings.SHORTEST}), where="p")
    assert "60" in refusal(changed(PARAMS, {"synthetic.seconds": recordings.SHORTEST - 1}))


@pytest.mark.slow
@pytest.mark.parametrize("network", SHORTEST)
def test_the_shortest_beats_of_the_networks_of_the_literature(network, keras):
    from arrhythmia.models.literature import CNNS

    CNNS[network](SHORTEST[network], 1)
    with pytest.raises(ValueError):  # noqa: PT011 - Keras's words, or ours
        CNNS[network](SHORTEST[network] - 1, 1)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("synthetic.seed", 1.5, "is 1.5; use a whole number from 0"),
        ("synthetic.seed", -1, "is -1; use a whole number from 0"),
        ("synthetic.seconds", 1e9, "is 1000000000.0; use a number from 60 to 86400 s"),
        ("synthetic.seconds", math.nan, "is nan; use a number from 60 to 86400 s"),
        ("segment.window", "half", "is 'half'; use centred or kaggle"),
        ("segment.fs", 1e6, "is 1000000.0; use a number from 50 to 1000 Hz"),
        ("segment.fs", 0, "is 0; use a number from 50 to 1000 Hz"),
        ("segment.fs", math.inf, "is inf; use a number from 50 to 1000 Hz"),
        ("segment.after", 0, "is 0; use a number above 0 to 10 s"),
        ("segment.after", "0.5 s", "is '0.5 s'; use a number above 0 to 10 s"),
        ("segment.before", None, "is null; use a number from 0 to 10 s"),
        ("segment.rr_before", 1, "is 1; use a whole number from 2 to 1000"),
        ("segment.rr_after", 10_000_000, "is 10000000; use a whole number from 1 to 1000"),
        ("segment.rr_long", 10**30, f"is {10**30}; use a whole number from 1 to 200000"),
        ("split.folds", 2.5, "is 2.5; use a whole number from 2 to 100"),
        ("split.folds", 1, "is 1; use a whole number from 2 to 100"),
        ("split.test_fraction", 1e-9, "is 1e-09; use a number from 0.01 to 0.5"),
        ("split.test_fraction", True, "is true; use a number from 0.01 to 0.5"),
        ("split.seed", -1, f"is -1; {SEED}"),
        ("normalize.method", ["beat"], "is ['beat']; use standard, minmax, beat or record"),
        ("normalize.template_channel", 1, "is 1; use true or false"),
        ("normalize.features", "pre_rr_local", f"is 'pre_rr_local'; {ANY_FEATURES}"),
        (
            "normalize.features.intra_patient",
            ["pre_rr_local", "pre_rr_local"],
            f"is ['pre_rr_local', 'pre_rr_local']; {ANY_FEATURES}",
        ),
        ("normalize.features.inter_patient", ["qt"], f"is ['qt']; {ANY_FEATURES}"),
        ("normalize.features", [["pre_rr_local"]], f"is [['pre_rr_local']]; {ANY_FEATURES}"),
        ("train.lr", 0, "is 0; use a number above 0 to 10"),
        ("train.lr.inter_patient", 1e30, "is 1e+30; use a number above 0 to 10"),
        ("train.schedule", "steps", "is 'steps'; use cosine or constant"),
        ("train.batch_size", 256.0, "is 256.0; use a whole number from 1 to 1000000 beats"),
        ("train.epochs", 10**9, "is 1000000000; use a whole number from 1 to 1000"),
        ("train.epochs.intra_patient", True, "is true; use a whole number from 1 to 1000"),
        ("train.ensemble_size", 0, "is 0; use a whole number from 1 to 100"),
        ("train.template_mixing", -1, "is -1; use a number from 0 to 10"),
        ("train.seed", 2**32, f"is 4294967296; {SEED}"),
        (
            "train.seed",
            EACH,
            "is " + str(dict(sorted(EACH.items()))) + "; " + SEED,
        ),
        ("train.threads", 0, "is 0; use a whole number from 1 to 256"),
        ("train.loggers", ["wandb"], "is ['wandb']; use [dvclive] or [dvclive, wandb]"),
        (
            "train.loggers",
            ["dvclive", "dvclive"],
            "is ['dvclive', 'dvclive']; use [dvclive] or [dvclive, wandb]",
        ),
        ("cnn.network", "vgg", "is 'vgg'; use residual, kachuee or three_layer"),
        *(
            (
                "cnn.filters",
                value,
                f"is {value}; use a whole number from 1 to 4096, or a list of such, one a layer",
            )
            for value in (0, 16.0, [], [16, 0], [16, "24"], [[16]])
        ),
        ("cnn.dropout", 1, "is 1; use a number from 0 to below 1"),
        ("rnn.cell", "rnn", "is 'rnn'; use gru or lstm"),
        ("forest.features", [], f"is []; use a list of some of {ALL_FEATURES}, none twice"),
        ("forest.min_leaf", 10**30, f"is {10**30}; use a whole number from 1 to 1000000000 beats"),
        (
            "forest.trees",
            date(2026, 1, 2),
            "is datetime.date(2026, 1, 2); use a whole number from 1 to 10000",
        ),
        ("evaluate.replicates", 0, "is 0; use a whole number from 1 to 100000"),
        ("download.source", "web", "is 'web'; use physionet, synthetic or kaggle"),
        ("download.kaggle_dir", "a\0b", r"is 'a\x00b'; use a path or ''"),
        (
            "protocols",
            [],
            f"is []; use a list of some of {', '.join(PROTOCOLS)}, none twice",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name, value, said):
    assert refusal(changed(PARAMS, {name: value})) == f"params.yaml: {name} {said}"


@pytest.mark.parametrize("name", names())
def test_a_missing_parameter_is_named(name):
    tree = changed(PARAMS, {})
    group, _, setting = name.rpartition(".")
    del (tree[group] if group else tree)[setting]
    assert refusal(tree).startswith(f"params.yaml: {name} is missing; use ")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (None, f"all of it is null; use a group with {', '.join(PARAMS)}"),
        ([], f"all of it is []; use a group with {', '.join(PARAMS)}"),
        ({**PARAMS, "cnn": None}, f"cnn is null; use a group with {', '.join(PARAMS['cnn'])}"),
        ({**PARAMS, "trian": {}}, f"trian is unknown; use {', '.join(PARAMS)}"),
        ({**PARAMS, "a\nb": {}}, rf"'a\nb' is unknown; use {', '.join(PARAMS)}"),
        (params(train={"speed": 1}), f"train.speed is unknown; use {', '.join(PARAMS['train'])}"),
        (params(train={"lr": {"inter_patient": 1}}), f"train.lr.intra_patient is missing; use {RATE}"),
        (params(train={3: 1}), f"train.3 is unknown; use {', '.join(PARAMS['train'])}"),
        (
            params(train={"lr": {**EACH, "both": 1}}),
            "train.lr.both is unknown; use intra_patient, inter_patient, all_patients",
        ),
    ],
)
def test_names_that_are_not_in_the_model(tree, said):
    assert refusal(tree) == f"params.yaml: {said}"


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            {"segment": {"after": 0.001}},
            "segment.after is 0.001; use 0.008 s, a sample at segment.fs, or more",
        ),
        (
            {"segment": {"before": 5, "after": 10, "fs": 1000}},
            "segment.after is 10; use less: with segment.before, a beat at segment.fs may have 5000 samples",
        ),
        *(
            (
                {"segment": settings},
                "fusion.weight.inter_patient is 0.5; the rhythm network needs P waves, so centred windows "
                "with segment.before from 0.26; add -S fusion.weight=0",
            )
            for settings in ({"window": "kaggle"}, {"before": 0.2})
        ),
        (
            {"segment": {"rr_long": 300}},
            "segment.rr_before, rr_after and rr_long are 41 40 300; the rhythm network, with a weight under "
            "inter_patient, has learnt from 41 40 600; add -S fusion.weight=0",
        ),
        (
            {"normalize": {"method": "standard"}},
            "normalize.method is 'standard', which is fitted, under all_patients to the patients that are "
            "tested too; use beat or record",
        ),
        ({"rhythm": {"beats": 500}}, "rhythm.sequence is 1024; use at most nine tenths of rhythm.beats"),
        (
            {"cnn": {"network": "kachuee"}},
            "cnn.network is 'kachuee'; it needs 129 samples a beat, and segment cuts 100",
        ),
        ({"train": {"ensemble_size": 6}}, "train.ensemble_size.intra_patient is 6; use 1 to 5 (split.folds)"),
        (
            {"cnn": {"filters": [16, 24, 32]}},  # which fits inter_patient, that has two blocks
            "cnn.filters.intra_patient is [16, 24, 32]; use one number for all layers, or a list of 4: of "
            "the first convolution, then of each block (cnn.blocks)",
        ),
        (
            {"rnn": {"patch": 5}},
            "rnn.patch.intra_patient is 5; use an even number beside rnn.stem, or rnn.stem.intra_patient=0",
        ),
        (
            {"download": {"source": "kaggle"}},
            "download.source=kaggle holds Kaggle windows only; add -S segment.window=kaggle",
        ),
        (
            {"download": {"source": "kaggle"}, "segment": {"window": "kaggle"}},
            "download.source=kaggle does not tell patients apart, so inter_patient cannot be run; "
            "add -S 'protocols=[intra_patient]'",
        ),
        *(
            (
                {"download": {"source": "kaggle"}, **KAGGLE, "normalize": KAGGLE["normalize"] | settings},
                "download.source=kaggle does not tell records apart; add -S normalize.method=standard "
                "-S normalize.template_channel=false -S 'normalize.features.intra_patient=[]'",
            )
            for settings in ({"method": "record"}, {"template_channel": True}, {"features": ["pre_rr_local"]})
        ),
    ],
)
def test_values_that_do_not_fit_together(groups, said):
    assert refusal(params(**groups)) == f"params.yaml: {said}"


@pytest.mark.parametrize(
    "groups",
    [
        {"download": {"source": "kaggle"}, **KAGGLE},
        {"protocols": ["inter_patient"], "rnn": {"patch": 5}},
        {"rnn": {"patch": 5, "network": "stacked_lstm"}},
        {"rnn": {"patch": 5, "stem": 0}},
        {
            "segment": {"window": "kaggle", "after": 0.001},
            "cnn": {"network": "kachuee"},
            "fusion": {"weight": 0},
        },
        {"train": {"lr": {**dict.fromkeys(EACH, 0.1), "all_patients": 0.2}}},
        {
            "train": {
                "loggers": ["wandb", "dvclive"],
                "template_mixing": 0,
                "batch_size": dict.fromkeys(EACH, 8),
            }
        },
        {"segment": {"rr_long": 300, "rr_before": 20}, "fusion": {"weight": 0}},
        {"forest": {"min_leaf": 1_000_000, "class_weight_power": 0}},
    ],
)
def test_what_works_is_not_refused(groups):
    tree = params(**groups)
    assert checked(tree, where="p") == tree


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.binary()
    | st.sampled_from([10**30, "a\nb", "pre_rr_local", "kaggle", "true", "1e-3"])
)
values = (
    scalars
    | st.lists(scalars, max_size=3)
    | st.dictionaries(scalars | st.sampled_from(sorted(PROTOCOLS)), scalars)
)


@given(name=st.sampled_from([*flattened(PARAMS), *names(), *PARAMS, "train.lr.more", "more"]), value=values)
def test_any_value_anywhere_is_valid_or_refused_in_one_line(name, value):
    tree = changed(PARAMS, {name: value})
    try:
        valid, said = checked(tree, where="params.yaml"), "params.yaml: valid"
    except DataError as error:
        valid, said = tree, str(error)
    assert valid == tree
    assert said.startswith("params.yaml: ")
    assert said.isprintable()  # so it has no line breaks
    assert len(said) < 500


def test_the_model_cannot_be_changed():
    model = Parameters.model_validate(PARAMS)
    with pytest.raises(ValueError, match="frozen"):
        model.split.folds = 3
    assert isinstance(model.train.lr, Each)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1e-3", 0.001), ("1E5", 1e5), ("1.", 1.0), (".5", 0.5), ("-.inf", -math.inf), ("1_000", 1000)],
        *[("012", 12), ("0o12", 10), ("0x1F", 31), ("-0b101", -5), ("1:30", "1:30"), ("+7", 7)],
        *[("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("True", True)],
        *[("null", None), ("~", None), ("", None), ("'1'", "1"), ("2026-01-02", date(2026, 1, 2))],
    ],
)
def test_values_are_read_as_dvc_reads_them(text, value):
    assert parse_yaml(f"a: {text}") == YAML(typ="safe").load(f"a: {text}") == {"a": value}
    assert type(parse_yaml(text)) is type(value)


@given(st.text("0123456789+-._eExXoObBaAfFnNyYtTrRuUsSlL:~", max_size=8))
def test_any_scalar_is_read_as_dvc_reads_it(text):
    try:
        expected = YAML(typ="safe").load(f"a: {text}")
    except (YAMLError, ValueError, IndexError):
        assume(False)
    assert repr(parse_yaml(f"a: {text}")) == repr(expected)


@pytest.mark.parametrize(
    "path",
    [
        "dvc.yaml",
        "dvc.lock",
        *(f"{folder}/*.yaml" for folder in ("experiments/configs", "experiments/search")),
    ],
)
def test_the_files_of_the_project_are_read_as_dvc_reads_them(path):
    for file in ROOT.glob(path):
        assert parse_yaml(file.read_bytes()) == YAML(typ="safe").load(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "missing"),
        ("a: [", "no YAML: "),
        ("a: !!python/object/apply:os.getcwd []", "no YAML: could not determine a constructor"),
        ("train: {lr: 1}\ntrain: {lr: 2}", "no YAML: 'train' is there twice in "),
        ("a: {b: 1, b: 2}", "no YAML: 'b' is there twice in "),
        ("a: 2026-13-45", "no YAML: month must be in 1..12"),
        (f"a: {'9' * 5000}", "no YAML: Exceeds the limit"),
        (f"a: 0x{'f' * 5000}", "no YAML: Exceeds the limit"),
        ("[" * 5000, "no YAML: "),
        ("a: \ud800", "no YAML: "),
        ("&a {b: *a}", "b is unknown; use protocols, "),
        ("", "all of it is null; use a group with protocols, "),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(content, said, tmp_path):
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_text(content, errors="surrogatepass")
    with pytest.raises(DataError) as caught:
        load_params(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert len(str(caught.value).splitlines()) == 1


def test_a_merged_mapping_may_be_overridden():
    assert parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 3, "y": 2},
    }


def test_what_is_written_is_read_again():
    assert parse_yaml(yaml.safe_dump(PARAMS)) == PARAMS


def test_dotted_names_and_changes():
    tree = {"a": 1, "b": {"c": 2, "d": {"e": [3]}}}
    assert flattened(tree) == {"a": 1, "b.c": 2, "b.d.e": [3]}
    assert changed(tree, {"b.d.e": 4, "a": 0}) == {"a": 0, "b": {"c": 2, "d": {"e": 4}}}
    assert tree["b"]["d"]["e"] == [3]


def test_reading_takes_no_large_library():
    code = (
        "import sys, arrhythmia.params; print({'numpy', 'scipy', 'tensorflow', 'ruamel'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
