"""Write the generated parts of README.md: the table of results and the graph of stages.

arrhythmia readme      # after new metrics or tables of results/, and after a change of dvc.yaml

`tests/test_readme.py` fails while README.md holds anything else than this command would write.
"""

import itertools
import json
import math
import re
import sys
from pathlib import Path

import networkx
import pandas as pd

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.protocols import MODELS, NETWORKS, PROTOCOLS
from arrhythmia.report.run_tables import read_table
from arrhythmia.report.tables import Cards, commits
from arrhythmia.scoring.support import MIN_SUPPORT
from arrhythmia.studies.programs import dvc_output
from arrhythmia.studies.stale import SHOWN, other_ablation, other_baselines, other_seeds
from arrhythmia.titles import MODEL_TITLES, SCORE_TITLES, protocol_name
from arrhythmia.utils.files import write_text
from arrhythmia.utils.markdown import markdown_table, number
from arrhythmia.utils.templates import render

README = Path("README.md")
MOST_S = "232"
"""Record of DS2 with three quarters of its S beats."""

BY_RECORD = [name for name, protocol in PROTOCOLS.items() if protocol.resampled == "records"]
"""Protocols under which the patients to test are new."""


def main(argv: list[str]) -> None:
    """Put the parts into README.md."""
    command_parser("readme", __doc__).parse_args(argv)
    for note in outdated():
        print(f"note: {note}", file=sys.stderr)
    text = README.read_text(encoding="utf-8")
    for name, part in parts().items():
        text = with_part(text, name, part)
    write_text(README, text)
    print(f"{README}: results and stages are those of metrics/, results/ and dvc.yaml")


def parts() -> dict[str, str]:
    """Return the text of each generated part, from the files of the current folder.

    Raises:
        DataError: DVC failed.
    """
    metrics = committed_metrics()
    seeds, baselines = read_table(paths.SEEDS), read_table(paths.BASELINES)
    rhythm_seeds = read_table(paths.RHYTHM_SEEDS)
    return {
        "results": results_part(seeds, rhythm_seeds, baselines, metrics),
        "stages": stages_part(dvc_output(["dag", "--mermaid"])),
    }


def committed_metrics() -> Cards:
    """Return the metrics of metrics/ by protocol and model."""
    keys = [(protocol, model) for protocol in PROTOCOLS for model in MODELS]
    return {key: json.loads(paths.metrics(*key).read_text(encoding="utf-8")) for key in keys}


def outdated() -> list[str]:
    """Say which tables of results/ are not of the metrics: the pages show of which commit they are.

    Raises:
        DataError: the metrics are not of the real recordings.
    """
    metrics = committed_metrics()
    fused = {key: metrics[key] for key in itertools.product(BY_RECORD, NETWORKS)}
    validated = json.loads(paths.fused("inter_patient", "cnn").read_text(encoding="utf-8"))
    notes = [
        other_seeds(read_table(paths.SEEDS), metrics),
        other_seeds(read_table(paths.RHYTHM_SEEDS), fused, paths.RHYTHM_SEEDS),
        other_baselines(read_table(paths.BASELINES), metrics),
        other_ablation(read_table(paths.ABLATION), validated),
    ]
    return [note for note in notes if note]


def with_part(text: str, name: str, part: str) -> str:
    """Return `text` with `part` between the comments `<!-- name … -->` and `<!-- end of name -->`.

    Raises:
        DataError: there is no such pair, or more than one.
    """
    pattern = re.compile(rf"(<!-- {name}\b[^\n]*-->\n).*?(\n<!-- end of {name} -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise DataError(f"{README}: needs one pair of <!-- {name} --> and <!-- end of {name} -->")
    return pattern.sub(lambda match: f"{match[1]}\n{part}\n{match[2]}", text)


def results_part(
    seeds: pd.DataFrame, rhythm_seeds: pd.DataFrame, baselines: pd.DataFrame, metrics: Cards
) -> str:
    """Return the table of results, and how sure it is.

    Args:
        seeds: columns of `arrhythmia.report.run_tables.SEEDS_COLUMNS`.
        rhythm_seeds: the same columns, of other seeds of the rhythm network.
        baselines: columns of `arrhythmia.report.run_tables.BASELINES_COLUMNS`; only the row of the
            majority is used.
        metrics: by protocol and model.
    """
    of_cnn = rhythm_seeds.query("protocol == 'inter_patient' and model == 'cnn'")
    new_patients = {title: metrics["inter_patient", model] for model, title in MODEL_TITLES.items()}
    return render(
        "studies/templates/readme_results.md.j2",
        table=results_table(seeds, baselines),
        runs=len(seeds["seeds"].iloc[0].split()),
        commits=commits(seeds),
        rhythm=of_cnn.set_index("metric").T.to_dict(),
        interval=metrics["inter_patient", "cnn"]["ci95"],
        protocols=by_classes(),
        record=MOST_S,
        without_it={title: found["without"][MOST_S]["f1_S"] for title, found in new_patients.items()},
        changed=other_seeds(seeds, metrics) is not None,
        min_support=MIN_SUPPORT,
        by_record={protocol: means_by_record(metrics, protocol) for protocol in BY_RECORD},
    ).rstrip("\n")


def means_by_record(metrics: Cards, protocol: str) -> dict[str, dict[str, float]]:
    """Return the mean F1 of S and V by record of each model, by its title."""
    found = {title: metrics[protocol, model]["by_record"] for model, title in MODEL_TITLES.items()}
    return {title: {name: of[name]["f1"] for name in "SV"} for title, of in found.items()}


def by_classes() -> dict[str, list[str]]:
    """Return the names of the protocols by the classes over which macro-F1 averages."""
    found = {}
    for key, protocol in PROTOCOLS.items():
        found.setdefault(" ".join(protocol.classes), []).append(protocol_name(key))
    return found


def results_table(seeds: pd.DataFrame, baselines: pd.DataFrame) -> str:
    """Return the rows of each model, and of who calls every beat N; arguments as for `results_part`."""
    scores = seeds.set_index(["model", "protocol", "metric"])
    rows = []
    for model, title in MODEL_TITLES.items():
        intra, inter, *others = protocol_rows(title, scores.loc[model])
        rows += [intra, inter, gap_row(scores.loc[model]), *others]
    always_n = baselines[baselines["name"] == "majority"].melt(["protocol"], list(SHOWN), "metric", "mean")
    rows += protocol_rows("always N", always_n.assign(sd=math.nan).set_index(["protocol", "metric"]))
    return markdown_table(["model", "protocol", *(SCORE_TITLES[key] for key in SHOWN)], rows, left=2)


def protocol_rows(title: str, scores: pd.DataFrame) -> list[list[str]]:
    """Return the rows of a model, one a protocol.

    Args:
        title: the model.
        scores: columns `mean` and `sd` (NaN where there is one run), by protocol and metric.
    """
    rows = []
    for protocol in (name for name in PROTOCOLS if name in scores.index.get_level_values("protocol")):
        lines = [scores.loc[(protocol, key)] for key in SHOWN]
        cells = [number(x["mean"]) + (f" ± {number(x['sd'])}" if x["sd"] >= 0 else "") for x in lines]
        rows.append(["" if rows else title, protocol_name(protocol), *cells])
    return rows


def gap_row(scores: pd.DataFrame) -> list[str]:
    """Return what inter-patient loses against intra-patient; `scores` as for `protocol_rows`."""
    near, far = (scores.loc[protocol]["mean"] for protocol in ("intra_patient", "inter_patient"))
    gaps = [f"**{far[key] - near[key]:+.3f}**".replace("-", "−") for key in SHOWN]
    gaps[SHOWN.index("macro_f1")] = "–"  # over other classes
    return ["", "**gap**", *gaps]


def stages_part(graph: str) -> str:
    """Return the graph of stages in Mermaid, one node a stage whatever its matrix, without the arrows that a
    longer way implies.

    Args:
        graph: as `dvc dag --mermaid` prints it.
    """
    names = dict(re.findall(r'(node\d+)\["([^"@]+)', graph))
    arrows = networkx.DiGraph((names[a], names[b]) for a, b in re.findall(r"(node\d+)-->(node\d+)", graph))
    few = networkx.transitive_reduction(arrows)
    order = list(networkx.lexicographical_topological_sort(few))
    alike: dict[tuple[str, ...], list[str]] = {}
    for a in order:
        alike.setdefault(tuple(sorted(few[a], key=order.index)), []).append(a)
    lines = [f"    {' & '.join(a)} --> {' & '.join(b)}" for b, a in alike.items() if b]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```"])
