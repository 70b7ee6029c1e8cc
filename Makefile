# `make demo` and `make test` do everything, on a machine that has nothing but Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format synth bench conformance constraints clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-13s %s\n", $$1, $$2}'

setup: $(READY) ## create .venv with everything, in the versions of constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,demo,dev]'
	@touch $@

demo: setup ## deploy and run a real pipeline on the embedded AWS, and show the result
	@$(BIN)/python -m blueprints.flight_delays.demo

test: check ## every check and every test
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

check: setup ## format, lint, types, import contracts, and cfn-out/ as synth makes it today
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bunsui synth --check

format: setup ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

synth: setup ## write cfn-out/
	$(BIN)/bunsui synth

bench: setup ## measure (minutes)
	$(BIN)/python -m benchmarks.synth
	$(BIN)/python -m benchmarks.flights
	$(BIN)/python -m benchmarks.interpreter
	$(BIN)/python -m benchmarks.dags

conformance: setup ## how far the interpreter agrees with executions recorded on AWS
	$(BIN)/python -m tests.interpreter.conformance

constraints: setup ## write the installed versions down
	{ head -2 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -v '^numpy=' | sort -f; } > constraints.new && mv constraints.new constraints.txt

clean: ## remove .venv, caches and the embedded AWS's state
	rm -rf $(VENV) .bunsui .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
