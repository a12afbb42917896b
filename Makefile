# Everything a newcomer or CI does here. Needs Python 3.11 or later, make and git; uv is fetched when it is not on PATH.
# Plain POSIX sh and the make 3.81 that macOS ships.

UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
UV_FIRST := $(filter .tools/bin/uv,$(UV))
RUN := $(UV) run --no-sync
FILE_BY_FILE := $(RUN) pytest --dist loadfile --no-loadscope-reorder
# the files that take longest come first, so that none of them begins when all others are done
PACKAGES := apps/operator apps services libs tests/contracts
COMPOSE := docker compose -f deploy/compose.yaml
PARTS ?=
PYTEST ?=
FOR ?= 300
SEED ?=
SEEDS ?= 2000
MUTATION ?=
BENCH ?=
N ?= 100000
OUT ?= var/roster.xlsx

# Containers often forbid Python to keep what it compiled; with it kept, a command starts in a third of the time.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test test-fast soak simulate fuzz lint fmt types bench schemas asyncapi sample roster screenshots assets up down clean dev

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(UV_FIRST) ## start everything at http://127.0.0.1:8000 (CANLIAN_PORT, CANLIAN_DATA, CANLIAN_DEMO=0; PARTS="registry volunteer" for some)
	@$(UV) sync --quiet --frozen --no-dev --inexact
	@exec $(RUN) canlian run $(PARTS)

test: lint types ## check style, types and imports, then run every test; says what is missing and skips only that
	@$(RUN) python -m tests.support.needs
	$(FILE_BY_FILE) -n 3 $(PYTEST) $(PACKAGES)
	$(FILE_BY_FILE) -n 2 $(PYTEST) tests --ignore tests/contracts --ignore tests/browser
	$(FILE_BY_FILE) -n 2 $(PYTEST) tests/browser

test-fast: dev ## only the tests that need neither browser nor containers
	$(FILE_BY_FILE) -n 3 $(PYTEST) $(PACKAGES)

soak: dev ## run the loop with two processes of every part, killed at random and upgraded halfway, then compare (FOR=300 seconds, SEED=7)
	$(RUN) python -m tests.soak --for $(FOR) $(if $(SEED),--seed $(SEED))

simulate: dev ## run the core through seeded interleavings and faults in virtual time (SEEDS=2000; SEED=17 repeats one; MUTATION=name)
	$(RUN) python -m tests.simulation --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)) $(if $(MUTATION),--mutation $(MUTATION))

fuzz: dev ## send the API whatever its document allows and what it does not, then count the log (FOR=300 seconds, SEED=7)
	$(RUN) python -m apps.exchange.tests.fuzzing --for $(FOR) $(if $(SEED),--seed $(SEED))

lint: dev ## ruff, its formatter in check mode, and who may import whom
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) lint-imports

fmt: dev ## mend what ruff can mend
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

# Test modules of two folders whose names are no Python names would meet under one module name, so those go by themselves.
types: dev ## mypy --strict
	$(RUN) mypy libs services apps tests deploy conftest.py --exclude '(services-catalog|social-worker)/tests/'
	@for tests in services/services-catalog/tests apps/social-worker/tests; do \
	  if ls $$tests/*.py >/dev/null 2>&1; then $(RUN) mypy --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls $$tests || exit 1; fi; done

bench: $(UV_FIRST) ## measure everything side by side with its parts, and write docs/benchmarks.md (BENCH="commands" for some; half an hour)
	@$(UV) sync --quiet --locked --group dev --group bench
	$(RUN) python -m tests.benchmarks $(BENCH)

schemas: dev ## write the JSON Schemas of all commands and events again
	$(RUN) python -m canlian_events.schema write

asyncapi: dev ## write each service's AsyncAPI document to docs/asyncapi
	$(RUN) canlian asyncapi docs/asyncapi

sample: $(UV_FIRST) ## make sample sheets to import, in var/sample
	@$(UV) sync --quiet --frozen --no-dev --inexact
	@$(RUN) canlian sample var/sample

roster: $(UV_FIRST) ## make a roster of made-up people to import, in var/roster.xlsx (N=100000; OUT=roster.csv)
	@$(UV) sync --quiet --frozen --no-dev --inexact
	@$(RUN) python -m canlian_sheets.made_up.roster $(OUT) --people $(N)

screenshots: dev ## take each tool's main page for the README, in docs/pictures
	$(RUN) python -m tests.browser.screenshots

assets: dev ## fetch the pages' scripts and styles again from npm (needs npm; the result is committed)
	$(RUN) python -m canlian_web.assets

up: ## the same with containers, in the background, empty unless CANLIAN_DEMO=1
	$(COMPOSE) up --build --detach --wait

down: ## stop the containers; their volumes stay
	$(COMPOSE) down

clean: ## remove what was built or cached; never ./var, where the data is
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

dev: $(UV_FIRST)
	@$(UV) sync --quiet --locked --group dev

.tools/bin/uv:
	@python=; \
	for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or later is needed; found: $$(python3 --version 2>/dev/null || echo none)."; \
	  echo "  Debian, Ubuntu: sudo apt-get install python3 python3-venv     macOS: brew install python"; exit 1; fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python has no venv module. Debian, Ubuntu: sudo apt-get install python3-venv"; exit 1; fi; \
	echo "Fetching uv into .tools (it is not on PATH)"; \
	rm -rf .tools && $$python -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.8' \
	  || { rm -rf .tools; echo "uv could not be fetched from PyPI: is this machine online?"; exit 1; }
