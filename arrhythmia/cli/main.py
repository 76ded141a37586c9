"""The command `arrhythmia`: finds the module of a subcommand, and loads no other."""

import importlib
import sys

from arrhythmia.command_line import end_at_interrupts, errors_in_one_line
from arrhythmia.determinism import fix_environment
from arrhythmia.inference.disclaimer import DISCLAIMER

COMMANDS = {
    "predict": ("arrhythmia.cli.predict", "find and classify the heartbeats of recordings"),
    "kaggle": ("arrhythmia.cli.kaggle", "write the Kaggle files, or give their rows patients"),
    "demo": ("arrhythmia.studies.demo", "run the whole pipeline on synthetic recordings"),
    "verify": ("arrhythmia.studies.verify", "run every stage again: has each output the committed bytes?"),
    "compare": ("arrhythmia.studies.compare", "list experiments: what each changed, and how it scored"),
    "experiment": ("arrhythmia.studies.configs", "run a file of experiments/configs/ as a DVC experiment"),
    "tune": ("arrhythmia.studies.search.study", "search for better parameters of a network, with Optuna"),
    "sweep-run": ("arrhythmia.studies.search.sweep", "one run of a sweep of W&B, as its agent starts it"),
    "study seeds": ("arrhythmia.studies.seeds", "how far the scores scatter from seed to seed"),
    "study rhythm-seeds": ("arrhythmia.studies.rhythm_seeds", "the same for seeds of the rhythm network"),
    "study ablation": ("arrhythmia.studies.ablation", "what each ingredient of the default brings"),
    "study baselines": ("arrhythmia.studies.baselines", "networks of the literature on the same beats"),
    "study neighbours": ("arrhythmia.studies.neighbours", "how far copying the nearest training beat gets"),
    "study time-to-quality": ("arrhythmia.studies.time_to_quality", "seconds of training until 0.918"),
    "study robustness": ("arrhythmia.studies.robustness", "whether disturbances change the answers"),
    "study simulation": ("arrhythmia.studies.simulation", "draw a simulated patient of each kind"),
    "readme": ("arrhythmia.studies.readme", "write the generated parts of README.md"),
}
"""Module and summary of each subcommand; all but the first two need the extra `train` and a clone."""


def main(argv: list[str] | None = None) -> None:
    """Run the subcommand that the words name; ends the program with its exit code."""
    end_at_interrupts()
    fix_environment()  # before a subcommand loads NumPy
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        sys.exit(0 if words else 2)
    name = next((name for name in COMMANDS if words[: len(name.split())] == name.split()), None)
    if name is None:
        sys.exit(f"error: there is no command `arrhythmia {' '.join(words[:2])}`; see `arrhythmia --help`")
    command = load(name)
    with errors_in_one_line():
        sys.exit(command.main(words[len(name.split()) :]))


def load(name: str):
    """Import the module of a subcommand.

    Ends the program in one line where a library is missing, as in an installation without the extra `train`.
    """
    try:
        return importlib.import_module(COMMANDS[name][0])
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "arrhythmia":
            raise
        sys.exit(
            f"error: `arrhythmia {name}` needs the package {error.name}: install arrhythmia[train], "
            "or run `make setup` in a clone"
        )


def usage() -> str:
    """Return the help of the command."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: arrhythmia COMMAND ...",
            "",
            "Classify heartbeats (N S V F Q) from single-lead ECG, and study how well that works.",
            "",
            *lines,
            "",
            "`arrhythmia COMMAND --help` says more. The pipeline itself runs with `dvc repro`.",
            DISCLAIMER,
        ]
    )
