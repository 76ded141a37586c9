"""Stage `report`: write REPORT.md, the results for people who do not run anything."""

import json

from arrhythmia.aami import CLASSES
from arrhythmia.beats import Beats, load_beats
from arrhythmia.comparison import comparison
from arrhythmia.figures import save_png
from arrhythmia.files import load_arrays, write_text
from arrhythmia.report import MODELS, markdown_table, report
from stages import paths
from stages.run import load_params, run


def main() -> None:
    """Read all metrics, and write the report and its figure."""
    params = load_params()
    protocols = params["protocols"]
    cards = {
        (protocol, model): json.loads(paths.metrics(protocol, model).read_text())
        for protocol in protocols
        for model in MODELS
    }
    beats = load_beats(paths.BEATS)
    counts = {protocol: counts_table(beats, protocol) for protocol in protocols}
    title = f"macro-F1 over N, S and V with 95 % intervals, {beats.source} recordings"
    save_png(paths.COMPARISON, comparison(cards, title=title))
    tested = [load_arrays(paths.split(protocol))["test"] for protocol in protocols]
    recorded = all((beats.record[rows] != "").all() for rows in tested)
    write_text(paths.REPORT, report(cards, protocols, counts, recorded, params["normalize"]))
    print(f"{paths.REPORT}: {len(cards)} models, {beats.source} recordings")


def counts_table(beats: Beats, protocol: str) -> str:
    """Return the beats of each class and the number of records on each side, as Markdown."""
    rows = []
    for side, chosen in load_arrays(paths.split(protocol)).items():
        count = [int((beats.label[chosen] == label).sum()) for label in range(len(CLASSES))]
        records = len(set(beats.record[chosen]) - {""})
        rows.append([side, *(f"{value:,}" for value in (records, len(chosen), *count))])
    return markdown_table(["side", "records", "beats", *CLASSES], rows)


if __name__ == "__main__":
    run(main)
