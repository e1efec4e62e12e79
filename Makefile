# Everything a fresh machine with Python >= 3.11, git and make needs: each target makes what it uses.

PYTHON ?= python3
SPEC ?= digits
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install sweep ui test check system clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  Variables: PYTHON=$(PYTHON)  SPEC=$(SPEC)  ARGS='--name first budget.trials=8'"

install: $(STAMP) ## make .venv with the project and everything it was tested with

sweep: $(STAMP) ## run a first sweep (SPEC=digits: a recipe or a YAML file)
	$(BIN)/tuner sweep $(SPEC) $(ARGS)

ui: $(STAMP) ## show the sweeps in a browser
	$(BIN)/tuner ui $(ARGS)

test: $(STAMP) system ## run the whole test suite
	$(BIN)/pytest -m "not slow" --numprocesses logical $(ARGS)
	$(BIN)/pytest -m slow --numprocesses 2 --dist loadfile $(ARGS)

check: $(STAMP) ## lint, types, imports and the quick tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow" --numprocesses logical $(ARGS)

system: ## say which system programs of the slow tests are missing
	@for program in chromium chromium-browser google-chrome; do command -v $$program >/dev/null && exit; done; \
		echo "note: no Chromium found, so the browser tests will be skipped (Debian: apt-get install chromium)"
	@for program in initdb /usr/lib/postgresql/*/bin/initdb; do command -v $$program >/dev/null && exit; done; \
		echo "note: no PostgreSQL found, so its tests will be skipped (Debian: apt-get install postgresql)"

clean: ## remove .venv, caches and build output; sweeps in runs/ stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python >= 3.11 is needed, '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | tail -n 1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing into $(VENV): a few minutes the first time"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@
