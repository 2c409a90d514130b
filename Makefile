PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
DEMO_SECONDS ?= 120
TOO_NEW := 3.14
FETCHED := 3.13
# Where it is set, each process would compile anew what it imports: seconds for a worker.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test lint kernels unit broker newer mutants lock audit clean

help:  ## Show what can be done
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready  ## Make .venv with every locked dependency (the other targets call it)

define make_venv
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Freshet needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make $(MAKECMDGOALS) PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= tuple(map(int, "$(TOO_NEW)".split("."))))' || { \
	  echo "Some packages have no wheels for Python $(TOO_NEW) and newer: $(VENV) gets Python $(FETCHED), which uv fetches if need be (or give one: PYTHON=python$(FETCHED))"; \
	  $(BIN)/uv venv --quiet --clear --seed --python $(FETCHED) $(VENV) \
	    && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
endef
own = $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .

$(VENV)/.ready: requirements.lock pyproject.toml
	$(make_venv)
	$(BIN)/uv pip install --python $(BIN)/python -r requirements.lock
	$(own)
	@touch $@ $(VENV)/.demo

# A fifth of all: no PyTorch, none of the tests' tools. Where everything is installed already, that will do.
$(VENV)/.demo: requirements-demo.lock pyproject.toml
	$(make_venv)
	$(BIN)/uv pip install --python $(BIN)/python -r requirements-demo.lock
	$(own)
	@touch $@

demo: $(VENV)/.demo  ## Real shoppers' lists change while their purchases stream (DEMO_SECONDS=120)
	$(BIN)/freshet demo --seconds $(DEMO_SECONDS)

test: setup  ## Everything CI runs: lint, types, import rules, unit, contract, flow, real Kafka
	$(MAKE) --jobs=2 lint kernels
	$(MAKE) unit
	$(MAKE) broker

lint: setup  ## Style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

kernels: setup  ## Compile what folds and lists need, for all processes to come
	$(BIN)/python -m online.warm_up

# One process a core: more threads of each would only wait for one another.
unit: export OMP_NUM_THREADS := 1
unit: setup  ## Tests that need no Kafka
	$(BIN)/pytest --ignore=tests/broker -n logical

broker: setup  ## Tests on a real Kafka, with real processes
	$(BIN)/pytest tests/broker --ignore=tests/broker/test_soak.py -n 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/pytest tests/broker/test_soak.py

newer: export OMP_NUM_THREADS := 1
newer: setup  ## Tests of what changes with Python itself: make newer PYTHON=python3.13 VENV=.venv-newer
	$(BIN)/pytest tests/encoders tests/contracts tests/flow tests/streams/test_logs.py tests/streams/test_producer.py -n logical

mutants: setup  ## The soak with one guarantee broken at a time: it has to notice each (about 15 minutes)
	@for mutant in cursor watermark produce_order; do \
	  echo "== $$mutant"; \
	  if MUTANT=$$mutant PYTHONPATH=$(CURDIR)/tests/mutants $(BIN)/freshet soak --seed 1 --minutes 2; \
	  then echo "the soak did not notice that $$mutant is broken"; exit 1; fi; \
	done

compile := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml
lock: setup  ## Renew the locks from pyproject.toml: of everything, and of what the demo needs
	$(BIN)/uv $(compile) --upgrade --extra dev -o requirements.lock
	$(BIN)/uv $(compile) --constraint requirements.lock --excludes deploy/not-for-the-demo.txt -o requirements-demo.lock

audit: setup  ## Known vulnerabilities of what is pinned; needs the internet
	$(BIN)/python -m deploy.audit

clean:  ## Remove what was made here
	find online -name '*.nb[ic]' -delete
	rm -rf .venv .venv-newer .venv-demo .freshet build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
