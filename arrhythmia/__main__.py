"""`python -m arrhythmia`: the command `arrhythmia`."""

from arrhythmia.cli.main import main

if __name__ == "__main__":
    main()
