"""Times beside the samples of a text table: whether they fit the sampling rate, and where they leave gaps."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.dates import DAY

TIME_WORDS = re.compile(
    r"\b(elapsed|time|times|datetime|timestamp|timestamps|zeit|zeitstempel|uhrzeit|temps|horodatage|heure|tiempo|hora|"
    r"tempo|ora|tijd|tid|aika|czas|cas|čas|время|zaman|时间|時間|时间戳)(?![a-z])",
    re.IGNORECASE,
)
"""Words that a column of times has in its name, in several languages."""

SHORT_NAMES = ("t", "ts", "sec", "secs", "seconds", "s", "ms", "us", "ns")
"""Whole names of such a column."""

UNITS = (1.0, 1e-3, 1e-6, 1e-9, 60.0, 3600.0, 86400.0)
"""Seconds in each unit that a column of times may have."""

TOLERANCE = 0.02
"""Relative deviation of the mean step from the sampling rate that is taken for the same rate."""

REGULAR = 0.95
"""Share of the steps near one sample from which on times tell each sample's place; packets tell less."""

LONGEST_GAP = DAY
"""Longest gap that is filled with lost samples, s."""

WRAPS = (16, 32)
"""Bits of numbers that begin anew, as those of a microcontroller do."""

LEAST_PERIOD = 8
"""Lines of the shortest counter that is known as one, if its name says that it counts."""

COUNTS = re.compile("seq|count", re.IGNORECASE)
"""What such a name holds; others of so few lines are phases, codes, or places in a packet."""

LEAST_STEPS = 20
"""Steps by which a column is known as one of times or numbers of samples, whatever its name."""

CHUNK = 50
"""Steps that are added up to tell the usual one: rounding and jitter shift single ones."""

FEW = 200
"""Steps that are too few to tell whether they are regular: one gap among them is much."""

MANY = 5000
"""Lines by which a column is known whatever its name."""

KNOWN = 0.9
"""Share of their steps that are known then."""

ROUNDED = 0.005
"""Share of steps of 0 from which on rounding makes them."""

MOST_LOST = 1.1
"""Mean step in samples at which single ones are lost rather than the sampling rate is another."""

DRIFT = 1e-4
"""Relative deviation of all times from the sampling rate that is worth a note, from half a second on."""

SEEN_GAP = 0.5
"""Length from which on a gap is seen in times that do not tell each sample's place, s."""


@dataclass(frozen=True)
class Clock:
    """The column of times of a table, read as far as `last`.

    Attributes:
        path: the table, for messages.
        name: of the column.
        column: its index.
        fs: sampling rate, Hz.
        unit: seconds in a unit of the column.
        noise: how far a step may be from that of one sample by rounding or by jitter, s.
        regular: whether each time is that of its own sample; else only the sum of all steps tells something.
        named: whether somebody called it a column of times; else it is one by what it holds so far.
        first: time of the first line, s.
        last: time of the last line, s.
        late: how much later the last line is than the number of lines tells, gaps apart, in samples.
        lines: number of lines read.
        gaps: number of gaps.
        lost: number of samples in them.
        period: after how many lines a counter begins anew; 0 if it does not.
        unread: first line of a block of which most times are lost or not understood; 0 if none.
        ended: line in which a column that nobody called one of times went on otherwise; 0 if none.
    """

    path: Path
    name: str
    column: int
    fs: float
    unit: float
    noise: float
    regular: bool
    named: bool
    first: float
    last: float
    late: float = 0.0
    lines: int = 0
    gaps: int = 0
    lost: int = 0
    period: int = 0
    unread: int = 0
    ended: int = 0

    def missing(self, times: np.ndarray, line: int) -> tuple[np.ndarray, "Clock"]:
        """Return how many samples are missing before each of the next ones, and the clock after them.

        Where a time is late and later ones make up for it, nothing is missing: stamps of packets come so, and
        those of a busy computer.

        Args:
            times: `(n,)` of the samples, in units of the column; NaN where one is lost.
            line: number of the first line, for the message.

        Returns:
            `(n,)` int64, and the clock.

        Raises:
            DataError: times stand still or go back, or a gap is longer than `LONGEST_GAP`.
        """
        missing = np.zeros(len(times), dtype=np.int64)
        clock = replace(self, lines=self.lines + len(times))
        if self.ended:
            return missing, clock
        many_lost = np.isnan(times).sum() > max(FEW, 0.5 * len(times))
        if self.period:
            times = _going_on(times, self.period, self.last / self.unit)
        seconds = times * self.unit
        if are_digits_of_clock(np.append(self.last, seconds)):
            return missing, replace(clock, ended=line)
        if self.unit == 1.0:
            seconds = _over_midnight(seconds, self.last)
        elif not self.period:
            seconds = _unwrapped(seconds, self.last, self.unit, self.fs)
        # in packets a time stands still, so one that is lost tells nothing else
        times = _filled(seconds, self.last, self.fs if self.regular else np.inf)
        if self.regular:
            times = _gone_on(times, self.last, self.fs)
        steps = np.diff(times, prepend=self.last if self.lines else times[0] - 1 / self.fs)
        regular = self.regular and (len(steps) < FEW or is_regular(steps, self.fs))
        if (back := self._steps_back(steps, regular)).any() and not self.named:
            return missing, replace(clock, ended=line + int(back.argmax()))
        self._refuse(steps, back, line)
        late = self.late + np.cumsum(steps * self.fs - pace(times, self.fs))
        least = max(0.75, 2 * self.noise * self.fs) if regular else None
        # in packets what follows the last known time tells nothing yet
        told = len(late) if regular else 1 + int(np.append(-1, np.flatnonzero(np.isfinite(seconds)))[-1])
        late_now = float(late[-1])
        if told:
            missing[:told], rest = lost_for_good(late[:told], steps[:told] * self.fs, least, self.fs)
            late_now += rest - float(late[told - 1])
        return missing, replace(
            clock,
            regular=regular,
            unread=self.unread or (line if many_lost else 0),
            last=float(times[-1]),
            late=late_now,
            gaps=self.gaps + int((missing > 0).sum()),
            lost=self.lost + int(missing.sum()),
        )

    def _steps_back(self, steps: np.ndarray, regular: bool) -> np.ndarray:
        """Return where the time goes back, or stands still where it should not, `(n,)` bool."""
        repeated = not regular or (steps == 0).mean() > ROUNDED
        back = steps < 0 if repeated else steps <= 0
        if self.period:  # half a period on may as well be half a period back
            back |= steps > self.period / 2 * self.unit
        return back

    def _refuse(self, steps: np.ndarray, back: np.ndarray, line: int) -> None:
        """Raise what is said of times that go back, or leap further than a gap is filled."""
        if back.any():
            at = int(back.argmax())
            how = "goes back" if steps[at] < 0 else "does not go on"
            remedy = "sort the lines, remove those that are there twice"
            if self.unit == 1e-3 and 0.9 < -steps[at] < 1:
                remedy = "join it with the column of the seconds, if it counts within them (10:00:00.004)"
            raise self._wrong(line + at, f"{how}; {remedy}, or count lines alone with --time none")
        if (far := steps > LONGEST_GAP).any():
            at = int(far.argmax())
            raise self._wrong(line + at, f"leaps by {steps[at]:.0f} s; cut it there")

    def _wrong(self, line: int, what: str) -> DataError:
        return DataError(f"{self.path}, line {line}: the time in column '{self.name}' {what}")

    def notes(self) -> list[str]:
        """Return what a person should know, when all lines are read.

        Raises:
            DataError: the times span another duration than so many samples have.
        """
        notes = []
        if self.gaps:
            gaps = "1 gap" if self.gaps == 1 else f"{self.gaps} gaps"
            notes.append(f"{gaps} by column '{self.name}', {self.lost / self.fs:.2f} s: lost signal")
        if self.period:
            notes.append(f"column '{self.name}' counts to {self.period} only: longer gaps are not seen")
        if self.unread:
            where = (
                f"from line {self.unread} on most times of column '{self.name}' are lost or not understood"
            )
            notes.append(f"{where}: gaps are seen where they go on, if at all")
        if self.ended:
            said = f"column '{self.name}' does not go on in line {self.ended}: gaps after it are not seen"
            return [*notes, said]
        span, expected = self.last - self.first, (self.lines + self.lost - 1) / self.fs
        if not self.regular and self.late > 2 * self.fs:
            notes.append(f"a gap of {self.late / self.fs:.0f} s before the last times is not filled")
            span -= self.late / self.fs
        if not self.regular and abs(span - expected) > max(2.0, TOLERANCE * expected):
            raise DataError(
                f"{self.path}: by column '{self.name}' it lasts {span:.1f} s, by its {self.lines} lines at "
                f"{self.fs:g} Hz {expected:.1f} s; lines are missing, or --fs is wrong "
                "(--time none counts lines alone)"
            )
        if abs(span - expected) > max(0.5 if self.regular else 1.5, DRIFT * expected):
            rate = (self.lines + self.lost - 1) / span
            taken = f"{self.fs:g} Hz are taken"
            notes.append(f"by column '{self.name}' the sampling rate is {rate:.6g} Hz; {taken}")
        return notes


def find_clock(
    path: Path, names: Sequence[str], read: Callable[..., np.ndarray], fs: float, asked: str | None
) -> tuple[Clock | None, list[str]]:
    """Find the column of times by its name and its first lines.

    Args:
        path: the table, for messages.
        names: of its columns.
        read: gives the times in the first lines of a column, by its index and, if not all are wanted, how
            many; NaN for what is none.
        fs: sampling rate, Hz.
        asked: name of the column, or "none"; None to find it by its name.

    Returns:
        The clock, None where there is none, and what a person should know of that.

    Raises:
        DataError: there is no such column, it holds no times, or they do not fit the sampling rate.
    """
    if asked == "none":
        return None, []
    if asked is not None and list(names).count(asked) != 1:
        raise DataError(f"{path}: no column '{asked}' for --time; it has {', '.join(names)[:200]}")
    likely = [i for i, name in enumerate(names) if (is_time(name) if asked is None else name == asked)]
    clocks, unreadable = _clocks_by_name(path, names, likely, read, fs)
    if clocks:
        return max(clocks, key=lambda clock: clock.regular), []  # the first that tells each sample's place
    if unreadable and asked is not None:
        raise DataError(f"{path}: column '{asked}' holds no times that can be read; try --time none")
    notes = [f"times of column '{name}' are not understood, so gaps are not seen" for name in unreadable]
    if asked is not None:
        return None, notes
    clock, more = _clock_by_steps(path, names, [i for i in range(len(names)) if i not in likely], read, fs)
    return clock, notes + more


def _clocks_by_name(
    path: Path, names: Sequence[str], likely: Sequence[int], read: Callable[..., np.ndarray], fs: float
) -> tuple[list[Clock], list[str]]:
    """Return the clocks in columns that are called so, and the names of those that hold no times.

    Raises:
        DataError: the times descend, or there are some and none fit the sampling rate.
    """
    clocks, rates, unreadable = [], {}, []
    for i in likely:
        times = read(i)
        known = times[np.isfinite(times)]
        if len(known) < 3 or len(known) < 0.5 * len(times):
            unreadable.append(names[i])
            continue
        steps, beside = np.diff(_over_midnight(known)), np.diff(np.flatnonzero(np.isfinite(times))) == 1
        steps = steps[beside] if beside.mean() > 0.5 else steps
        if np.median(steps) < 0:
            raise DataError(f"{path}: the times in column '{names[i]}' descend; sort the lines by them")
        step = usual_step(steps)
        # in packets the first and the last may be cut
        longest = steps.max()
        cut = 0.0 if np.median(steps) > 0 else float(longest / max(steps.sum() - longest, 1e-9))
        unit = fitting_unit(step, fs, TOLERANCE + cut) or unit_with_losses(steps, fs)
        if unit is None:
            rates[names[i]] = step
        elif are_digits_of_clock(known * unit):
            unreadable.append(names[i])
        else:
            clocks.append(_clock(path, names[i], i, fs, unit, known, named=True))
    if rates and not clocks:
        name, step = next(iter(rates.items()))
        like = [f"{1 / (step * unit):.5g} Hz" for unit in UNITS if step and 50 < 1 / (step * unit) < 20000]
        raise DataError(
            f"{path}: steps of column '{name}' do not fit {fs:g} Hz, but {' or '.join(like) or 'no rate'}; "
            "say the right one with --fs, or count lines alone with --time none"
        )
    return clocks, unreadable


def _clock_by_steps(
    path: Path, names: Sequence[str], columns: Sequence[int], read: Callable[..., np.ndarray], fs: float
) -> tuple[Clock | None, list[str]]:
    """Return the first column that goes on by a sample a line, else the longest counter that begins anew.

    Such columns count samples or tell the time, by whatever name. Without one: notes on what goes back.
    """
    counters, descending = [], []
    for i in columns:
        times, name = read(i, MANY), names[i] or str(i + 1)
        for known in (times, _over_midnight(times)):
            unit = _unit_of(np.diff(known), fs)
            fits = unit is not None and (unit == 1.0 or known is times)
            if fits and not are_digits_of_clock(read(i) * unit):
                return _clock(path, name, i, fs, unit, times[np.isfinite(times)], named=False), []
        if _unit_of(np.diff(times[::-1]), fs) is not None:
            descending.append(name)
        period = period_of(times)
        if period > LEAST_STEPS or (period and COUNTS.search(name)):
            known = times[np.isfinite(times)]
            clock = _clock(path, name, i, fs, 1 / fs, _going_on(known, period, known[0]), named=False)
            counters.append(replace(clock, period=period))
    if counters:
        return max(counters, key=lambda clock: clock.period), []
    question = "goes back by a sample a line: are they in order of time?"
    return None, [f"column '{name}' {question}" for name in descending]


def _unit_of(steps: np.ndarray, fs: float) -> float | None:
    """Return how many seconds a unit is if each of `(n,)` steps is a sample, but for gaps; else None.

    Few may be NaN, where a time is lost.
    """
    n, steps = len(steps), steps[np.isfinite(steps)]
    if len(steps) < max(LEAST_STEPS, KNOWN * n) or not (steps > 0).all():
        return None
    unit = fitting_unit(usual_step(steps), fs, TOLERANCE) or unit_with_losses(steps, fs)
    return unit if unit is not None and is_regular(steps * unit, fs) else None


def are_digits_of_clock(seconds: np.ndarray) -> bool:
    """Whether `(n,)` times leap by 40 s from one minute to the next, and pass over :60 to :99.

    So they do where 101559.9 is 10:15:59.9; from hour to hour they leap by 4040 s, and back at midnight.
    """
    known = seconds[np.isfinite(seconds)]
    if len(known) < 2 or (known % 100 >= 60).any():
        return False
    steps = np.diff(known)
    over = steps[steps > 30] - np.median(steps) - 40
    midnight = np.abs(steps - np.median(steps) + 235960) < 0.05
    return bool((np.abs(over - 4000 * np.round(over / 4000)) < 0.05).any() or midnight.any())


def period_of(counts: np.ndarray) -> int:
    """Return after how many lines a counter begins anew; 0 if `(n,)` numbers are no such counter."""
    known, steps = counts[np.isfinite(counts)], np.diff(counts)
    steps = steps[np.isfinite(steps)]
    if len(steps) < max(LEAST_STEPS, KNOWN * (len(counts) - 1)) or known.min() not in (0, 1):
        return 0
    period = int(np.ptp(known)) + 1
    anew = steps[steps < 0] % period == 1
    often = len(anew) > 1 or (len(anew) > 0 and (period & (period - 1) == 0 or period in (1000, 10_000)))
    counts_on = period >= LEAST_PERIOD and often and anew.mean() > 0.8
    return period if counts_on and (steps % period == 1).mean() >= REGULAR else 0


def _going_on(counts: np.ndarray, period: int, last: float) -> np.ndarray:
    """Return the numbers of a counter that begins anew after `period` lines as if it went on.

    Args:
        counts: `(n,)`; NaN where one is lost.
        period: of the counter.
        last: number before them, as if it went on.
    """
    known = np.flatnonzero(np.isfinite(counts))
    going_on = counts.copy()
    steps = np.round(np.diff(counts[known], prepend=last)) % period
    going_on[known] = last + np.cumsum(steps)
    return going_on


def _clock(
    path: Path, name: str, column: int, fs: float, unit: float, times: np.ndarray, *, named: bool
) -> Clock:
    """Return the clock of a column by its first times, `(n,)` in units of `unit` seconds."""
    steps = np.diff(_over_midnight(times) if unit == 1.0 else times) * unit
    # where samples are lost all the time, longer steps are gaps and no noise; else rounding may make them
    near = steps[steps * fs < 1.5] if steps.mean() * fs > 1 + TOLERANCE else steps
    noise = float(np.quantile(np.abs(near - 1 / fs), REGULAR)) if len(near) else 0.0
    start = float(times[0] * unit)
    return Clock(path, name, column, fs, unit, noise, is_regular(steps, fs), named, start, start)


def lost_for_good(
    late: np.ndarray, steps: np.ndarray, least: float | None, fs: float
) -> tuple[np.ndarray, float]:
    """Return how many samples are lost before each line, where the times stay late, and how late the last is.

    Args:
        late: `(n,)` how much later each line is than the lines before it tell, in samples.
        steps: `(n,)` time from line to line, in samples.
        least: samples from which on a gap is told; None where times come in packets: `SEEN_GAP`, and more
            after a long step.
        fs: sampling rate, Hz.

    Returns:
        `(n,)` int64, and `late` of the last line less what is lost.
    """
    for_good = np.minimum.accumulate(late[::-1])[::-1]
    before = min(0.0, for_good[0])
    rise = np.diff(for_good, prepend=before)
    if least is not None:
        # rounding may let the rise begin before the gap
        clear, told = (rise > least) | ((steps - 1 > least) & (rise > 0.5)), len(late)
    else:
        clear = rise > np.maximum(SEEN_GAP * fs, TOLERANCE * steps)
        # of the last packet only some lines may be here, so what it took is told by the next lines
        told = int(np.flatnonzero(steps)[-1:].sum())
    missing = np.where(clear, np.round(rise), 0).astype(np.int64)
    missing[told:] = 0
    return missing, float(late[-1] - (for_good[told - 1] if told else before))


def pace(times: np.ndarray, fs: float) -> float:
    """Return how many samples `(n,)` times, s, go on a line, gaps apart: less than 1 if their clock is fast.

    A slow one counts as 1: it looks like samples that are lost all the time.
    """
    apart = len(times) // 4
    if apart < FEW:
        return 1.0
    spans = np.sort((times[apart:] - times[:-apart])[:: max(apart // 1000, 1)])  # some thousand will do
    usual = spans[len(spans) // 4 : len(spans) // 2].mean() * fs / apart
    return float(np.clip(usual, 1 - TOLERANCE, 1))


def is_regular(steps: np.ndarray, fs: float) -> bool:
    """Whether `(n,)` steps, s, tell each sample's place: they are near one sample, or near whole numbers."""
    near = (np.abs(steps * fs - 1) < 1 - 1e-6).mean() >= REGULAR
    whole = np.abs(steps * fs - np.round(steps * fs)) < 0.05
    return bool(near or ((steps > 0) & whole).mean() >= REGULAR)


def _over_midnight(times: np.ndarray, last: float = np.nan) -> np.ndarray:
    """Return times of day that go on after midnight; other times as they are.

    Args:
        times: `(n,)` in any unit, NaN where one is lost.
        last: time before them.
    """
    if not np.nanmax(times, initial=0.0) <= DAY:
        return times
    known = np.flatnonzero(np.isfinite(times))
    days = np.floor(last / DAY) * DAY if np.isfinite(last) else 0.0
    steps = np.diff(times[known], prepend=last - days if np.isfinite(last) else times[known[:1]])
    midnights = np.cumsum(steps < -DAY / 2)
    going_on = times.copy()
    going_on[known] += days + DAY * midnights
    return going_on


def _gone_on(times: np.ndarray, last: float, fs: float) -> np.ndarray:
    """Return times of a clock that stood still for a sample and at once made up for it, as if it had gone on.

    Not those of a line that is there twice: after it the clock goes on by one sample.
    """
    steps = np.diff(times, prepend=last)
    stood = (steps == 0) & (np.abs(np.append(steps[1:], 0) * fs - 2) < 0.5)
    return times + stood / fs


def _unwrapped(seconds: np.ndarray, last: float, unit: float, fs: float) -> np.ndarray:
    """Return times whose number began anew after its largest as if it went on; others as they are.

    Args:
        seconds: `(n,)`; NaN where one is lost.
        last: time before them, s, as if it went on.
        unit: seconds in a unit of the number.
        fs: sampling rate, Hz; what is not within three samples of both ends has gone back.
    """
    known, near = np.flatnonzero(np.isfinite(seconds)), 3 / fs
    raw = seconds[known]
    ends = [(0.0, 2.0**bits) for bits in WRAPS] + [
        (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1)) for bits in WRAPS
    ]
    for bottom, top in [(low * unit, high * unit) for low, high in ends] + [(0.0, DAY)]:
        if not len(raw) or raw.min() < bottom or raw.max() >= top:
            continue
        turns, rest = divmod(last - bottom, top - bottom)
        before = np.append(bottom + rest, raw[:-1])
        anew = raw < before
        going_on = raw + (turns + np.cumsum(anew)) * (top - bottom)
        at_ends = ((top - before < near) & (raw - bottom < near))[anew].all()
        if (anew.any() or turns) and at_ends and going_on[0] - last < near:
            filled = seconds.copy()
            filled[known] = going_on
            return filled
    return seconds


def is_time(name: str) -> bool:
    """Whether a column of that name holds times."""
    bare = re.sub(r"[\[(].*", "", name).strip().casefold()
    return bare in SHORT_NAMES or TIME_WORDS.search(name.replace("_", " ")) is not None


def usual_step(steps: np.ndarray) -> float:
    """Return the mean of `(n,)` steps without gaps; of all of them where most are 0, as in packets."""
    median = np.median(steps)
    if not median > 0:
        return float(steps.mean())
    if len(steps) < 4 * CHUNK:
        return float(steps[(steps >= 0) & (steps < 2.5 * median)].mean())
    chunks = steps[: len(steps) - len(steps) % CHUNK].reshape(-1, CHUNK)
    return float(np.median(chunks.mean(axis=1)))


def fitting_unit(step: float, fs: float, tolerance: float) -> float | None:
    """Return how many seconds a unit is if `step` units are one sample; None if no unit fits.

    Args:
        step: mean step of the times.
        fs: sampling rate, Hz.
        tolerance: relative deviation that still fits.
    """
    fits = [unit for unit in UNITS if abs(step * unit * fs - 1) < tolerance]
    return fits[0] if fits else 1 / fs if step == 1 else None


def unit_with_losses(steps: np.ndarray, fs: float) -> float | None:
    """Return how many seconds a unit is if the median of `(n,)` steps is one sample, and few are more.

    So it is where single samples are lost all the time; None if no unit fits.
    """
    median = float(np.median(steps))
    if not 0 < median <= steps.mean() <= MOST_LOST * median:
        return None
    whole = np.abs(steps / median - np.round(steps / median)) < 0.05
    return fitting_unit(median, fs, TOLERANCE) if ((steps > 0) & whole).mean() >= REGULAR else None


def _filled(times: np.ndarray, last: float, fs: float) -> np.ndarray:
    """Return times with those that are lost on a line between their neighbours.

    Args:
        times: `(n,)` s.
        last: time before them, s.
        fs: sampling rate, Hz: lost times go on by it, and no faster; infinite where times tell no places.
    """
    known = np.flatnonzero(np.isfinite(times))
    if len(known) == len(times):
        return times
    places = np.arange(len(times))
    if not len(known):
        return last + (places + 1) / fs
    # what is missing among lost times is missing before the next known one, if times tell places
    before = known[np.maximum(np.searchsorted(known, places, side="right") - 1, 0)]
    going_on = times[before] + (places - before) / fs
    filled = np.interp(places, known, times[known])
    inside = (places >= known[0]) & (places <= known[-1])
    return np.where(inside, np.minimum(filled, going_on) if np.isfinite(fs) else filled, going_on)
