"""Draw a simulated patient of each kind, as RR intervals and as ECG: docs/simulation.png.

arrhythmia study simulation                 # some seconds
arrhythmia study simulation --seed 7        # other patients
"""

from pathlib import Path

from arrhythmia.command_line import command_parser
from arrhythmia.figures.simulation import rhythms
from arrhythmia.figures.style import save_png
from arrhythmia.simulation.patients import STRATA
from arrhythmia.simulation.recordings import simulate_recording

BEATS = 1000

SYMBOLS = {
    "no_ectopy": "",
    "av_block": "",
    "fibrillation": "",
    "aberrant_fibrillation": "a",
    "flutter": "",
    "ventricular": "VF",
    "sick_sinus": "jE",
    "junctional": "jJ",
    "noisy": "Q",
    "mixed": "AVF",
}
"""Symbols of the beats that a stratum is named for; of the others, supraventricular ectopic beats."""

PICTURE = Path("docs/simulation.png")


def main(argv: list[str]) -> None:
    """Write the picture."""
    parser = command_parser("study simulation", __doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the patients (default: 0)")
    seed = parser.parse_args(argv).seed
    recordings = [simulate_recording(stratum, beats=BEATS, seed=seed) for stratum in STRATA]
    titles, symbols = zip(
        *((name.replace("_", " "), SYMBOLS.get(name, "AaJ")) for name in STRATA), strict=True
    )
    save_png(PICTURE, rhythms(recordings, titles, symbols))
    print(f"wrote {PICTURE}")
