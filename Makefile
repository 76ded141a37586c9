# make demo     the whole pipeline on synthetic recordings, as a DVC experiment; minutes, offline
# make repro    makes the data from the real recordings, and runs what is not up to date; network or MITDB_MIRROR
# make verify   a full run of the last commit in a temporary copy: has every output the committed bytes?
# make compare  what the experiments of the last commit changed, and how they scored on held-out folds
# make test     the tests
# make lint     ruff
# make lock     new versions into requirements/ (needs uv)
#
# Everything runs in .venv, made from pinned requirements. Another interpreter: make PYTHON=python3.12 demo

PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: setup demo repro verify compare test lint lock

setup: $(VENV)/.installed

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; (3, 11) <= v < (3, 14) or sys.exit("error: Python %d.%d; needs 3.11 to 3.13, name one: make PYTHON=python3.12 ..." % v[:2])'
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) cannot make a virtual environment; install its venv package" >&2; exit 1; }
	@echo "installing into $(VENV) (a minute or two)"
	@# --no-compile: bytecode of what is never loaded would take half of the time
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/dev.txt
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@python -m arrhythmia demo

repro: setup  # predictions are not in git, and are needed only where a stage has changed
	@git rev-parse --verify --quiet HEAD >/dev/null 2>&1 || { echo "error: DVC needs a git repository: clone the project instead of downloading it (make demo works here)" >&2; exit 1; }
	@dvc repro normalize
	@{ said=$$(dvc repro --allow-missing --dry) && ! echo "$$said" | grep -q '^Running stage'; } || dvc repro
	@git diff --quiet HEAD -- dvc.lock models metrics plots REPORT.md && echo "every output has the committed hash" \
	|| git --no-pager diff --stat HEAD -- dvc.lock models metrics plots REPORT.md

verify: setup
	@python -m arrhythmia verify

compare: setup
	@python -m arrhythmia compare

test: setup  # three processes for two cores, because some tests wait: for a queue, a cluster, a browser
	@pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: setup
	@ruff check . && ruff format --check .

LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header pyproject.toml
lock:
	$(LOCK) --extra dev -o requirements/dev.txt
	$(LOCK) --extra train -c requirements/dev.txt -o requirements/train.txt
	$(LOCK) -c requirements/dev.txt -o requirements/predict.txt
