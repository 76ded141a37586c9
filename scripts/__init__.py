from arrhythmia.determinism import fix_environment

fix_environment()  # before a command loads NumPy
