# Needs make and Python 3.11 or newer, nothing else: every target makes .venv itself when it is missing or older than the lock.
#
#   make demo [ONCE=1] [SIZE=2000] [STORY=name] [SEED=1]   both stand-ins, the daemon, a day of work
#   make test [T=tests/unit/kernel]                        all tests, in random order
#   make check                                             style, types, import rules, then all tests
#   make lint                                              the same without the tests
#   make docs                                              write docs/{mapping,cases,predecessor}.md anew from the code
#   make simulate [SEEDS=1000] [SEED=1]                    seeded histories of people, faults and crashes, judged
#   make simulate MUTANTS=1 | CRASH=every                  planted bugs, each to be caught; dead at every point, judged
#   make killtest [KILLS=200] [SEED=1]                     the real daemon, killed under load, judged
#   make bench                                             the benchmarks
#   make lock                                              pin the dependencies anew (needs the package index)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check
T ?= tests
# Tests of one file stay together: what a module sets up is set up once.
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadscope

.PHONY: help demo test check lint docs bench simulate killtest lock

help:
	@sed -n 's/^#   //p' Makefile

demo: $(READY)
	@$(BIN)/streamsync demo $(if $(ONCE),--once) $(if $(SIZE),--size $(SIZE)) $(if $(STORY),--story "$(STORY)") $(if $(SEED),--seed $(SEED))

test: $(READY)
	@$(PYTEST) $(T)

check: lint test

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(READY)
	@$(BIN)/streamsync mapping > docs/mapping.md
	@$(BIN)/python -m tests.cases_page > docs/cases.md
	@$(BIN)/python -m tests.predecessor_page > docs/predecessor.md

simulate: $(READY)
	@$(BIN)/python -m tests.simulation.swarm.$(if $(MUTANTS),mutants,$(if $(CRASH),every,many $(or $(SEEDS),100) $(or $(SEED),1)))

killtest: $(READY)
	@$(BIN)/python -m tests.kill $(or $(KILLS),200) $(or $(SEED),1)

bench: $(READY)
	@$(BIN)/python -m tests.bench

lock: $(READY)
	@$(BIN)/pip-compile -q --extra dev --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml

# Every file is checked against its hash, and nothing is built from source. The project itself needs no network.
$(READY): requirements.lock pyproject.toml
	@python=""; \
	for candidate in $(PYTHON) $(BIN)/python python3.11 python3.12 python3.13 python3.14 python3; do \
		if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python="$$candidate"; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "streamsync needs Python 3.11 or newer with the venv module. Found none: install one (on Debian: apt-get" \
			"install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV); fi
	@$(PIP) install -q --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install -q --no-index --no-build-isolation --no-deps -e .
	@touch $@
