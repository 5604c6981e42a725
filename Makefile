# What a developer needs, one word each. Everything is installed into .venv, and again only when the versions change.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCK := tests/requirements.lock
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The programs that the end-to-end tests run, each with the package that has it.
PROGRAMS := vim:vim htop:htop tmux:tmux ps:procps zsh:zsh fish:fish chromium:chromium
RELAY_VERSION := $(shell sed -n 's/^VERSION = "\(.*\)"$$/\1/p' tests/relay.py)
RELAY_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sshx-jupyter/iroh-relay-$(RELAY_VERSION)
RELAY := $(RELAY_ROOT)/bin/iroh-relay
MODULES := js/node_modules/.package-lock.json
BUNDLE := sshx_jupyter/server/static/page.js
LABEXTENSION := sshx_jupyter/labextension
LINK := .venv/share/jupyter/labextensions/sshx-jupyter

export PIP_QUIET ?= 1

.DEFAULT_GOAL := help
.PHONY: help lab test test-js bench soak pictures lint lint-python lint-js bundle sshx-web lock clean node programs relay

help:  ## say what there is
	@echo "make lab    start JupyterLab with this package"
	@echo "make test   check style, types and imports, then run all tests"
	@echo "make lint   check style, types and imports only"
	@echo "make bundle build the page and the JupyterLab plugin, if their sources in js/ have changed"
	@echo "make sshx-web  build the browser's iroh node again, into js/sshx-web/pkg, which needs Rust"
	@echo "make bench  measure, and print the figures as a table; ROWS=\"bulk echo\" for some of them"
	@echo "make soak   break the links of a guest 1,000 times, in Python and in TypeScript, and check that nothing is lost"
	@echo "make pictures  take a screenshot of every screen, into tests/pictures/out; ONLY=page for some of them"
	@echo "make lock   choose the newest versions again, into $(LOCK)"
	@echo "make clean  remove .venv, js/node_modules, the bundles and the caches"

lab: .venv/.ready bundle  ## JupyterLab, in binder/ where the demo is
	@echo "lab: starting JupyterLab (Ctrl-C stops it)"
	@cd $$([ -d binder ] && echo binder || echo .) && exec $(CURDIR)/$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root)

# What Python and what Node.js needs is set up, and checked, side by side. The tests in Python run in two processes,
# as they wait most of their time; those in the browser run alone, see tests/conftest.py. A process that dies is not
# replaced: the new one would run the test again that killed it.
test:
	@$(MAKE) --no-print-directory relay
	@$(MAKE) --no-print-directory --jobs=2 lint programs test-js
	@echo "test: running the tests in Python"
	@$(BIN)/python -m pytest -m "not bench" --numprocesses 2 --no-loadscope-reorder --max-worker-restart 0

test-js: .venv/.ready bundle
	@echo "test: running the tests in TypeScript"
	@cd js && PYTHON=$(CURDIR)/$(BIN)/python npx vitest run

lint: lint-python lint-js

lint-python: .venv/.ready
	@echo "lint: checking the style, types and imports of Python"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

lint-js: $(MODULES)
	@echo "lint: checking TypeScript's style and types"
	@cd js && npm run --silent lint && npm run --silent types

bundle: $(BUNDLE)

sshx-web:
	@echo "sshx-web: testing the crate, and building it for browsers, which takes some minutes"
	@cd js/sshx-web && cargo test --locked
	@$(PYTHON) js/sshx-web/build.py

bench: .venv/.ready bundle
	@echo "bench: measuring, which takes some minutes"
	@$(BIN)/python -m tests.bench $(ROWS)

soak: .venv/.ready bundle
	@echo "soak: breaking the links of a guest 1,000 times, in Python and then in TypeScript, which takes some minutes"
	@SSHX_CUTS=1000 $(BIN)/python -m pytest tests/e2e/test_cuts.py --capture=no
	@echo "soak: a relay, a host and a guest's tab that are gone for up to a minute"
	@SSHX_SOAK=1 $(BIN)/python -m pytest tests/e2e/test_guest_page.py -k comes_back --capture=no
	@cd js && SSHX_CUTS=1000 PYTHON=$(CURDIR)/$(BIN)/python npx vitest run tests/client/real.test.ts -t "nothing typed"

pictures: .venv/.ready bundle relay
	@echo "pictures: taking them, which takes some minutes"
	@$(BIN)/python -m tests.pictures $(ONLY)

lock: .venv/.ready
	@echo "lock: choosing versions for Python 3.10 and newer"
	@$(PIP) install uv
	@echo '# What `make` installs, to the version, on every supported Python. Written by `make lock`.' > .venv/lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --extra test \
		--no-header --no-annotate pyproject.toml >> .venv/lock
	@mv .venv/lock $(LOCK)

clean:
	@echo "clean: removing .venv, js/node_modules, the bundles and the caches"
	@rm -rf .venv js/node_modules js/lib $(dir $(BUNDLE)) $(LABEXTENSION) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A test that needs a program fails where it is missing; nothing is skipped. One apt at a time: its lock does not wait.
programs: | .venv/.python
	@missing=(); \
	for entry in $(PROGRAMS); do command -v "$${entry%%:*}" >/dev/null || missing+=("$${entry##*:}"); done; \
	if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ]; then \
		echo "test: please install $${missing[*]}: the tests that need it will fail" >&2; exit 0; fi; \
	echo "test: installing $${missing[*]}"; \
	export DEBIAN_FRONTEND=noninteractive; \
	{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$${missing[@]}"; } >/dev/null \
		|| echo "test: could not install $${missing[*]}: the tests that need it will fail" >&2

# The relay of the tests is built once and kept outside of this checkout: it takes some minutes. Debian has a Rust that
# is new enough in packages of their own.
relay: $(RELAY)
	@:

$(RELAY): | programs
	@if ! command -v cargo >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "test: installing cargo-web"; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends cargo-web gcc libc6-dev >/dev/null; fi
	@echo "test: building iroh-relay for the tests (some minutes, once on a machine)"
	@CARGO_TARGET_DIR=$(RELAY_ROOT)/target cargo install --quiet --locked iroh-relay --version $(RELAY_VERSION) \
		--features server --root $(RELAY_ROOT) \
		|| echo "test: could not build iroh-relay: the tests that need it will fail" >&2
	@rm -rf $(RELAY_ROOT)/target

# The bundles are built with Node.js, in the same way by pip: see js/hatch_build.py.
node:
	@if ! command -v npm >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "setup: installing nodejs and npm"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm; } \
			>/dev/null; fi; \
	if ! command -v npm >/dev/null || ! node -e \
		'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then \
		echo "setup: please install Node.js 20.19 or newer with npm (https://nodejs.org): here is" \
			"$$(node --version 2>/dev/null || echo none)" >&2; exit 1; fi

$(MODULES): js/package-lock.json | node
	@echo "setup: installing what the bundles are built with"
	@cd js && npm ci --loglevel=error && touch node_modules/.package-lock.json

$(BUNDLE): $(MODULES) $(wildcard js/*.json js/*.mjs) $(shell find js/src js/schema js/sshx-web/pkg)
	@echo "setup: building the page and the JupyterLab plugin"
	@cd js && npm run --silent build && touch ../$@

# Made by the same rule.
ifeq ($(wildcard $(LABEXTENSION)/package.json),)
.PHONY: $(BUNDLE)
endif

# Debian keeps the part of Python that makes environments in a package of its own.
.venv/.python: | node
	@echo "setup: creating .venv"
	@$(PYTHON) -m venv .venv || { \
		command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && echo "setup: installing python3-venv" && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null && \
		$(PYTHON) -m venv --clear .venv; }
	@touch $@

# What pip copies for JupyterLab becomes a link, so that `make bundle` is enough to change it. Through the link, pip would
# write into the checkout.
.venv/.ready: .venv/.python pyproject.toml $(LOCK) sshx_jupyter/_version.py sshx_jupyter/server/sshx_jupyter.json \
		| $(BUNDLE)
	@echo "setup: installing the package and what its tests need (a minute the first time)"
	@rm -rf $(LINK)
	@$(PIP) install --constraint $(LOCK) --editable '.[test]'
	@$(BIN)/jupyter-builder develop --overwrite --log-level=WARN .
	@touch $@
