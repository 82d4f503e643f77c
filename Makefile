# SPDX-License-Identifier: Apache-2.0
# Every command of the project; `make` alone lists them. Stamps in .venv keep anything from running twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
DATA ?= data
PORT ?= 8000
T ?=
ROWS ?=
CI ?=
export CI
# MkDocs announces an incompatible version 2 on every run; ours is pinned.
export NO_MKDOCS_2_WARNING = 1

BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
KERNEL := $(wildcard native/*.c native/*.h)
# The kernel that runs in a browser; committed, so that only who changes native/ needs clang and lld.
WASM := src/noli/web/static/hash/pdq.wasm
WASM_SOURCES := $(sort $(wildcard native/pdq*.c)) native/wasm.c
# A file of tests shares its servers and browsers, so it stays on one process; in the order of their folders, the long
# sanitizer run is not left for the end.
PARALLEL := -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder
# Bars of branch coverage, in per cent; the overall one stands in pyproject.toml.
DOMAIN_PACKAGES := \
	access \
	bank \
	base \
	casework \
	custody \
	evidence \
	exchange \
	hashing \
	jobs \
	matching \
	moderation \
	notices \
	outbox \
	pursuit \
	regimes \
	retention \
	scanning
COMMA := ,
DOMAIN := $(subst $() ,$(COMMA),$(strip $(DOMAIN_PACKAGES:%=src/noli/%/*)))
DOMAIN_BAR := 100

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 16

# --- set-up ------------------------------------------------------------------------------------------------------

$(BIN)/python:
	.ci/python $(PYTHON)
	$(PYTHON) -m venv .venv

.venv/packages.stamp: requirements.lock .ci/uv.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .ci/uv.txt
	$(UV) --require-hashes -r requirements.lock
	touch $@

.venv/stamp: .venv/packages.stamp pyproject.toml setup.py $(KERNEL)
	$(UV) --no-deps --no-build-isolation --reinstall-package noli -e .
	touch $@

.PHONY: setup
setup: .venv/stamp ## Make .venv with everything pinned, the native kernel and the noli command

.PHONY: system
system: ## Install the Debian packages that the whole test run needs (asks for root)
	.ci/install $$(grep -v '^#' .ci/packages.txt)

.PHONY: run
run: setup ## Set up, add made-up demo data, serve on 127.0.0.1:8000 (PORT=…, DATA=…)
	NOLI_PORT=$(PORT) $(BIN)/noli demo --data $(DATA)
	$(BIN)/noli serve --data $(DATA) --port $(PORT)

# --- checks ------------------------------------------------------------------------------------------------------

.PHONY: test
ifeq ($(T),)
test: check ## Run every check and test; T=tests/unit runs one part of the tests and stops at the first failure
else
test: setup
	$(BIN)/pytest -x $(T)
endif

# What looks at the sources is over before tests are begun, whose servers and browsers want both cores.
.PHONY: check
check: setup
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint types imports docs
	@$(MAKE) --no-print-directory pytest

# At home what is missing is a reason to skip its tests; as root (a fresh container) and in CI it is installed.
.PHONY: needed
needed:
	@if [ -n "$(CI)" ] || [ "$$(id -u)" -eq 0 ]; then $(MAKE) --no-print-directory system; \
	else for tool in initdb chromium clang; do compgen -G "/usr/lib/postgresql/*/bin/$$tool" >/dev/null || \
	command -v $$tool >/dev/null || echo "No $$tool here: its tests are skipped ('make system' installs it)."; done; fi

.venv/engines.stamp: .venv/packages.stamp .ci/engines.lock
	$(UV) --require-hashes -r .ci/engines.lock
	touch $@

# Engines of catalogue scans are gigabytes, so at home their tests skip without them; CI has them, and their Java.
.PHONY: engines
engines: .venv/engines.stamp ## Install Daft, Ray and Spark for the tests of scans (some GB)
	@command -v java >/dev/null || .ci/install openjdk-17-jre-headless

# The coverage table comes before pytest's last line is repeated, so that the run ends with what the tests said.
.PHONY: pytest
pytest: setup needed $(if $(CI),engines)
	@mkdir -p artefacts
	@rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest $(PARALLEL) | tee artefacts/pytest.log
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@echo "Domain packages, bar $(DOMAIN_BAR) %:"
	@$(BIN)/coverage report --include='$(DOMAIN)' --fail-under=$(DOMAIN_BAR)
	@tail -n 1 artefacts/pytest.log

.PHONY: lint
lint: .venv/packages.stamp ## Check style, formatting (Python and C) and spelling
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/clang-format --dry-run -Werror $(KERNEL)
	$(BIN)/codespell

.PHONY: types
types: .venv/packages.stamp ## Check types with mypy, strictly
	$(BIN)/mypy

.PHONY: imports
imports: .venv/packages.stamp ## Check that data flows one way between the packages
	PYTHONPATH=src $(BIN)/lint-imports --no-logo

.PHONY: docs
docs: .venv/packages.stamp ## Build the documentation into site/; a broken link fails
	$(BIN)/mkdocs build --strict --quiet

# --- making things -----------------------------------------------------------------------------------------------

.PHONY: kernel
kernel: .venv/packages.stamp ## Rebuild the native kernel in place (NOLI_CFLAGS=… adds compiler flags)
	$(BIN)/python setup.py --quiet build_ext --inplace --force

# One command over sorted sources, without debug information: the same bytes from any directory.
.PHONY: wasm
wasm: ## Rebuild the browser's kernel (clang, lld) and print its SHA-256
	clang --target=wasm32 -std=c11 -O3 -ffp-contract=off -ffreestanding -fno-builtin -nostdlib -fvisibility=hidden \
		-Wall -Wextra -Werror -Wl,--no-entry -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=131072 \
		-Wl,--export=__heap_base -o $(WASM) $(WASM_SOURCES)
	chmod 644 $(WASM)
	sha256sum $(WASM)

.PHONY: format
format: .venv/packages.stamp ## Format Python and C
	$(BIN)/ruff format
	$(BIN)/clang-format -i $(KERNEL)

.PHONY: fix
fix: .venv/packages.stamp ## Format, and repair what the linter can repair by itself
	$(BIN)/ruff check --fix
	$(MAKE) format

.PHONY: messages
messages: setup ## Collect the pages' texts into the catalogues of all languages, and compile them
	$(BIN)/python docs/messages.py

.PHONY: reference
reference: setup ## Write the generated pages of the reference anew
	$(BIN)/python docs/generate.py

.PHONY: screenshots
screenshots: setup ## Take the pictures of our pages that README and documentation show (needs Chromium)
	$(BIN)/python -m docs.make_screens

.PHONY: screenshot
screenshot: setup ## Run the demo against a server of its own and save the terminal as docs/assets/first-block.svg
	$(BIN)/python docs/make_screenshot.py

.venv/bench.stamp: .venv/stamp benchmarks/requirements.lock
	$(UV) --require-hashes -r benchmarks/requirements.lock
	touch $@

.PHONY: bench
bench: .venv/bench.stamp ## Measure against the peers and write docs/benchmarks.md (ROWS="search-1m …" for some)
	@command -v wrk >/dev/null || .ci/install wrk || echo "Rows about requests a second need wrk." >&2
	$(BIN)/python -m benchmarks $(ROWS)

.PHONY: bench-constants
bench-constants: .venv/bench.stamp ## Measure the constants by which noli doctor --plan and the load model reckon
	$(BIN)/python -m benchmarks.constants

.PHONY: bench-robustness
bench-robustness: .venv/bench.stamp ## Measure which edited copies are found, and write docs/robustness.md
	$(BIN)/python -m benchmarks.robustness

.PHONY: bench-video
bench-video: ROWS = video-speed video-edits video-edits-long video-same-scene
bench-video: bench ## Measure hashing and matching of videos alone

.PHONY: lock
lock: .venv/packages.stamp ## Pin every dependency anew, with hashes
	$(BIN)/uv pip compile --quiet pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header -o requirements.lock
	$(BIN)/uv pip compile --quiet pyproject.toml --group dev --group bench --universal --python-version 3.11 \
		--generate-hashes --no-header -c requirements.lock -o benchmarks/requirements.lock
	$(BIN)/uv pip compile --quiet pyproject.toml --group engines --universal --python-version 3.11 \
		--generate-hashes --no-header -c requirements.lock -o .ci/engines.lock

.PHONY: clean
clean: ## Remove what can be made anew (not the data)
	rm -rf .venv build site artefacts .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -f src/noli/hashing/_native*.so
