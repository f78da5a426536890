# The commands of this project; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test slurm-up slurm-down slurm-faults replicas faults crash load fuzz bad-input lint format regen check-regen wheel-check bench bench-peers record clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with flowkit, its gateway and the tools (skipped when up to date)

$(READY): pyproject.toml scripts/create_venv.sh
	@scripts/create_venv.sh "$(PYTHON)" $(VENV)
	@touch $@

demo: $(READY) ## Run a small numpy training on a simulated 2 x A100, its loss streamed
	@scripts/demo.sh

test: $(READY) ## Run the tests
	$(BIN)/pytest -n 2

slurm-up: $(READY) ## Start a Slurm of 3 nodes with 8 fake GPUs each in .slurm/, and print how to use it
	@$(BIN)/python scripts/slurm_cluster.py up .slurm

slurm-down: $(READY) ## End that Slurm and its jobs
	@$(BIN)/python scripts/slurm_cluster.py down .slurm && rm -rf .slurm

slurm-faults: $(READY) ## Kill slurmctld, a slurmd and the gateway in turn under 100 tasks of a cluster
	FLOWKIT_CAMPAIGN=full $(BIN)/pytest tests/campaigns/slurm --timeout 900 $(ARGS)

replicas: $(READY) ## Kill and stop gateways that share a database, under 400 tasks from several clients
	FLOWKIT_CAMPAIGN=full $(BIN)/pytest tests/campaigns/replicas --timeout 900 $(ARGS)

fuzz: $(READY) ## Hold the gateway to the contract with 10,000 generated calls, and attack it (15 min)
	FLOWKIT_CAMPAIGN=full $(BIN)/pytest tests/campaigns/contract tests/campaigns/security

faults: $(READY) ## Break the network between clients and a gateway in every way for some minutes
	FLOWKIT_CAMPAIGN=full $(BIN)/pytest -n 2 tests/campaigns/network --timeout 900 $(ARGS)

crash: $(READY) ## Kill, stop, starve and damage everything for some minutes (ARGS=--log-cli-level=INFO tells more)
	FLOWKIT_CAMPAIGN=full $(BIN)/pytest tests/campaigns/crash --timeout 900 $(ARGS)

load: $(READY) ## Put 10,000 tasks through one gateway, and let 1,500 calls wait for one task
	FLOWKIT_CAMPAIGN=full $(BIN)/pytest tests/campaigns/load --timeout 900 $(ARGS)

bad-input: $(READY) ## Try every wrong input that the tables list, and what each is told
	$(BIN)/pytest -n 2 tests/campaigns/bad_input

lint: $(READY) ## Check format, style, types, the walls between packages and the generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory check-regen

format: $(READY) ## Format the code and mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

regen: $(READY) ## Write the generated code anew from openapi.yaml and flowkit/_async
	$(BIN)/python scripts/regenerate.py

check-regen: regen ## Prove that the generated code is fresh and committed
	@scripts/check_generated.sh

wheel-check: $(READY) ## Build sdist and wheel, install them into empty environments and use them
	@scripts/check_wheel.sh "$(PYTHON)"

bench: $(READY) ## Measure flowkit beside its floors and peers (ARGS=--write renews docs/benchmarks.md)
	$(BIN)/python -m bench.run $(ARGS)

bench-peers: $(READY) ## Install the peers of the benchmark into .bench/ (network, about 1.5 GB)
	$(BIN)/python -m bench.install_peers $(ARGS)

record: $(READY) ## Record the cassettes of tests/cassettes anew from a real gateway
	$(BIN)/python scripts/record_cassettes.py

clean: ## Remove what the commands above have made
	rm -rf $(VENV) .bench .demo build dist .coverage .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
