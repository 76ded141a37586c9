"""Stage `download`: fill data/raw from `download.source`, whole or not at all.

    python -m stages.download
    MITDB_MIRROR=/data/mitdb python -m stages.download     # a directory or base URL to try first

Where the bytes come from is no parameter: they are checked, so they are the same from anywhere. Everything
arrives in data/.download, and is moved when complete. Until then data/raw stays as it is (`persist` in
dvc.yaml), and what is right in there is taken from there.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from arrhythmia.datasets.kaggle import PUBLISHED_ROWS, fetch_with_client, read_rows
from arrhythmia.datasets.mitdb import MITDB_MANIFEST, MITDB_MIRRORS, fetch, read_manifest
from arrhythmia.datasets.synthetic.recordings import write_recordings
from arrhythmia.errors import DataError
from arrhythmia.params import load_params
from arrhythmia.paths import RAW
from stages.run import run

UNFINISHED = RAW.with_name(".download")
WAYS_ON = (
    "three ways on: set MITDB_MIRROR to a directory or base URL that has the MIT-BIH Arrhythmia Database, "
    "connect to the network, or take the built-in recordings: `dvc exp run -S download.source=synthetic`"
)


def main() -> None:
    """Collect the files of the chosen source in a folder of its own, then make that folder data/raw."""
    params = load_params()
    source = params["download"]["source"]
    folder = UNFINISHED / source
    match source:
        case "physionet":
            collect_physionet(folder)
        case "synthetic":
            shutil.rmtree(folder, ignore_errors=True)
            write_recordings(folder, **params["synthetic"])
        case "kaggle":
            collect_kaggle(folder, params["download"]["kaggle_dir"])
    publish(folder)
    sizes = [path.stat().st_size for path in RAW.iterdir()]
    print(f"{RAW}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, source {source}")


def collect_physionet(folder: Path) -> None:
    """Fetch the 48 records, or what is missing of them after an interrupted run."""
    mirror = os.environ.get("MITDB_MIRROR")
    earlier = [str(RAW)] if RAW.is_dir() else []
    sources = [*earlier, *([mirror] if mirror else []), *MITDB_MIRRORS]
    try:
        fetch(read_manifest(MITDB_MANIFEST), folder, sources=sources)
    except DataError as error:
        raise DataError(f"{error}; {WAYS_ON}") from None


def collect_kaggle(folder: Path, kaggle_dir: str) -> None:
    """Check and copy the two CSV files of `kaggle_dir`, or of Kaggle's own client where that is empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not kaggle_dir:
        fetch_with_client(folder)
    origin = Path(os.path.expanduser(kaggle_dir)) if kaggle_dir else folder
    for name in PUBLISHED_ROWS:
        read_rows(origin / name)
        if kaggle_dir:
            shutil.copyfile(origin / name, folder / name)


def publish(folder: Path) -> None:
    """Move `folder` to data/raw, in place of what was there."""
    if RAW.is_symlink():
        RAW.unlink()  # never follow a link to somebody's own copy of the data
    elif RAW.exists():
        shutil.rmtree(RAW)
    os.replace(folder, RAW)
    with suppress(OSError):  # another source may have left something unfinished
        UNFINISHED.rmdir()


if __name__ == "__main__":
    run(main)
