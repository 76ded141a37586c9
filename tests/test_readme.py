"""README.md and docs/: generated parts are fresh, commands and names exist, links lead somewhere.

That much can be told without running the commands; tests/test_experiments.py and tests/test_end_to_end.py do.
"""

import re
import shlex
from pathlib import Path

import pytest
from dvc.cli import DvcParserError, parse_args

from arrhythmia.cli.main import main
from arrhythmia.params import flattened, load_params, read_yaml
from arrhythmia.studies import readme

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "experiments/results/README.md"]
PARAMS = flattened(load_params(ROOT / "params.yaml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
STAGES = set(read_yaml(ROOT / "dvc.lock")["stages"])
STAGES |= {name.split("@")[0] for name in STAGES}
STRANGERS = {".", "cd", "export", "git", "grep", "gto", "wandb"}
"""Programs that this project does not have in its hands."""

PLACEHOLDER = re.compile(r"…|\[|NAME|DIR|FILE|RECORD|MODEL")


def commands(page):
    """Return the commands of a page as words: those of its shell blocks, and those of ours in the text."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    quoted = [" ".join(code.split()) for code in re.findall(r"`((?:arrhythmia|make) [^`]+)`", prose)]
    lines += [code for code in quoted if not PLACEHOLDER.search(code)]
    return [words for line in lines for words in simple_commands(line)]


def simple_commands(line):
    """Return the words of each command of a line, without comments and what comes before a command."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    found = [[]]
    for word in lexer:
        if set(word) <= set("|&;"):
            found.append([])
        elif found[-1] or not re.match(r"[A-Z_]+=", word):  # variables before a command
            found[-1].append(word)
    return [words for words in found if words]


def complaint(words, capsys):
    """Return what is wrong with a command; empty where nothing is."""
    program, *rest = words
    if program == "make":
        return " ".join(f"no target {word}" for word in rest if "=" not in word and word not in TARGETS)
    if program == "dvc":
        return complaint_of_dvc(rest)
    if program == "pip":
        return " ".join(
            f"{word} is missing" for word in rest if ".txt" in word and not (ROOT / word).exists()
        )
    if program == "python" and rest[0] == "-m":
        there = (ROOT / f"{rest[1].replace('.', '/')}.py").is_file()
        return "" if there else f"no module {rest[1]}"
    if program == "arrhythmia":
        return complaint_of_arrhythmia(rest, capsys)
    return "" if program in STRANGERS | {"pytest"} else f"unknown program {program}"


def complaint_of_dvc(words):
    try:
        known = vars(parse_args(words))
    except DvcParserError as error:
        return f"dvc: {error}"
    names = [setting.partition("=")[0] for setting in known.get("set_param") or []]
    wrong = [
        f"no parameter {name}"
        for name in names
        if not any(f"{key}.".startswith(f"{name}.") for key in PARAMS)
    ]
    targets = known.get("targets") or []
    absent = [name for name in targets if name not in STAGES and not any(ROOT.glob(name))]
    return " ".join(wrong + [f"no stage {name}" for name in absent])


def complaint_of_arrhythmia(words, capsys):
    missing = [word for word in words if word.startswith("experiments/") and not (ROOT / word).exists()]
    with pytest.raises(SystemExit) as end:  # help is printed when the words before it have been understood
        main([*words, "--help"])
    said = capsys.readouterr()
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    unknown = options - set(re.findall(r"--[\w-]+", said.out))
    wrong = str(end.value.code) + said.err if end.value.code else ""
    return " ".join([*missing, *sorted(unknown), wrong]).strip()


DOCUMENTED = sorted({tuple(words) for page in PAGES for words in commands(page)})


@pytest.mark.parametrize("words", DOCUMENTED, ids=" ".join)
def test_a_documented_command_can_be_given(words, capsys):
    assert complaint(words, capsys) == ""


def test_the_pages_have_commands():
    assert len(DOCUMENTED) > 50
    assert ("make", "demo") in DOCUMENTED
    assert ("dvc", "checkout") in DOCUMENTED, "the second command of a line"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("make dmeo", "no target dmeo"),
        ("dvc exp rnu", "dvc: parser error"),
        ("dvc exp run --quueue", "dvc: parser error"),
        ("dvc exp run -S train.lrr=1", "no parameter train.lrr"),
        ("dvc exp run -S train=1 train_cn@inter_patient", "no stage train_cn@inter_patient"),
        ("pip install -r requirements/s4.txt", "requirements/s4.txt is missing"),
        ("python -m stages.tun cnn", "no module stages.tun"),
        ("arrhythmia tune cn", "invalid choice: 'cn'"),
        ("arrhythmia tune cnn --trails 3", "--trails"),
        ("arrhythmia kaggle macht mine.csv", "invalid choice: 'macht'"),
        ("arrhythmia experiment experiments/configs/none.yaml", "experiments/configs/none.yaml"),
        ("cl", "unknown program cl"),
    ],
)
def test_a_wrong_command_is_noticed(command, message, capsys):
    assert message in complaint(command.split(), capsys)


def test_a_line_of_shell_is_taken_apart():
    line = "A=1 dvc repro && dvc metrics diff | grep -E 'a|b'   # why | not"
    assert simple_commands(line) == [["dvc", "repro"], ["dvc", "metrics", "diff"], ["grep", "-E", "a|b"]]


def links(page):
    text = page.read_text(encoding="utf-8")
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_lead_to_files(page):
    inside = [link.partition("#")[0] for link in links(page) if not link.startswith("https://")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_pictures_of_the_readme_say_what_they_show():
    assert re.findall(r'<img src="[^"]+" width="49%" alt="[^"]{40,}">', PAGES[0].read_text()) != []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive without git: DVC cannot draw its stages")
def test_the_generated_parts_are_those_of_the_committed_results(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = readme.README.read_text(encoding="utf-8")
    for name, part in readme.parts().items():
        assert readme.with_part(text, name, part) == text, "run `arrhythmia readme`"


def test_the_readme_is_short():
    assert len(PAGES[0].read_text().splitlines()) <= 155
