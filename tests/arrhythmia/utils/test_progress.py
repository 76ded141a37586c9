import pytest

from arrhythmia.utils import progress
from arrhythmia.utils.progress import Progress, duration, tracked


class Clock:
    """Plays the module `time`: what is worked on takes the time that a test says."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    played = Clock()
    monkeypatch.setattr(progress, "time", played)
    return played


def test_lines_tell_how_much_is_done_and_left(clock, capsys):
    work = Progress("cutting", 5, "records")
    for _ in range(5):
        clock.now += 25
        work.step()
    assert capsys.readouterr().out.splitlines() == [
        "cutting: 2 of 5 records  about 1 min 15 s left",
        "cutting: 3 of 5 records  about 50 s left",
        "cutting: 4 of 5 records  about 25 s left",
    ]


def test_nothing_is_said_of_what_takes_two_seconds(clock, capsys):
    for _ in tracked(range(10), "cutting", "records"):
        clock.now += 0.19
    assert capsys.readouterr().out == ""


def test_a_line_every_five_seconds_at_the_most(clock, capsys):
    for _ in tracked(range(1000), "cutting", "records"):
        clock.now += 0.1
    assert len(capsys.readouterr().out.splitlines()) == 1 + (100 - 2) // 5


def test_all_items_come_in_their_order():
    assert list(tracked("abc", "letters", "letters")) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (59.9, "1 min 0 s"), (100, "1 min 40 s"), (3599, "59 min 59 s"), (3900, "1 h 5 min")],
)
def test_times_are_for_people(seconds, said):
    assert duration(seconds) == said


def test_a_slow_first_piece_does_not_count_for_the_others(clock, capsys):
    work = Progress("training", 4, "epochs", long=True)
    for seconds in (60, 10):
        clock.now += seconds
        work.step()
    assert capsys.readouterr().out.splitlines() == [
        "training: 1 of 4 epochs  about 3 min 0 s left",
        "training: 2 of 4 epochs  about 20 s left",
    ]


def test_later_work_counts_and_a_note_ends_the_line(clock, capsys):
    work = Progress("training", 40, "updates", long=True, after=60)
    clock.now += 1
    work.step(20, "loss 0.5")
    clock.now += 1
    work.step(20, "loss 0.4")
    assert capsys.readouterr().out.splitlines() == [
        "training: 20 of 40 updates  about 4 s left  loss 0.5",
        "training: 40 of 40 updates  about 3 s left  loss 0.4",
    ]


def test_a_note_of_the_last_piece_is_said_however_soon_it_comes(clock, capsys):
    work = Progress("training", 1, "epochs")
    work.step(note="loss 0.5")
    assert capsys.readouterr().out == "training: 1 of 1 epochs  loss 0.5\n"
