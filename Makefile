# What a developer needs, one word each. Everything is installed into .venv, and again only when the versions change.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCK := tests/requirements.lock
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The programs that the end-to-end tests run, each with the package that has it.
PROGRAMS := vim:vim htop:htop tmux:tmux ps:procps

export PIP_QUIET ?= 1

.DEFAULT_GOAL := help
.PHONY: help lab test bench lint lock clean programs

help:  ## say what there is
	@echo "make lab    start JupyterLab with this package"
	@echo "make test   check style and types, then run all tests"
	@echo "make lint   check style and types only"
	@echo "make bench  measure, and print the figures as a table"
	@echo "make lock   choose the newest versions again, into $(LOCK)"
	@echo "make clean  remove .venv and the caches"

lab: .venv/.lab  ## JupyterLab, in binder/ where the demo is
	@echo "lab: starting JupyterLab (Ctrl-C stops it)"
	@cd $$([ -d binder ] && echo binder || echo .) && exec $(CURDIR)/$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root)

test: lint programs
	@echo "test: running all tests"
	@$(BIN)/python -m pytest -m "not bench"

lint: .venv/.ready
	@echo "lint: checking style and types"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: .venv/.ready
	@echo "bench: measuring, which takes some minutes"
	@$(BIN)/python -m tests.bench

lock: .venv/.ready
	@echo "lock: choosing versions for Python 3.10 and newer"
	@$(PIP) install uv
	@echo '# What `make` installs, to the version, on every supported Python. Written by `make lock`.' > .venv/lock
	@echo jupyterlab | $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --extra test \
		--no-header --no-annotate pyproject.toml - >> .venv/lock
	@mv .venv/lock $(LOCK)

clean:
	@echo "clean: removing .venv and the caches"
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A test that needs a program fails where it is missing; nothing is skipped.
programs:
	@missing=(); \
	for entry in $(PROGRAMS); do command -v "$${entry%%:*}" >/dev/null || missing+=("$${entry##*:}"); done; \
	if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ]; then \
		echo "test: please install $${missing[*]}: the tests that need it will fail" >&2; exit 0; fi; \
	echo "test: installing $${missing[*]}"; \
	export DEBIAN_FRONTEND=noninteractive; \
	{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$${missing[@]}"; } >/dev/null \
		|| echo "test: could not install $${missing[*]}: the tests that need it will fail" >&2

# Debian keeps the part of Python that makes environments in a package of its own.
.venv/.python:
	@echo "setup: creating .venv"
	@$(PYTHON) -m venv .venv || { \
		command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && echo "setup: installing python3-venv" && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null && \
		$(PYTHON) -m venv --clear .venv; }
	@touch $@

.venv/.ready: .venv/.python pyproject.toml $(LOCK) sshx_jupyter/_version.py sshx_jupyter/server/sshx_jupyter.json
	@echo "setup: installing the package and what its tests need (a minute the first time)"
	@$(PIP) install --constraint $(LOCK) --editable '.[test]'
	@touch $@

.venv/.lab: .venv/.ready
	@echo "setup: installing JupyterLab"
	@$(PIP) install --constraint $(LOCK) jupyterlab
	@touch $@
