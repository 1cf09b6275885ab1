# `make demo` and `make test` are all a newcomer needs; both set up .venv first, once.

VENV ?= .venv
# The first of these that runs; RecBole, and with it the comparison with it, needs 3.11.
PYTHON ?= $(shell for v in 3.11 3.12 3.13; do \
	python$$v -c "import venv" >/dev/null 2>&1 && { echo python$$v; break; }; done)
PIP_ARGS ?=
WORKERS ?= auto

# Set-up leaves compiling to the first import, which must then keep what it compiled.
export PYTHONDONTWRITEBYTECODE :=

BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo lint format test test-all browser clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(STAMP) ## make .venv and install the package with the pinned versions

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "bench needs Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Installing into $(VENV) with $(PYTHON); this takes a few minutes, once."
	@$(PYTHON) -m venv $(VENV)
	@# Python compiles what is imported, which is a small part: compiling it all here takes a minute longer.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(PIP_ARGS) \
		-c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP) ## train and rank every model of the quickstart suite and print its table
	@$(BIN)/bench run suites/quickstart.yaml

lint: $(STAMP) ## ruff, formatting, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test: lint ## lint, then the tests that take minutes
	$(BIN)/pytest -n $(WORKERS) -m "not slow" --cov --cov-report=term

test-all: lint ## lint, then every test
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term

browser: ## install the system's Chromium, in which tests look at reports
	@if command -v chromedriver >/dev/null; then :; \
	elif command -v apt-get >/dev/null; then \
		$(SUDO) apt-get update -qq && \
		$(SUDO) apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; \
	elif command -v dnf >/dev/null; then $(SUDO) dnf install -y -q chromium chromedriver; \
	else echo "install Chromium and chromedriver with your system's package manager" >&2; exit 1; fi

clean: ## remove .venv and caches; results stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build *.egg-info
