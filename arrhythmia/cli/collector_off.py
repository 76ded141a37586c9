"""Loaded first in the process that others are copied from: without the collector, libraries load faster."""

import gc

gc.disable()
