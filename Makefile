# evalctl: from a clone to a result. `make help` lists the targets.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin

# cpu or gpu: which build of vLLM goes into .venv; what is installed already is the default.
EXTRA ?= $(if $(wildcard $(VENV)/.installed-gpu),gpu,cpu)
OTHER := $(if $(filter gpu,$(EXTRA)),cpu,gpu)
# The first of these that runs and is new enough; PYTHON=... overrides it.
PYTHON ?= $(firstword $(foreach name,python3 python3.11 python3.12 python3.13,$(shell $(name) -c \
	'import sys; sys.version_info[:2] in {(3, 11), (3, 12), (3, 13)} and print("$(name)")' 2>/dev/null)))

PINS := requirements/uv.txt requirements/$(EXTRA).txt $(if $(filter cpu,$(EXTRA)),requirements/torch.txt)
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
SOURCES := $(PACKAGES) $(wildcard docs/*.py deploy/*.py)
LINT = $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy --strict $(SOURCES)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --custom-compile-command "make requirements"

# Where the environment has Python write no bytecode, every process would compile all of vLLM anew,
# and all of evalctl.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup quickstart test lint bench chaos soak failover odd-servers containers up down docs vendor structure requirements check-extra

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: check-extra $(VENV)/.installed-$(EXTRA) $(VENV)/.installed-evalctl ## Install everything into .venv from pinned files (EXTRA=cpu or gpu)

quickstart: setup ## Compare two tiny real models on this machine, servers included
	@$(BIN)/evalctl quickstart

# Lint goes beside the tests, which leave cores idle while they wait, and is said below them.
test: setup ## Lint, type check and run all tests; as root on Debian, install the programs that some need
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; { $(LINT); } >"$$said" 2>&1 & lint=$$!; \
	$(BIN)/python -m pytest -n 3 --no-loadscope-reorder; tests=$$?; \
	wait $$lint; lint=$$?; cat "$$said"; test $$tests -eq 0 && test $$lint -eq 0

lint: setup ## Check style, formatting and types
	@$(LINT)

bench: setup ## Measure evalctl itself and write bench/results.json
	@$(BIN)/python -m bench

chaos: setup ## Kill, freeze and starve every part on purpose; write docs/explanation/faults.md (some 12 minutes; all faults as root)
	@$(BIN)/python -m tests.chaos $(FAULTS)

soak: setup ## Work for 20 minutes under faults drawn at random; SOAK="--jobs 500 --workers 3 --minutes 2 --seed 1" for less
	@$(BIN)/python -m tests.chaos.soak $(SOAK)

failover: setup ## Kill a primary PostgreSQL under 500 jobs and promote its standby (as root on Debian); FAILOVER="--asynchronous" or "--jobs 40"
	@$(BIN)/python -m tests.chaos.failover $(FAILOVER)

odd-servers: setup ## Run against servers that misbehave and print what came of it (CASES=--all for those that take minutes)
	@$(BIN)/python -m tests.odd_servers $(CASES)

containers: setup ## Build and run the containers for real; CONTAINERS="--private --keep --gpu" (some 20 minutes; without a Docker engine as root on Debian)
	@$(BIN)/python -m tests.containers $(CONTAINERS)

up: setup ## Start the embedded servers, the reconciler and a worker in the background
	@$(BIN)/evalctl up

down: setup ## Stop what `make up` started
	@$(BIN)/evalctl down

docs: setup ## Write the generated reference pages again
	@$(BIN)/python -m docs.generate_cli_reference
	@$(BIN)/python -m docs.generate_analytics_reference
	@$(BIN)/python -m docs.generate_queries_reference
	@$(BIN)/python deploy/build_dashboards.py
	@$(BIN)/python -m tests.support.tables_page

vendor: setup ## Take KaTeX and Observable Plot from npm again, checked by their hashes; needs Node.js with npm
	@$(BIN)/python deploy/build_vendor.py

structure: setup ## Measure the plan: rooms, arrows, import circles, ways; CHECKOUT=path measures another tree
	@$(BIN)/python -m docs.structure $(CHECKOUT)

requirements: setup ## Compile the pins again; UPGRADE=1 looks for newer versions
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/uv.in -o requirements/uv.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra cpu --extra dev \
		--override requirements/overrides-cpu.txt -o requirements/cpu.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra gpu --extra dev \
		--override requirements/overrides-gpu.txt -o requirements/gpu.txt

check-extra:
	@case "$(EXTRA)" in cpu|gpu) ;; *) echo "EXTRA is cpu or gpu, not '$(EXTRA)'" >&2; exit 2 ;; esac
	@test ! -e $(VENV)/.installed-$(OTHER) || { echo "$(VENV) holds the $(OTHER) build of vLLM, which cannot stand \
	beside the $(EXTRA) build: rm -r $(VENV), then make setup EXTRA=$(EXTRA)" >&2; exit 2; }

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.13 found; install one or say PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "this Python cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 2; }

# The pins name every package, so nothing is resolved: --no-deps. Torch comes by pip, which takes a CPU build where one
# is on offer; the CPU pins leave it out.
$(VENV)/.installed-$(EXTRA): $(PINS) | $(BIN)/python
	@echo "Installing the $(EXTRA) environment into $(VENV); this takes minutes the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
ifeq ($(EXTRA),cpu)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/torch.txt
endif
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/$(EXTRA).txt
	@touch $@

# Installed again when a package appears, since an editable install lists them.
$(VENV)/.installed-evalctl: pyproject.toml $(wildcard */__init__.py) $(VENV)/.installed-$(EXTRA)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
