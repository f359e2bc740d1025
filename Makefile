# `make demo` and `make test` do all their own set-up; ARGS goes to the command, PYTEST_ARGS to pytest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# As the command line does: spinning OpenMP threads starve each other on a busy machine.
export OMP_WAIT_POLICY ?= passive
export OPENBLAS_NUM_THREADS ?= 1

ARGS ?=
PYTEST_ARGS ?=
BIN := .venv/bin
LOCK = cd requirements && ../$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: help demo serve test lint prove bench lock clean batch dev

help:
	@echo "make demo  [ARGS=--once]      data, features, training, Redis, service, three customers asked"
	@echo "make serve [ARGS=...]         the service on what NBO_HOME holds"
	@echo "make test  [PYTEST_ARGS=...]  lint, types, import contracts, tests"
	@echo "make bench [ARGS=--quick]     the service beside its peers on this machine"
	@echo "make batch | dev              .venv only: what the commands need | with the tests' tools too"
	@echo "make lint | prove NAME=... | lock [UPGRADE=1] | clean"

batch dev:
	@scripts/set_up $@

demo: batch
	@$(BIN)/nbo demo $(ARGS)

serve: batch
	@$(BIN)/nbo serve $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Files share the processors; faults, whole services and browsers have them to themselves.
test: lint
ifeq ($(strip $(PYTEST_ARGS)),)
	$(BIN)/python -m pytest -n auto --dist loadfile tests/unit tests/contract tests/architecture tests/data tests/integration
	$(BIN)/python -m pytest tests/faults tests/e2e
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

prove: dev
	@test -n "$(NAME)" || { echo "say which proof: make prove NAME=..." >&2; exit 2; }
	@test -f "proofs/$(NAME).py" || { echo "there is no proof proofs/$(NAME).py" >&2; exit 2; }
	$(BIN)/python -m proofs.$(NAME) $(ARGS)

bench: batch
	@$(BIN)/python -m nbo bench $(ARGS)

lock: batch
	$(LOCK) -o build.txt build.in
	$(LOCK) -o serving.txt serving.in
	$(LOCK) -o batch.txt -c build.txt -c serving.txt serving.in batch.in
	$(LOCK) -o dev.txt -c batch.txt serving.in batch.in dev.in

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
