"""Every model under every protocol in one figure, with which the report begins."""

from typing import Any

from matplotlib.figure import Figure

from arrhythmia.figures.style import styled
from arrhythmia.titles import MODEL_TITLES, protocol_name

COLOURS = {"intra_patient": "#0072B2", "inter_patient": "#D55E00", "all_patients": "#009E73"}


@styled
def comparison(cards: dict[tuple[str, str], dict[str, Any]], *, title: str) -> Figure:
    """Draw macro-F1 over N, S and V of each model under each protocol, with its 95 % interval.

    Args:
        cards: metrics by protocol and model.
        title: heading.
    """
    protocols, models = (list(dict.fromkeys(key[i] for key in cards)) for i in (0, 1))
    figure = Figure(figsize=(8, 3.6))
    axes = figure.subplots()
    width = 0.8 / len(protocols)
    for i, protocol in enumerate(protocols):
        for j, model in enumerate(models):
            card = cards[protocol, model]
            value, ends = card["macro_f1_nsv"], card["ci95"]["macro_f1_nsv"]
            x = j + (i - (len(protocols) - 1) / 2) * width
            label = protocol_name(protocol) if j == 0 else None
            axes.bar(x, value, width * 0.92, color=COLOURS[protocol], label=label)
            axes.vlines(x, ends["low"], ends["high"], color="black")
            axes.text(x, 0.03, f"{value:.3f}", ha="center", color="white", fontweight="bold")
    axes.set_xticks(range(len(models)), [MODEL_TITLES[model] for model in models])
    axes.set_ylim(0, 1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=len(protocols), frameon=False)
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)
    figure.suptitle(title)
    return figure
