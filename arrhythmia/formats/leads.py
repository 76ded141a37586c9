"""Which signal of a recording is the ECG, by names and units."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from arrhythmia.errors import DataError

UNITS = {
    **{"mv": 1.0, "uv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6},
    **{"mvolt": 1.0, "mvolts": 1.0, "millivolt": 1.0, "millivolts": 1.0},
    **{"microvolt": 1e-3, "microvolts": 1e-3, "microv": 1e-3, "uvolt": 1e-3, "uvolts": 1e-3},
    **{"volt": 1e3, "volts": 1e3},
}
"""Millivolts in each unit of voltage, by its name in lower case."""

OTHER_QUANTITY = re.compile(
    r"[kh]?Pa|mm ?Hg|cm ?H2O|[kM]?([Oo]hms?|Ω)|[µμun]S|m?g|m/\(?s(ec)?\^?[2²]\)?|deg(/s| ?C)?|dps|°/s|rad/s|"
    r"°[CF]|[µμu]T|bpm|BPM|1/min|[lL]/(min|s)|%|lux|dB"
)
"""Units of what is no voltage."""

PREFERRED = ("MLII", "II", "I", "AVF", "III", "AVL", "AVR")
"""Limb leads, those first that are most like the one that the networks were trained on."""

CHEST = ("V5", "V6", "V4", "V3", "V2", "V1")
"""Chest leads, those first whose complexes are easiest to find."""

ABOUT_IT = (
    r"off|status\d*|flags?|quality|SQI|impedance|peaks|beats|timestamps?|labels?|annotations|class(es)?|HRV"
)
"""Words in the name of what tells something about a signal."""

NO_ECG = re.compile(
    rf"\b(({ABOUT_IT}|EEG|EOG|LOC|ROC|EMG|chin|EDA|GSR|skin|conductance|RESP\w*|breath\w*|flow|"
    r"snor\w*|PLETH\w*|PPG|BVP|puls\w*|[NI]?BP|press(ure)?|ABP|ART|CVP|PAP|ICP|CO2|SPO2|SAO2|PCG|SCG|ICG|BCG|acc|"
    r"accel\w*|gyro\w*|temp(erature)?|batt(ery)?|IBI|RR|events?|marks?|markers?|trigger|rate|bpm|HR)\d*|"
    r"[FCPOTAE][pz]?\d?-[AM]\d)\b",
    re.IGNORECASE,
)
"""Words in the name of a signal that is no ECG, whatever else its name says."""

NO_SIGNAL = re.compile(rf"\b({ABOUT_IT})\b", re.IGNORECASE)
"""Those alone: what is called ECG beside one of them is no signal."""

CALLED_ECG = re.compile("ECG|EKG", re.IGNORECASE)
"""How an ECG is called."""

CALLED = 10
"""Rank of a signal that is called ECG and no more; limb leads come before it."""

VOLTAGE = 30
"""Rank of a voltage of any other name."""


def millivolts(unit: str, where: str) -> float:
    """Return how many mV one unit is.

    Args:
        unit: a name in `UNITS`, or a number of units per mV.
        where: it stands, for the message.

    Raises:
        DataError: it is no unit of voltage.
    """
    if is_voltage(unit):
        return UNITS[unit.strip().casefold()]
    try:
        per_millivolt = float(unit)
    except ValueError:
        per_millivolt = 0.0
    if not 1e-9 < per_millivolt < 1e12:
        raise DataError(f"{where}: unit '{unit}' is no voltage; say what it is with --unit (mV, uV or V)")
    return 1 / per_millivolt


def is_voltage(unit: str) -> bool:
    """Whether a name is that of a unit of voltage."""
    return unit.strip().casefold() in UNITS


def choose_lead(
    names: Sequence[str], units: Sequence[str], lead: str | None, where: Path, usable: Sequence[int] = ()
) -> int:
    """Return the channel of the wanted lead: `lead` if given, else the usable one most like MLII.

    Limb leads come first, then what is called ECG, chest leads, and other voltages in their order.

    Args:
        names: of the channels; may be empty words.
        units: of the channels.
        lead: name, in capitals or not, or number of the channel counted from 0.
        where: the file, for the message.
        usable: channels to choose from where nobody says which; if there is none, all are.

    Raises:
        DataError: there is no such lead, no channel at all, or none that may be an ECG by its name.
    """
    if not names:
        raise DataError(f"{where}: no signal in it")
    known = ", ".join(f"{i} '{name}'" for i, name in enumerate(names))[:300]
    if lead is not None:
        if list(names).count(lead) == 1:
            return list(names).index(lead)
        alike = [i for i, name in enumerate(names) if name.casefold() == lead.casefold()]
        if len(alike) == 1:
            return alike[0]
        if lead.isdecimal() and int(lead) < len(names):
            return int(lead)
        if alike:
            called = f"{len(alike)} leads are called '{lead}'"
            raise DataError(f"{where}: {called}; choose one by its number: {known}")
        raise DataError(f"{where}: no lead '{lead}'; it has {known}")
    ranks = [lead_rank(name, unit) for name, unit in zip(names, units, strict=True)]
    rank, channel = min((ranks[i], i) for i in usable or range(len(names)))
    if rank == math.inf and min(ranks) < VOLTAGE:  # an ECG that cannot be used, as the message will say
        rank, channel = min((rank, i) for i, rank in enumerate(ranks))
    if len(names) == 1 and may_stand_alone(names[0]):
        return 0
    if rank == math.inf:
        raise DataError(f"{where}: no signal is an ECG by its name; choose with --lead one of {known}")
    return channel


def is_other(name: str) -> bool:
    """Whether a signal of that name is no ECG."""
    return any(NO_ECG.search(words) for words in (name.replace("_", " "), apart(name)))


def apart(name: str) -> str:
    """Return the words of a name, such as EcgTimestamp or ECG_R_Peaks, with blanks between them."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " "))


def unit_of(name: str, below: str) -> str:
    """Return the unit of a column: below its name, in brackets after it, or its last word; empty if none.

    V as a last word is no unit: a lead may be called so.
    """
    bracket = re.search(r"[\[(]([^\[\]()]+)[\])]\s*$", name)
    for word in (below.strip("[] "), below.strip("[]() "), bracket[1] if bracket else ""):
        if is_voltage(word) or is_other_quantity(word):
            return word
    last = re.split(r"[\s_/,]+", name.strip())[-1]
    last = last if is_voltage(last) else apart(last).split(" ")[-1]
    return last if is_voltage(last) and last.casefold() not in ("v", "nv") else ""


def is_other_quantity(unit: str, name: str = "") -> bool:
    """Whether a unit is a known one of what is no voltage; never of what is called an ECG."""
    return OTHER_QUANTITY.fullmatch(unit.strip("[] ")) is not None and not CALLED_ECG.search(name)


def may_stand_alone(name: str) -> bool:
    """Whether the only signal of a recording may be an ECG: its name says so, or nothing else."""
    called = CALLED_ECG.search(name) and not NO_SIGNAL.search(apart(name))
    return bool(called) or not is_other(name)


def lead_rank(name: str, unit: str) -> float:
    """Return how good a signal is by its name: the less, the better; infinite for what is no ECG."""
    if is_other(name):
        return math.inf
    called = CALLED_ECG.search(name) is not None
    words = apart(re.sub(r"[\[(][nmuµμ]?V(olts?)?[\])]|_[nmuµμ]V$", "", name, flags=re.IGNORECASE))
    bare = re.sub(r"\b(ECG|EKG|lead)\b|\W", "", words, flags=re.IGNORECASE).upper()
    bare = re.sub(r"^D(?=I{2,3}$)", "", bare)  # as in Spanish and Portuguese
    if bare in PREFERRED:
        return PREFERRED.index(bare)
    if called:
        return CALLED
    if bare in CHEST:
        return 20 + CHEST.index(bare)
    return VOLTAGE if is_voltage(unit) else math.inf
