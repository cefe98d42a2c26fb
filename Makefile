# memberctl: `make` lists what can be made. Needs Python 3.11 or newer and make; the rest is fetched.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
# Bytecode is what makes a command start fast: without it everything takes 2.5 times as long.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

$(STAMP): pyproject.toml memberctl/__init__.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q memberctl $(VENV)/lib
	@touch $@

demo: $(STAMP) ## Walk a club through its first year, in under a minute
	$(BIN)/python sample_data/demo

test: $(STAMP) ## Run all tests, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

check: $(STAMP) ## Types, style, format
	$(BIN)/mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(STAMP) ## Measure each job beside its floor
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	$(BIN)/python -m tests.bench

soak: $(STAMP) ## Run the promises' long figures
	$(BIN)/python -m pytest -q -s tests/soak

clean: ## Remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis build dist
