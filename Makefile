# Everything from a fresh clone, with nothing but make and a Python:   make demo   ·   make test
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test check bench clean
.DELETE_ON_ERROR:

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## train on the documentation of this Python and show the result
	@$(BIN)/firth demo

test: $(VENV)/.development  ## run all tests
	@$(BIN)/python -m pytest

check: $(VENV)/.development  ## lint, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.benchmarks  ## run the benchmarks against their peers
	@$(BIN)/python benchmarks/run.py

clean:  ## remove what was made here, the environment too
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis firth-demo.vectors
	find src tests benchmarks tools examples -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made anew whenever pyproject.toml changes; each stamp adds its extra to what is there.
$(VENV)/.made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("expected Python 3.11 or newer, got %d.%d (%s); " \
		"name another: make PYTHON=python3.12" % (sys.version_info[0], sys.version_info[1], sys.executable))'
	@echo "making $(VENV) …"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "this Python can't make environments: install its venv module \
	(Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.made
	@$(PIP) --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.installed
	@$(PIP) --editable '.[development]'
	@touch $@

$(VENV)/.benchmarks: $(VENV)/.installed
	@$(PIP) --editable '.[benchmarks]'
	@touch $@
