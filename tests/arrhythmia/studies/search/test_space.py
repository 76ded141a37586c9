import optuna
import pytest

from arrhythmia.errors import DataError
from arrhythmia.studies.search.space import check_space, short_names, suggest, values_of

SPACE = {
    "train.lr": {"low": 0.001, "high": 0.1, "log": True},
    "cnn.blocks": {"low": 2, "high": 6, "step": 2},
    "cnn.filters": {"choices": [8, 16]},
    "normalize.features": {"choices": {"both": ["pre_rr_local", "qrs_width"], "one": ["qrs_width"]}},
}
CURRENT = {"train.lr": 0.01, "cnn.blocks": 4, "cnn.filters": 16, "normalize.features": ["qrs_width"]}
BY_PROTOCOL = {"cnn.filters.inter_patient": 16}


def test_a_good_space():
    check_space(SPACE, CURRENT, where="plan.yaml")


@pytest.mark.parametrize(
    ("name", "bounds", "said"),
    [
        ("train.lr", 3, "train.lr: give low and high"),
        ("train.lr", {"low": 0.001}, "train.lr: give low and high"),
        ("train.lr", {"low": 0.001, "high": 0.1, "log": True, "step": 1}, "train.lr: give low and high"),
        ("train.lr", {"low": 0.1, "high": 0.001}, "low must be below high"),
        ("train.lr", {"low": 0.05, "high": 0.1}, r"params.yaml has 0.01, outside"),
        ("cnn.filters", {"choices": []}, "choices must be a list or a mapping"),
        ("cnn.filters", {"choices": 16}, "choices must be a list or a mapping"),
        ("cnn.filters", {"choices": [[16], [32]]}, "lists among the choices need short names"),
        ("train.lr", {"low": "a", "high": 1}, "low, high and step must be numbers"),
        ("train.lr", {"low": 0, "high": 1, "log": True}, "train.lr: "),
        ("cnn.blocks", {"low": 2, "high": 6, "step": 0}, "with step all three must be whole numbers"),
        ("cnn.blocks", {"low": 2, "high": 6, "step": 0.1}, "with step all three must be whole numbers"),
        ("cnn.filters.inter_patient", {"choices": [16]}, "cnn.filters and cnn.filters.inter_patient are one"),
        ("cnn.filters", {"choices": [32]}, "params.yaml has 16, outside"),
        ("normalize.features", {"choices": {"none": []}}, "outside"),
        ("segment.fs", {"choices": [125]}, "segment.fs: not to be searched; there is train.lr, "),
    ],
)
def test_a_bad_space_is_named(name, bounds, said):
    with pytest.raises(DataError, match=rf"^plan\.yaml: .*{said}"):
        check_space({**SPACE, name: bounds}, CURRENT | BY_PROTOCOL, where="plan.yaml")


def test_short_names_stand_for_long_values_and_back():
    labels = short_names(SPACE, CURRENT)
    assert labels == {**CURRENT, "normalize.features": "one"}
    assert values_of(labels, SPACE) == CURRENT


def test_what_is_suggested_lies_in_the_space():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    seen = [suggest(study.ask(), SPACE) for _ in range(40)]
    for values in seen:
        check_space(SPACE, values, where="suggested")
    assert {values["cnn.blocks"] for values in seen} == {2, 4, 6}
    assert {tuple(values["normalize.features"]) for values in seen} == {
        ("pre_rr_local", "qrs_width"),
        ("qrs_width",),
    }
    assert sum(values["train.lr"] < 0.01 for values in seen) > 10  # a logarithmic scale


def test_the_present_values_can_be_enqueued():
    study = optuna.create_study()
    study.enqueue_trial(short_names(SPACE, CURRENT))
    assert suggest(study.ask(), SPACE) == CURRENT
