# Two commands matter: `make run` and `make test`. Everything they need is installed by them, once, and again only when
# its inputs change; a stamp in .stamps/ remembers.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
ARGS ?=

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WEB_INPUTS := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name '*.tsbuildinfo' 2>/dev/null)
NODE_OK := $(shell node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null && echo yes)

.PHONY: run test check search soak bench web install help lint-python lint-web test-python test-web format pins clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(STAMPS)/install $(if $(NODE_OK),$(STAMPS)/web,no-node) ## Start the board: make run ARGS="--replay PATH"
	@exec $(BIN)/bigboard up $(ARGS)

install: $(STAMPS)/install ## Make the virtual environment and install Bigboard into it
web: $(STAMPS)/web ## Build the page

.PHONY: no-node
no-node:
	@echo "Node 20 or newer is not here, so the page is not built; everything else starts." >&2

# --- Installing -----------------------------------------------------------------------------------------------------

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Bigboard needs Python 3.11 or newer: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No venv module: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements/run.txt
	@echo "Installing what Bigboard runs on …" >&2
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

$(STAMPS)/install: $(STAMPS)/run pyproject.toml hatch_build.py src/bigboard/gateway/native/burst.c
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/test: $(STAMPS)/install requirements/test.txt
	@echo "Installing what the tests run on …" >&2
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

$(STAMPS)/npm: web/package.json web/package-lock.json $(wildcard web/*/package.json web/packages/*/package.json)
	@echo "Installing what the page is built with …" >&2
	@cd web && npm ci --no-audit --no-fund --loglevel=error >&2
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/web: $(STAMPS)/npm $(WEB_INPUTS)
	@echo "Building the page …" >&2
	@cd web && npm run --silent build >&2
	@touch $@

$(STAMPS)/system: scripts/test-system-packages
	@scripts/test-system-packages
	@mkdir -p $(STAMPS) && touch $@

# --- Checking -------------------------------------------------------------------------------------------------------

test: $(STAMPS)/system $(STAMPS)/test $(STAMPS)/web ## Run every check and test; one exit code
	@$(MAKE) --no-print-directory lint-python
	@$(MAKE) --no-print-directory lint-web
	@$(MAKE) --no-print-directory test-web
	@$(MAKE) --no-print-directory test-python

check: $(STAMPS)/test $(STAMPS)/npm ## The fast part, under a minute
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint-python lint-web
	@LAWS=fast $(BIN)/python -m pytest -q -n 2 -m 'not slow and not browser' tests

lint-python: $(STAMPS)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests benchmarks

lint-web: $(STAMPS)/npm
	cd web && npm run --silent lint && npm run --silent typecheck

test-web: $(STAMPS)/npm
	cd web && npm test --silent

test-python: $(STAMPS)/test
	@$(BIN)/python -m pytest -n 2 tests || { [ $$? -eq 1 ] && $(BIN)/python scripts/test-again-alone; }

search: $(STAMPS)/test ## Try the laws on new random examples, ten times as many
	@LAWS=search $(BIN)/python -m pytest -q -n 2 --timeout=1200 -m hypothesis tests

soak: $(STAMPS)/system $(STAMPS)/test ## Break everything for as long as an operator would fear; the report is docs/soak.md
	SOAK=1 SOAK_REPORT=docs/soak.md $(BIN)/python -m pytest -q --timeout=300 tests/resilience

bench: $(STAMPS)/test ## Run the benchmarks: tables here, JSON in benchmarks/results/
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

format: $(STAMPS)/test $(STAMPS)/npm ## Format all sources
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	cd web && npm run --silent format

pins: ## Renew the pinned requirements; needs uv
	@for name in run test; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean: ## Remove everything that was installed or built
	rm -rf $(VENV) $(STAMPS) .tools web/node_modules src/bigboard/gateway/page benchmarks/results benchmarks/.cache
