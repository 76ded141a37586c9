"""The stages of the pipeline, one thin script each: read parameters and inputs, call the library, write."""

import sys

from arrhythmia.command_line import end_at_interrupts
from arrhythmia.determinism import fix_environment

fix_environment()  # before a stage loads NumPy

# While `python -m` still looks for the stage, it holds its place here; `stages.run` then listens for Ctrl-C.
if sys.argv[0] == "-m":
    end_at_interrupts()
