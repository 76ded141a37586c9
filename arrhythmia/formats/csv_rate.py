"""The sampling rate that the lines above a text table tell.

People write it in a hundred ways, and other rates beside it: of filters, other sensors, clocks. Only what
names sampling is taken, or stands alone, or beside the word ECG; anything else is a question (`--fs`).
"""

import re
from collections.abc import Iterator, Sequence

from arrhythmia.formats.csv_head import SEEN_LETTERS

NEAR = 60
"""Letters before a rate that may say whose it is."""

PLAUSIBLE = (50, 20_000)
"""Rates, Hz, that an interval from sample to sample may mean."""

NUMBER = (
    r"(?<![\d.])(?<!\d[,'’])(?:[1-9]\d?(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
    r"(?![.'’]?\d|,\d|[eE][-+]?\d)"
)
"""A number; none with an exponent or other signs between thousands."""

HERTZ = r"(?P<kilo>k)?Hz\b|hert[zs]\w*|hercio\w*|herc\w*|герц\w*|Гц\b|ヘルツ|赫[兹茲]|헤르츠"
"""The unit, also as the Apple Watch spells it out."""

OTHER_UNIT = (
    r"\s*(?:[-\s]?(?:baud|bps|bits?\b(?!\s*[=:]))|[mµμun]?s(?:ec\w*)?\b|min|m?illi|micro|"
    r"samples\s*/\s*\d|/|к|per\b(?! s)|mV|°|%)"
)
"""What does not stand behind a rate in Hz."""

NAME = re.compile(
    r"\bf_?s(?:_[ec][ck]g)?(?=[\s:=,;(\[\"])|\bSR(?=\s?[:=]\s?\d+(?:\.\d+)?\s?(?:k?Hz|\W*$))|"
    r"(?:sampl\w{0,9}|data|acquisition|abtast)\W{0,3}(?:rate|freq\w*)|"
    r"\bsampling(?=\W[^:;]{0,14}\d\s?k?Hz)|samples per second|samples?nelheid|bemonstering\w*|"
    r"näytteenotto\w*|muestreo|campionamento|amostragem|"
    r"chantillonnage|abtastung|pr[óo]bkowani\w*|sampling(?:s?frekvens|s?hastighe[dt])|частота дискретизации|"
    r"サンプル\w*レート|サンプリング(?:周波数|レート)|采样[率频]率?|採樣[率頻]率?|샘플 레이트|샘플링 주파수",
    re.IGNORECASE,
)
"""What the sampling rate is called."""

BEHIND_NAME = re.compile(
    r"\W{0,40}(?:(?:of|is|was|set to)\s)?"
    r"(?:(?:(?P<named>k)?Hz|1/s|samples/s|[EÉ][CK]G|\d+[-\s]?bits?(?!\s*[=:]))\b)?"
    rf"\W{{0,4}}(?P<number>{NUMBER})(?!{OTHER_UNIT})\s?(?:{HERTZ})?",
    re.IGNORECASE,
)
"""A rate behind its name."""

ALONE = re.compile(
    r"\W*(?:(?:rate|frequency|frequenz|fréquence|(?:[EÉ][CK]G\W{1,3})?sampled at)\W{0,4})?"
    rf"(?P<number>{NUMBER})\s?(?:{HERTZ})\W*(?:sampl\w+(?:\s(?:rate|frequency))?\W*)?",
    re.IGNORECASE,
)
"""A line that is a rate and no more, but for what it is a rate of."""

BESIDE = re.compile(rf"\b(?P<number>{NUMBER})\s?(?:{HERTZ}|(?:samples|S)/s(?:ec(?:ond)?)?\b)", re.IGNORECASE)
"""A rate by its unit."""

SPELLED = re.compile(rf"(?P<number>{NUMBER})\s?(?!k?Hz|Гц)(?:{HERTZ})", re.IGNORECASE)
"""A rate by its unit, which is spelled out: the Apple Watch has one."""

ECG = re.compile(r"\b[EÉ][CK]G(?:_?\d+)?\b|\belectrocardio|recorder\b|\bholter\b|samples/s", re.IGNORECASE)
"""Words of a line whose rate is that of the ECG, although sampling is not named."""

OTHER_RATE = re.compile(
    r"passe?\b|paso|passa|doorlaat|filt(er|re|ro)|фильтр|cut\W?off|corner|eckfreq|grenzfreq|corte\b|3\W?dB|"
    r"bessel|butterworth|\bFC\b|f_?max|\b(high|low)\W?(cut|freq\w*\W{0,4}\d)|\b(upp|low)er\W(freq|cut|limit|edge)|"
    r"\bAC\W{0,3}\d|muscle|\b[HL]FF\b|alias|refresh|notch|mains|line freq|netz|\bband\W?(width|breite)|"
    r"\b[LH]PF?\b\W*\d+([.,]\d+)?\s?Hz|\bventric|\batrial|\bpac(ed|ing)|\bbpm\b|"
    r"\d\s*(-|–|~|to|bis|\.\.)\s*\d+(\.\d+)?\s*k?Hz|\bmax\b\W*\d",
    re.IGNORECASE,
)
"""Words of lines that tell another rate: of a filter, of mains, of the heart."""

OTHER_SENSOR = re.compile(
    r"\b(HR|heart|herz\w*|puls\w*|resp\w*|vent(ilat\w*)?|acc\w*|gyro\w*|magnet\w*|IMU|motion|PPG|pleth\w*|SpO2|EEG|"
    r"EMG|EOG|PCG|ICG|SCG|BCG|temp\w*|GSR|EDA|BVP|GPS|(A|NI)?BP|pressure|baro\w*|video|camera|frame|audio|mic\w*|sound|"
    r"tone|stim\w*|timer|timestamp|clock|screen|display|trigger|CO2|force|flow)\b|\b(impedance|max(imum)?)\W*$",
    re.IGNORECASE,
)
"""Words before the rate of something else."""

ORIGINAL = re.compile(r"\b(orig(inal)?|source|raw|native)\W*$", re.IGNORECASE)
"""A word before the rate of what the table was made from."""

REDUCED = re.compile(
    r"(?:(?P<certain>(?<!no )(?<!not )\b(?:(?:down|re|sub)\W?sampl\w{0,9}|decimat\w*)\b"
    r"(?!\W*(?:factor|ratio)?\W*(?:no|none|off|false|disabled|0|1|n/?a)\b))|"
    r"(?P<arrow>->|→)|\bexport\w*|\bactual\b)\W*(?:rate|frequency|to|at|auf|with|bei)?\W*"
    rf"(?:(?P<number>{NUMBER})\s?(?P<kilo>k)?Hz)?",
    re.IGNORECASE,
)
"""Words before the rate of the table, where it has been reduced."""

INTERVAL = re.compile(
    rf"(?:(?:sampl\w{{0,9}}|abtast)\W{{0,3}}(?:interval|period)\w*|^\W*interval)"
    rf"(?:\W{{0,4}}(?P<named>[mµμu]?)s(?:ec)?\b\W{{1,4}}(?P<plain>{NUMBER})"
    rf"|\W{{0,4}}(?P<number>{NUMBER})\W?(?P<unit>[mµμu]?)s(?:ec)?\b)"
    rf"|(?P<each>{NUMBER})\s?(?P<of>[mµμu]|milli|micro)?s(?:ec(?:onds?)?)?\s?(?:/|per )sample",
    re.IGNORECASE,
)
"""How they tell the time from sample to sample."""

SEVERAL = re.compile(
    r"(?<![\d.,])\d+(?:[.,]\d+)?(?:[;\t]\s*\d+(?:[.,]\d+)?)+|(?<![\d.])\d+(?:\.\d+)?(?:,\s*\d+(?:\.\d+)?)+"
)
"""Numbers side by side: of each column one, or a decimal comma and no more."""

NEXT = re.compile(
    rf"(?:\s*k?Hz)?\W{{0,3}}(?:(?:and|und|et|or|y)\b\W*)?(?P<number>{NUMBER})[\])}}\"]?\s*(?:k?Hz\b|\W*$)",
    re.IGNORECASE,
)
"""A second rate right behind one."""


def head_rate(head: Sequence[str]) -> float | None:
    """Return the sampling rate, Hz, that the lines before the table tell; None if none or several."""
    named, told, original, reduced, intervals = set(), set(), set(), set(), set()
    lines = [line[:SEEN_LETTERS] for line in head]
    for above, line in zip(["", *lines], lines, strict=False):
        reduced |= _reduced_rates(line)
        one = SEVERAL.sub(_one, line)
        for rate, before in _named_rates(one):
            (original if ORIGINAL.search(before) else named).add(rate)
        # a line of words alone may name the filter, or the sensor, whose rate stands below it
        of_other = OTHER_RATE.search(above) or OTHER_SENSOR.fullmatch(above.strip(" #:;,\t"))
        if not (of_other and not re.search(r"\d", above)) and (ALONE.fullmatch(one) or not NAME.search(line)):
            told |= _other_rates(one)
        intervals |= set(_intervals(line))
    intervals = {rate for rate in intervals if PLAUSIBLE[0] <= rate <= PLAUSIBLE[1]}
    rates = reduced or named or told or original or intervals
    return rates.pop() if len(rates) == 1 else None


def line_with_rate(head: Sequence[str]) -> str | None:
    """Return the first line before the table that seems to tell a rate or an interval; None if none does."""
    seems = rf"\d\s?k?Hz\b|{NAME.pattern}|sampl\w{{0,9}}\W{{0,3}}(?:interval|period)|/sample"
    return next((line for line in head if re.search(seems, line[:SEEN_LETTERS], re.IGNORECASE)), None)


def _before(line: str, place: int) -> str:
    """Return the words of a line before a place, from the last separator on."""
    return re.split(r'[,;|]\s|[;\t]|[{,]\s*"', line[max(place - NEAR, 0) : place])[-1]


def _reduced_rates(line: str) -> set[float | None]:
    """Return the rates to which a line says that the table was reduced; None where it says no rate."""
    if OTHER_RATE.search(line) or OTHER_SENSOR.search(line):
        return set()
    rates: set[float | None] = set()
    for step in REDUCED.finditer(line):
        rate = _hertz(step["number"], step["kilo"]) if step["number"] else None
        if rate is None and step["certain"]:
            rates.add(None)
        elif rate is not None and rate >= PLAUSIBLE[0] and (not step["arrow"] or NAME.search(line)):
            rates.add(rate)
    return rates


def _named_rates(line: str) -> Iterator[tuple[float | None, str]]:
    """Yield each rate of a line that names sampling, None for several, with the words before its name."""
    for name in NAME.finditer(line):
        told, before = BEHIND_NAME.match(line, name.end()), _before(line, name.start())
        if told is None or OTHER_SENSOR.search(before):
            continue
        kilo = told["named"] or told["kilo"]
        rate, second = _hertz(told["number"], kilo), NEXT.match(line, told.end("number"))
        yield (None if second and _hertz(second["number"], kilo) != rate else rate), before


def _other_rates(line: str) -> set[float | None]:
    """Return the rates of a line that does not name sampling, if it can mean nothing else."""
    if OTHER_RATE.search(line):
        return set()
    if alone := ALONE.fullmatch(line):
        return {_hertz(alone["number"], alone["kilo"])}
    found = (BESIDE if ECG.search(line) else SPELLED).finditer(line)
    return {
        _hertz(told["number"], told["kilo"])
        for told in found
        if not OTHER_SENSOR.search(line[max(told.start() - NEAR, 0) : told.start()])
    }


def _intervals(line: str) -> Iterator[float]:
    """Yield the rate of each interval from sample to sample that a line tells."""
    for told in INTERVAL.finditer(line):
        value = told["number"] or told["plain"] or told["each"]
        prefix = (told["unit"] or told["named"] or told["of"] or "").casefold()
        micro = prefix[:2] not in ("", "m", "mi") or prefix == "micro"
        if interval := _number(value) if micro else _decimal(value):
            yield round((1e6 if micro else 1e3 if prefix else 1) / interval, 6)


def _one(several: re.Match) -> str:
    """Return the number that stands there once for each column; nothing where columns differ."""
    apart = re.search(r"[;\t]", several[0])
    values = re.split(r"[;\t]\s*" if apart else r",\s*", several[0])
    if len(set(values)) == 1:
        return values[0]
    # 0,5 is a number; so is 512,922 hertz, but not the two rates 125,250 behind another comma
    behind, before = several.string[several.end() :], several.string[: several.start()].rstrip()
    fields = before.endswith(",") and not SPELLED.match(f"1{behind}")
    return several[0] if len(values) == 2 and not apart and not fields else ""


def _hertz(value: str, kilo: str | None) -> float:
    return _decimal(value) * 1000 if kilo else _number(value)


def _number(text: str) -> float:
    """Return the number that a text like 1,000 or 0,5 or 250.0 means."""
    thousands = re.fullmatch(r"[1-9]\d?(,\d{3})+(\.\d+)?", text)
    return float(text.replace(",", "")) if thousands else _decimal(text)


def _decimal(text: str) -> float:
    """Return the number that a text with a decimal comma or point means."""
    whole, _, fraction = text.replace(",", ".").partition(".")
    return float(f"{whole or 0}.{fraction.replace('.', '')}")
