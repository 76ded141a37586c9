"""Which signal of a recording is the ECG, by names and units."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from arrhythmia.errors import DataError

UNITS = {"mv": 1.0, "uv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6}
"""Millivolts in each unit of voltage, by its name in lower case."""

PREFERRED = ("MLII", "II", "I", "AVF", "III", "AVL", "AVR")
"""Limb leads, those first that are most like the one that the networks were trained on."""

CHEST = ("V5", "V6", "V4", "V3", "V2", "V1")
"""Chest leads, those first whose complexes are easiest to find."""

NO_ECG = re.compile(
    r"\b(EEG|EOG|EMG|EDA|GSR|RESP\w*|PLETH\w*|PPG|BVP|ABP|ART|CVP|PAP|ICP|CO2|SPO2|SAO2|off|status|flags?|events?|marks?|markers?|quality|"
    r"impedance|trigger|rate|bpm|HR|[FCPOTA][pz]?\d?-[AM]\d)\b",
    re.IGNORECASE,
)
"""Words in the name of a signal that is no ECG, whatever else its name says."""

NO_SIGNAL = re.compile(r"\b(off|status|flags?|quality|impedance)\b", re.IGNORECASE)
"""Words in the name of what tells something about a signal."""


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
    rank, channel = min((lead_rank(names[i], units[i]), i) for i in usable or range(len(names)))
    if len(names) == 1 and may_stand_alone(names[0]):
        return 0
    if rank == math.inf:
        raise DataError(f"{where}: no signal is an ECG by its name; choose with --lead one of {known}")
    return channel


def is_other(name: str) -> bool:
    """Whether a signal of that name is no ECG."""
    return NO_ECG.search(name.replace("_", " ")) is not None


def may_stand_alone(name: str) -> bool:
    """Whether the only signal of a recording may be an ECG: its name says so, or nothing else."""
    called = re.search(r"ECG|EKG", name, re.IGNORECASE) and not NO_SIGNAL.search(name.replace("_", " "))
    return bool(called) or not is_other(name)


def lead_rank(name: str, unit: str) -> float:
    """Return how good a signal is by its name: the less, the better; infinite for what is no ECG."""
    if is_other(name):
        return math.inf
    called = re.search(r"ECG|EKG", name, re.IGNORECASE) is not None
    bare = re.sub(r"\b(ECG|EKG|lead)\b|[\W_]", "", name, flags=re.IGNORECASE).upper()
    if bare in PREFERRED:
        return PREFERRED.index(bare)
    if called:
        return 10
    if bare in CHEST:
        return 20 + CHEST.index(bare)
    return 30 if is_voltage(unit) else math.inf
