"""Every parameter of params.yaml: its type, its bounds, its unit, and how the file is read.

What is read from it is checked here, once and as a whole, before a stage looks at anything else. Bounds are
wide: they refuse what cannot work or would not end, not what is unwise. The reason of each value is in
params.yaml.
"""

import copy
import re
import reprlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictInt,
    StrictStr,
    Tag,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic.types import AllowInfNan, StrictFloat
from pydantic_core import PydanticCustomError

from arrhythmia.errors import DataError, one_line
from arrhythmia.protocols import PROTOCOLS, SOURCES

FEATURES = (
    "pre_rr_local",
    "post_rr_local",
    "pre_post_rr_ratio",
    "pre_rr_ratio",
    "pre_rr_global",
    "rr_irregularity",
    "qrs_width",
    "qrs_correlation",
    "qrs_rmse",
    "qrs_area_ratio",
    "p_wave_correlation",
)
"""Names of `arrhythmia.features.table`, repeated here because that module loads pandas."""

SHORTEST = {"kachuee": 129, "three_layer": 18}
"""Samples a beat that leave something after the poolings of these networks of `models.literature`."""

KAGGLE_SAMPLES = 187
"""Samples of a Kaggle window."""

P_WAVE = 0.26
"""Time before the R peak from which P waves are looked for, s; as in `arrhythmia.features.morphology`."""

RHYTHM_INTERVALS = {"rr_before": 41, "rr_after": 40, "rr_long": 600}
"""RR intervals of which the features of rhythm are made that the rhythm network learns from; as in
`arrhythmia.simulation.patient_set`."""

LONGEST = 5000
"""Samples of a centred window at most: 10 s at 500 Hz, with which the real beats take 2 GB."""


# What a value may be, each with the words for it, which are all that is said where a value is none of it.


def allowed(words: str) -> WrapValidator:
    """Say in place of Pydantic's words what is allowed."""

    def check(value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise PydanticCustomError("allowed", "{words}", {"words": words}) from None

    return WrapValidator(check)


def whole(least: int, most: int | None = None, unit: str = "") -> Any:
    """Return the type of a whole number; 8.0 is none, and neither is true."""
    words = f"a whole number from {least}" + (f" to {most}" if most else "") + (f" {unit}" if unit else "")
    return Annotated[StrictInt, Field(ge=least, le=most), allowed(words)]


def number(least: float, most: float, unit: str = "", *, above: bool = False, below: bool = False) -> Any:
    """Return the type of a number, whole (which it then stays) or not.

    Args:
        least: lower bound.
        most: upper bound.
        unit: of both.
        above: the lower bound itself is not allowed.
        below: the upper bound itself is not allowed.
    """
    words = f"{'a number above' if above else 'a number from'} {least:g} to {'below ' * below}{most:.12g}"
    bounds = {"gt" if above else "ge": least, "lt" if below else "le": most}
    finite = Annotated[StrictFloat, AllowInfNan(False)]
    return Annotated[StrictInt | finite, Field(**bounds), allowed(f"{words} {unit}".rstrip())]


def choice(*values: str) -> Any:
    """Return the type of a text that is one of these."""
    return Annotated[Literal[values], allowed(" or ".join([", ".join(values[:-1]), values[-1]]))]


def some_of(*values: str, least: int = 0) -> Any:
    """Return the type of a list of some of these texts, none of them twice."""
    words = f"a list of {'some' if least else 'any'} of {', '.join(values)}, none twice"
    kind = Annotated[list[Literal[values]], Field(strict=True, min_length=least)]
    return Annotated[kind, AfterValidator(_unique), allowed(words)]


def _unique(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError
    return values


class _Missing:
    """In place of a value that is not there, so that it is refused like a wrong one."""

    def __repr__(self) -> str:
        return "missing"


class Group(BaseModel):
    """Parameters that stand together."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _names(cls, values: Any) -> dict[str, Any]:
        known = ", ".join(cls.model_fields)
        if not isinstance(values, dict):
            raise PydanticCustomError("allowed", "{words}", {"words": f"a group with {known}"})
        for name in values:
            if name not in cls.model_fields:
                raise PydanticCustomError("unknown", "{words}", {"words": known, "name": name})
        needed = [name for name, field in cls.model_fields.items() if field.is_required()]
        return dict.fromkeys(needed, _Missing()) | values


T = TypeVar("T")


class Each(Group, Generic[T]):
    """A value for each protocol."""

    intra_patient: T
    inter_patient: T
    # Also for new patients, so as inter_patient where nothing else is said
    all_patients: T = None


def by_protocol(kind: Any) -> Any:
    """Return the type of one value for all protocols, or a value for each."""
    return Annotated[
        Annotated[kind, Tag("one")] | Annotated[Each[kind], Tag("each")],
        Discriminator(lambda value: "each" if isinstance(value, dict | Each) else "one"),
    ]


Seed = whole(0, 4_000_000_000)
"""NumPy's global generator takes 32 bits; that leaves room for the thousand that a network's number adds."""

ClassWeightPower = number(0, 5)
"""1 balances the classes; beyond it rare ones count more than all others."""

WIDEST = 4096
"""Units or channels of a layer. Above it a network of this kind has far more weights than there are beats."""

Units = whole(1, WIDEST)

Filters = Annotated[
    Units | Annotated[list[Units], Field(strict=True, min_length=1)],
    allowed(f"a whole number from 1 to {WIDEST}, or a list of such, one a layer"),
]


class Download(Group):
    """Where the recordings come from."""

    source: choice(*SOURCES)
    # A path: no system takes one with a NUL, or a longer one
    kaggle_dir: Annotated[StrictStr, Field(pattern=r"^[^\x00]*\z", max_length=4000), allowed("a path or ''")]


class Synthetic(Group):
    """The built-in recordings."""

    # In less than a minute some rare beats might not fit; a day is the longest usual recording
    seconds: number(60, 86_400, "s")
    # No upper bound: NumPy's SeedSequence takes any
    seed: whole(0)


class Segment(Group):
    """How beats are cut out."""

    window: choice("centred", "kaggle")
    # Below 50 Hz no QRS complex is left; above 1000 Hz nothing is in recordings of 360 Hz
    fs: number(50, 1000, "Hz")
    # Windows of a few beats, so that whoever wants the neighbours in it can have them
    before: number(0, 10, "s")
    after: number(0, 10, "s", above=True)
    # The rhythm takes two intervals before the beat and one after it. A thousand, kept for every beat, are a
    # quarter of an hour; for what is slower there is the long run
    rr_before: whole(2, 1000)
    rr_after: whole(1, 1000)
    # More than the beats of a day
    rr_long: whole(1, 200_000)


class Split(Group):
    """Training and test beats, and the folds of training."""

    # Stored in a byte; how many records or beats there are, the stage knows
    folds: whole(2, 100)
    # Below a hundredth the shortest recordings have fewer test beats than classes
    test_fraction: number(0.01, 0.5)
    seed: Seed


class Normalize(Group):
    """What networks take."""

    method: by_protocol(choice("standard", "minmax", "beat", "record"))
    template_channel: by_protocol(Annotated[bool, Field(strict=True), allowed("true or false")])
    features: by_protocol(some_of(*FEATURES))


class Train(Group):
    """How networks are trained."""

    # Adam moves a weight by about this much an update, and weights are about 0.1
    lr: by_protocol(number(0, 10, above=True))
    schedule: by_protocol(choice("cosine", "constant"))
    # A million is more beats than there are
    batch_size: by_protocol(whole(1, 1_000_000, "beats"))
    # Nobody's network on these beats takes more than hundreds
    epochs: by_protocol(whole(1, 1000))
    ensemble_size: by_protocol(whole(1, 100))
    # At 10 nothing is left to see of the beat itself
    template_mixing: by_protocol(number(0, 10))
    class_weight_power: by_protocol(ClassWeightPower)
    seed: Seed
    loggers: Annotated[
        some_of("dvclive", "wandb", least=1),
        AfterValidator(lambda names: names if "dvclive" in names else _refused()),
        allowed("[dvclive] or [dvclive, wandb]"),
    ]
    # More than the cores of a processor only make it slower
    threads: whole(1, 256)


class Cnn(Group):
    """The convolutional network."""

    network: by_protocol(choice("residual", "kachuee", "three_layer"))
    filters: by_protocol(Filters)
    # The longest window is halved to one step by thirteen
    blocks: by_protocol(whole(0, 13))
    # Wider than a beat at 250 Hz it is no longer a convolution
    kernel_size: by_protocol(whole(1, 255, "samples"))
    stride: by_protocol(whole(1, 255, "samples"))
    dense: by_protocol(Units)
    # Keras divides by what is left
    dropout: by_protocol(number(0, 1, below=True))


class Rnn(Group):
    """The recurrent network."""

    network: by_protocol(choice("patches", "stacked_lstm"))
    cell: by_protocol(choice("gru", "lstm"))
    units: by_protocol(Units)
    stem: by_protocol(whole(0, WIDEST))
    # A step that covers more than a second reads no sequence
    patch: by_protocol(whole(1, 1000, "samples"))
    embedding: by_protocol(Units)
    dense: by_protocol(Units)
    dropout: by_protocol(number(0, 1, below=True))


class Rhythm(Group):
    """The rhythm network, and the simulated patients that it learns from."""

    # Seeds of trainings are ten thousand patients apart
    patients: whole(1, 10_000)
    validation_patients: whole(1, 10_000)
    # Fewer than the window of the local RR are no rhythm; a day has 100,000
    beats: whole(100, 200_000)
    filters: Units
    dilations: Annotated[
        list[whole(1, 10_000)],
        Field(strict=True, min_length=1, max_length=30),
        allowed("a list of whole numbers from 1 to 10000, beats"),
    ]
    dropout: number(0, 1, below=True)
    lr: number(0, 10, above=True)
    weight_decay: number(0, 1)
    steps: whole(1, 1_000_000)
    batch_size: whole(1, 10_000)
    sequence: whole(2, 100_000)
    # The seeds of its patients begin at ten thousand times it, and end before those of validation
    seed: whole(0, 200_000)


class Fusion(Group):
    """The CNN or RNN and the rhythm network together."""

    weight: by_protocol(number(0, 1))


class Forest(Group):
    """The random forest."""

    features: some_of(*FEATURES, least=1)
    # Beyond hundreds nothing changes but the time
    trees: whole(1, 10_000)
    # More than all beats: a root alone, the majority class
    min_leaf: whole(1, 1_000_000_000, "beats")
    class_weight_power: ClassWeightPower
    seed: Seed


class Evaluate(Group):
    """Scores on the test beats."""

    # Beyond it no digit of an interval changes, and the counts of all resamples are in memory at once
    replicates: whole(1, 100_000)
    seed: Seed


class Parameters(Group):
    """The whole file."""

    protocols: some_of(*PROTOCOLS, least=1)
    download: Download
    synthetic: Synthetic
    segment: Segment
    split: Split
    normalize: Normalize
    train: Train
    cnn: Cnn
    rnn: Rnn
    rhythm: Rhythm
    fusion: Fusion
    forest: Forest
    evaluate: Evaluate

    @model_validator(mode="after")
    def _fit_together(self) -> "Parameters":
        said = next(misfits(self), None)
        if said:
            raise PydanticCustomError("misfit", "{words}", {"words": said})
        return self


# Rules between parameters. What is of one protocol counts only where that protocol is run.


def misfits(params: Parameters) -> Iterator[str]:
    """Say what does not fit together."""
    yield from _windows(params.segment)
    yield from _sequences(params.rhythm)
    if params.download.source == "kaggle":
        yield from _kaggle_files(params)
    for protocol in params.protocols:
        yield from _lengths(params, protocol)
        yield from _members(params, protocol)
        yield from _layers(params.cnn, protocol)
        yield from _patches(params.rnn, protocol)
        yield from _p_waves(params, protocol)
        yield from _rhythm_intervals(params, protocol)
    if "all_patients" in params.protocols:
        yield from _fits(params.normalize)


def _windows(segment: Segment) -> Iterator[str]:
    if segment.window != "centred":
        return
    if segment.after < 1 / segment.fs:
        yield f"segment.after is {segment.after}; use {1 / segment.fs:g} s, a sample at segment.fs, or more"
    if (segment.before + segment.after) * segment.fs > LONGEST:
        yield (
            f"segment.after is {segment.after}; use less: with segment.before, a beat at segment.fs may have "
            f"{LONGEST} samples"
        )


def _kaggle_files(params: Parameters) -> Iterator[str]:
    if params.segment.window != "kaggle":
        yield "download.source=kaggle holds Kaggle windows only; add -S segment.window=kaggle"
    apart = [name for name in params.protocols if name != "intra_patient"]
    if apart:
        yield (
            f"download.source=kaggle does not tell patients apart, so {apart[0]} cannot be run; "
            "add -S 'protocols=[intra_patient]'"
        )
    method, *others = (chosen(value, "intra_patient") for _, value in params.normalize)
    if method == "record" or any(others):
        yield (
            "download.source=kaggle does not tell records apart; add -S normalize.method=standard "
            "-S normalize.template_channel=false -S 'normalize.features.intra_patient=[]'"
        )


def _lengths(params: Parameters, protocol: str) -> Iterator[str]:
    network, segment = chosen(params.cnn.network, protocol), params.segment
    samples = round(segment.before * segment.fs) + round(segment.after * segment.fs)
    samples = samples if segment.window == "centred" else KAGGLE_SAMPLES
    if samples < SHORTEST.get(network, 0):
        least = SHORTEST[network]
        yield f"cnn.network is '{network}'; it needs {least} samples a beat, and segment cuts {samples}"


def _members(params: Parameters, protocol: str) -> Iterator[str]:
    members, folds = chosen(params.train.ensemble_size, protocol), params.split.folds
    if members > folds:
        yield f"train.ensemble_size.{protocol} is {members}; use 1 to {folds} (split.folds)"


def _layers(cnn: Cnn, protocol: str) -> Iterator[str]:
    filters, layers = chosen(cnn.filters, protocol), chosen(cnn.blocks, protocol) + 1
    if chosen(cnn.network, protocol) == "residual" and isinstance(filters, list) and len(filters) != layers:
        yield (
            f"cnn.filters.{protocol} is {filters}; use one number for all layers, or a list of {layers}: of "
            "the first convolution, then of each block (cnn.blocks)"
        )


def _patches(rnn: Rnn, protocol: str) -> Iterator[str]:
    patch, stem = chosen(rnn.patch, protocol), chosen(rnn.stem, protocol)
    if chosen(rnn.network, protocol) == "patches" and stem and patch % 2:
        yield f"rnn.patch.{protocol} is {patch}; use an even number beside rnn.stem, or rnn.stem.{protocol}=0"


def _sequences(rhythm: Rhythm) -> Iterator[str]:
    if rhythm.sequence > 0.9 * rhythm.beats:
        yield f"rhythm.sequence is {rhythm.sequence}; use at most nine tenths of rhythm.beats"


def _p_waves(params: Parameters, protocol: str) -> Iterator[str]:
    segment, weight = params.segment, chosen(params.fusion.weight, protocol)
    if weight and (segment.window != "centred" or segment.before < P_WAVE):
        yield (
            f"fusion.weight.{protocol} is {weight}; the rhythm network needs P waves, so centred windows "
            f"with segment.before from {P_WAVE}; add -S fusion.weight=0"
        )


def _rhythm_intervals(params: Parameters, protocol: str) -> Iterator[str]:
    intervals = {name: getattr(params.segment, name) for name in RHYTHM_INTERVALS}
    if chosen(params.fusion.weight, protocol) and intervals != RHYTHM_INTERVALS:
        found, learnt = (" ".join(map(str, x.values())) for x in (intervals, RHYTHM_INTERVALS))
        yield (
            f"segment.rr_before, rr_after and rr_long are {found}; the rhythm network, with a weight under "
            f"{protocol}, has learnt from {learnt}; add -S fusion.weight=0"
        )


def _fits(normalize: Normalize) -> Iterator[str]:
    method = chosen(normalize.method, "all_patients")
    if method in ("standard", "minmax"):
        yield (
            f"normalize.method is '{method}', which is fitted, under all_patients to the patients that are "
            "tested too; use beat or record"
        )


def chosen(value: Any, protocol: str) -> Any:
    """Return the value for a protocol of one that may differ between them."""
    if not isinstance(value, Each):
        return value
    own = getattr(value, protocol)
    return value.inter_patient if own is None else own


def _refused() -> None:
    raise ValueError


# Reading and checking.


def load_params(path: str | Path = "params.yaml") -> dict[str, Any]:
    """Read all parameters, in the order of the model.

    Raises:
        DataError: the file is missing or no YAML, or a value is impossible.
    """
    return checked(read_named_yaml(path), where=str(path))


def checked(params: Any, *, where: str) -> dict[str, Any]:
    """Return a tree of parameters if every value is possible; no value is changed.

    Args:
        params: the tree.
        where: the file, for messages.

    Raises:
        DataError: what is wrong first, in one line.
    """
    try:
        return Parameters.model_validate(params).model_dump(exclude_none=True)
    except ValidationError as error:
        raise DataError(f"{where}: {_line(error.errors(include_url=False)[0])}") from None


def _line(error: dict[str, Any]) -> str:
    words, context = error["msg"], error["ctx"]
    if error["type"] == "misfit":
        return words
    place = [part for part in error["loc"] if part not in ("one", "each")]
    if error["type"] == "unknown":
        name = context["name"]
        place.append(name if isinstance(name, str) and re.fullmatch(r"[\w-]{1,60}", name) else shown(name))
        return f"{'.'.join(place)} is unknown; use {words}"
    return f"{'.'.join(place) or 'all of it'} is {shown(error['input'])}; use {words}"


def shown(value: Any) -> str:
    """Return a value as short text on one line, true, false and null as YAML has them."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return " ".join(_SHORT.repr(value).split())


_SHORT = reprlib.Repr()
_SHORT.maxstring, _SHORT.maxlong, _SHORT.maxlist, _SHORT.maxlevel = 60, 40, 12, 3


class Loader(yaml.SafeLoader):
    """Reads YAML 1.2 as DVC does: `1e-3` is a number, `yes` and `on` are texts, 012 is twelve, 0o12 ten.

    PyYAML itself goes by YAML 1.1.
    """

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012 - filled below, as in PyYAML

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Refuse the same key twice."""
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)

    def construct_whole(self, node: yaml.ScalarNode) -> int:
        """Read a whole number: decimal, 0b, 0o or 0x."""
        text = node.value.replace("_", "")
        digits = text.lstrip("+-")
        value = int(text, {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10))
        str(value)  # Python writes no number of more than 4300 digits, nor reads one, but for these bases
        return value


_TAG = "tag:yaml.org,2002:"
_NUMBERS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "float": (
        r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
        r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    "int": (r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", "-+0123456789"),
}
for _name, (_pattern, _first) in _NUMBERS.items():
    Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{_pattern})$"), list(_first))
for _letter, _rules in yaml.SafeLoader.yaml_implicit_resolvers.items():
    for _tag, _pattern in _rules:
        if _tag.removeprefix(_TAG) not in _NUMBERS:
            Loader.add_implicit_resolver(_tag, _pattern, [_letter])
Loader.add_constructor(f"{_TAG}int", Loader.construct_whole)


def parse_yaml(text: str | bytes) -> Any:
    """Read YAML as DVC does."""
    return yaml.load(text, Loader)


def read_yaml(path: str | Path) -> Any:
    """Read a file of YAML as DVC does."""
    return parse_yaml(Path(path).read_bytes())


def read_named_yaml(path: str | Path) -> Any:
    """Read a YAML file that somebody wrote.

    Raises:
        DataError: it is missing or no YAML.
    """
    try:
        return read_yaml(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: missing") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # such as a date of a 13th month
        raise DataError(f"{path}: no YAML: {one_line(error)}") from error


# Trees of parameters.


def flattened(params: dict[str, Any], *, above: str = "") -> dict[str, Any]:
    """Return the values of a tree by dotted name, such as `train.lr`."""
    values = {}
    for key, value in params.items():
        name = f"{above}{key}"
        values |= flattened(value, above=f"{name}.") if isinstance(value, dict) else {name: value}
    return values


def changed(params: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the tree `params` with new values at dotted names."""
    params = copy.deepcopy(params)
    for name, value in changes.items():
        *groups, last = name.split(".")
        group = params
        for key in groups:
            group = group[key]
        group[last] = value
    return params
