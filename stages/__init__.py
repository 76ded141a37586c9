"""The stages of the pipeline, one thin script each: read parameters and inputs, call the library, write."""

import signal
import sys

from arrhythmia.determinism import fix_environment

fix_environment()  # before a stage loads NumPy

# While `python -m` still looks for the command, it holds its place here: Ctrl-C before the libraries are
# loaded, which takes a second, ends it without a traceback. `stages.run` then listens for it.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
