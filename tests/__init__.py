from arrhythmia.determinism import fix_environment

fix_environment()  # before a test loads NumPy
