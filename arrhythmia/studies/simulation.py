"""Draw a simulated patient of each kind, as RR intervals and as ECG: docs/simulation.png.

arrhythmia study simulation                 # some seconds
arrhythmia study simulation --seed 7        # other patients
"""

import argparse
from pathlib import Path

from arrhythmia.figures.simulation import rhythms
from arrhythmia.figures.style import save_png
from arrhythmia.simulation.patients import STRATA
from arrhythmia.simulation.recordings import simulate_recording

BEATS = 1000
PICTURE = Path("docs/simulation.png")


def main(argv: list[str]) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(
        prog="arrhythmia study simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=0, help="of the patients (default: 0)")
    seed = parser.parse_args(argv).seed
    recordings = [simulate_recording(stratum, beats=BEATS, seed=seed) for stratum in STRATA]
    save_png(PICTURE, rhythms(recordings, [name.replace("_", " ") for name in STRATA]))
    print(f"wrote {PICTURE}")
