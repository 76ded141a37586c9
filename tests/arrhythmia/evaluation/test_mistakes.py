import numpy as np

from arrhythmia.evaluation.mistakes import confident_mistakes, densest, worst_records


def guess(predicted, confidence):
    probability = np.full(5, (1 - confidence) / 4)
    probability[predicted] = confidence
    return probability


def test_the_most_confident_mistakes_come_first():
    label = np.array([0, 0, 1, 2])
    probability = np.stack([guess(0, 0.99), guess(1, 0.6), guess(0, 0.9), guess(0, 0.8)])
    rows = confident_mistakes(label, probability, np.array(list("abcd")))
    assert rows.tolist() == [2, 3, 1]


def test_no_record_fills_the_gallery_and_ties_keep_their_order():
    label, probability = np.zeros(6, int), np.tile(guess(1, 0.9), (6, 1))
    record = np.array(list("aaabbb"))
    assert confident_mistakes(label, probability, record).tolist() == [0, 1, 3, 4]


def test_many_equally_confident_mistakes_keep_their_order():
    label, record = np.zeros(500, int), np.arange(500).astype(str)
    probability = np.stack([guess(1, 0.8 + 0.1 * (row % 2)) for row in range(500)])
    assert confident_mistakes(label, probability, record).tolist() == list(range(1, 25, 2))


def test_no_mistakes_give_no_rows():
    assert confident_mistakes(np.array([1]), guess(1, 0.9)[np.newaxis], np.array(["a"])).shape == (0,)


def test_records_come_by_their_number_of_mistakes():
    record = np.array(list("aabbbccccd"))
    wrong = np.array([1, 1, 1, 0, 0, 1, 1, 1, 0, 0], bool)
    assert worst_records(record, wrong) == ["c", "a", "b"]
    assert worst_records(np.array(list("aabcdee")), np.ones(7, bool)) == ["a", "e", "b", "c"]
    assert worst_records(record, np.zeros(10, bool)) == []


def test_the_densest_run_is_found():
    assert densest(np.array([0, 500, 510, 520, 900, 905]), 100) == 510
    assert densest(np.array([905, 520, 0, 500, 900, 510]), 100) == 510
    assert densest(np.array([0, 500]), 100) == 0  # of equal runs the first
    assert densest(np.array([7]), 100) == 7
