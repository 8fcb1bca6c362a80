# `make demo` and `make test` need Python 3.11, git and make, and do the rest themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test peers bench tour lock sample format clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / - /' | column -t -s '-'

$(READY): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
		|| { echo "This needs Python 3.11, and found $$($(or $(PYTHON),echo none) --version 2>&1 | sed 's/ --version//'): put it on the PATH, or make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## serve the app on sample data whose clock is moved to now (PORT=8501)
	@$(BIN)/dashboard demo --port $(PORT)

peers:
	@.ci/peers

test: $(READY) peers ## lint, types, import rules, and every test, those of a browser, PostgreSQL and Slurm included
	@BIN=$(BIN) .ci/checks

bench: $(READY) ## how fast, as ratios taken side by side
	@$(BIN)/python -m bench.run

tour: $(READY) peers ## take the pictures of the README again
	@$(BIN)/python -m docs.tour

lock: $(READY) ## pin every dependency again, with hashes
	@$(BIN)/pip-compile pyproject.toml --quiet --upgrade --extra test --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock

sample: $(READY) ## write sample_data again from its seed
	@$(BIN)/python sample_data/make.py

format: $(READY) ## lay the code out
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean: ## forget what was set up
	@rm -rf $(VENV) shots build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
