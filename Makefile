# Twoway. `make` alone lists what it can do.
#
# Two environments' worth of packages live in one .venv: the runtime set (constraints.txt), enough
# for `make demo`, and the development set (constraints-dev.txt), which contains it. Each is a
# stamp: it is installed again only when its list or pyproject.toml changes.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV    ?= .venv
BIN     := $(VENV)/bin
RUNTIME := $(VENV)/.twoway-runtime
DEV     := $(VENV)/.twoway-dev
SETUP_LOG := $(VENV)/setup.log

# Extra words for pytest: make test ARGS="-k gate -x"
ARGS ?=

PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: help demo test check format interop bench docs lock clean

help: ## list these targets
	@printf 'Twoway: the unified inbox of a small medical practice\n\n'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(RUNTIME) ## open the sample practice (nothing leaves this machine)
	@$(BIN)/twoway demo

test: $(DEV) ## run the tests (ARGS="-k name" for some of them)
	@$(BIN)/python -m pytest $(ARGS)

check: $(DEV) ## style, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV) ## put the code into the house's format
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

interop: $(DEV) ## the tests against Debian's Dovecot and Postfix (needs root)
	@$(BIN)/python -m pytest -m interop $(ARGS)

bench: $(DEV) ## the measurements, printed as ratios
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(DEV) ## write the pages that are made from the code
	@$(BIN)/python -m docs.generate

# The second file is resolved under the first, so the two can never disagree about a version.
UV_COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url

lock: ## resolve the dependencies anew (needs uv in .venv)
	@test -x $(BIN)/uv || { echo "make lock needs uv: $(BIN)/pip install uv" >&2; exit 1; }
	@$(UV_COMPILE) --upgrade --group build --output-file constraints.txt
	@$(UV_COMPILE) --upgrade --group dev --constraint constraints.txt --output-file constraints-dev.txt
	@echo "Wrote constraints.txt and constraints-dev.txt"

clean: ## remove the environment and everything built
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that is new enough: PYTHON=... decides, else the newest known name on PATH.
$(BIN)/python:
	@found=; \
	for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
	  if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	    >/dev/null 2>&1; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Twoway needs Python 3.11 or newer with its venv module, and found none." >&2; \
	  echo "Install it (Debian: apt install python3 python3-venv)" >&2; \
	  echo "or name one: make demo PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	"$$found" -m venv $(VENV)

# $(1) the list of packages, $(2) a word on what it is
define install
	@echo "$(if $(wildcard $@),Bringing Twoway's packages up to date…,Setting up Twoway ($(2)first time only, about a minute)…)"
	@( $(PIP) install --require-hashes -r $(1) \
	  && $(PIP) install --no-deps --no-build-isolation -e . ) >$(SETUP_LOG) 2>&1 \
	  || { tail -n 20 $(SETUP_LOG) >&2; \
	       echo "Setting up failed; the lines above are the end of $(SETUP_LOG)." >&2; exit 1; }
	@touch $@
endef

$(RUNTIME): constraints.txt pyproject.toml | $(BIN)/python
	$(call install,constraints.txt,)

$(DEV): constraints-dev.txt pyproject.toml | $(BIN)/python
	$(call install,constraints-dev.txt,with its tests; )
	@touch $(RUNTIME)
