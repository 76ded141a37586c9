"""Compare the experiments of the last commit: what each changed and how it scored, best first.

arrhythmia compare      # or: make compare

One table a model and protocol whose scores differ. They are those on held-out folds, the ones to choose by;
the scores on the test records stay out on purpose (`dvc exp show` has them all).
"""

import io
import re
from collections.abc import Iterator

import pandas as pd

from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.params import flattened, load_params
from arrhythmia.studies.programs import dvc_output
from arrhythmia.titles import MODEL_TITLES, protocol_name

SCORES = ("macro_f1_nsv", "f1_S", "f1_V", "log_loss")
CARD = re.compile(r"metrics/(\w+)/(cnn|rnn|forest)(_fused)?_cv\.json:(\w+)")
"""The name of a column of `dvc exp show`: protocol, model, whether it is fused, and score."""


def main(argv: list[str]) -> None:
    """Print the tables."""
    command_parser("compare", __doc__).parse_args(argv)
    tables = list(tables_of(experiments(), list(flattened(load_params()))))
    if not tables:
        raise DataError(
            "no experiment of the last commit differs from it; `dvc exp run -S NAME=VALUE` makes one"
        )
    print("\n\n".join(f"{title}\n{table.to_string(index=False)}" for title, table in tables))


def experiments() -> pd.DataFrame:
    """Return the last commit, the first row, and all its finished experiments, as DVC lists them.

    Raises:
        DataError: DVC failed.
    """
    words = "exp show --csv --only-changed --hide-workspace --hide-queued --hide-failed".split()
    shown = dvc_output(words)
    return pd.read_csv(io.StringIO(shown)) if shown.strip() else pd.DataFrame()


def tables_of(shown: pd.DataFrame, names: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a title and a table for each model and protocol that scored differently anywhere.

    Args:
        shown: of `experiments`.
        names: dotted names of all parameters.
    """
    groups = {name.rpartition(".")[0] for name in names}  # a number in place of values by protocol
    settings = [column for column in shown if column in groups or column in names]
    cards = {column: match.groups() for column in shown if (match := CARD.fullmatch(column))}
    for protocol, model, fused in dict.fromkeys(groups[:3] for groups in cards.values()):
        own = (protocol, model, fused)
        scores = {cards[column][3]: shown[column] for column in cards if cards[column][:3] == own}
        scores = pd.DataFrame({key: scores[key] for key in SCORES if key in scores})
        touched = (scores != scores.iloc[0]).any(axis=1)
        touched[0] = True  # the last commit
        changed = shown.loc[touched, settings]
        table = pd.concat(
            [
                shown.loc[touched, "Experiment"].fillna(shown["rev"]).rename("experiment"),
                changed.loc[:, changed.nunique(dropna=False) > 1].replace("'", "", regex=True),
                scores[touched],
            ],
            axis=1,
        )
        title = (
            f"{MODEL_TITLES[model]}{', fused' if fused else ''}, {protocol_name(protocol)}, held-out folds"
        )
        if len(table) > 1:
            first = next(iter(scores))
            yield title, table.sort_values(first, ascending=first == "log_loss", kind="stable")
