import pytest

from arrhythmia.utils.markdown import markdown_table, number


def test_markdown_table():
    table = markdown_table(["a", "b", "c"], [["x", "1", "2"], ["y", "3", "4"]])
    assert table == "| a | b | c |\n| :-- | --: | --: |\n| x | 1 | 2 |\n| y | 3 | 4 |"
    assert markdown_table(["a", "b"], [], left=2).splitlines()[1] == "| :-- | :-- |"


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.12345, 3, "0.123"),
        (1, 4, "1.0000"),
        (0, 1, "0.0"),
        (98000, 0, "98,000"),
        (None, 3, "–"),
        (float("nan"), 3, "–"),
    ],
)
def test_number(value, digits, expected):
    assert number(value, digits) == expected
