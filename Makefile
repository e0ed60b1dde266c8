# make run    set up and run the main job on the simulated sample; prints the half-year table
# make test   set up and run the tests
# make check  lint, format, types, import rules
# make bench  how fast a build is, beside a DuckDB script by hand (half an hour and 10 GB of disk at 30 M transfers)
# make setup  what they begin with: afterwards .venv/bin/inflows is there
# The network is needed for the package registry only, and only the first time.
.DEFAULT_GOAL := run
.PHONY: run test check bench setup lock clean
SHELL := /bin/sh
BIN := .venv/bin
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

# The first Python from 3.11 to 3.14 on the path, or the one given as PYTHON=…
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo "$$p" && break; done)

setup: .venv/.installed

# The lock file is complete (--no-deps): old resolvers stumble over extras of pinned packages.
.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed; give it as: make setup PYTHON=/path/to/python3"; exit 2; }
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src pipelines  # pip compiles what it copies, and not what it links
	@touch $@

# An old DuckDB, to prove that the published file opens in it.
.venv/.readers: tests/readers.lock .venv/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		--upgrade --target .venv/readers/duckdb -r tests/readers.lock
	@touch $@

run: setup
	@$(BIN)/inflows run --sample

test: setup .venv/.readers
	@INFLOWS_OLD_DUCKDB=$(CURDIR)/.venv/readers/duckdb $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python bench/build.py $(ARGS)

# After a change of dependencies; needs uv.
lock:
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header --no-annotate -o requirements.lock
	echo "duckdb==1.2.2" | uv pip compile - --universal --generate-hashes --no-header --no-annotate -o tests/readers.lock

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis
