"""The beat-by-beat table of `arrhythmia predict --compare`."""

import numpy as np

from arrhythmia.scoring import ec57
from arrhythmia.utils.markdown import markdown_table, number


def comparison_text(names: list[str], counts: np.ndarray) -> str:
    """Return the beat-by-beat table, detection included: per record, gross and average, in percent.

    Args:
        names: `(r,)` records.
        counts: `(r, 6, 6)` from `beat_by_beat`.
    """
    found = ec57.detection(np.concatenate([counts, counts.sum(0, keepdims=True)]))
    table = ec57.table(np.array(names), counts)
    for key, values in found.items():
        table[f"Q_{key}"] = [*values, np.nanmean(values[:-1])]
    columns = [f"{name}_{key}" for name in "QVS" for key in ("sensitivity", "positive_predictivity")]
    rows = [
        [
            row["record"],
            "" if row.isna()["beats"] else f"{row['beats']:,}",
            *(number(100 * row[c], 2) for c in columns),
        ]
        for _, row in table.iterrows()
    ]
    header = ["record", "beats", *(f"{name} {key}" for name in "QVS" for key in ("Se", "+P"))]
    return markdown_table(header, rows)
