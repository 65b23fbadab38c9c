# Two commands: `make run` serves the demo campus, `make test` runs every check.
# Both need only Python 3.11 or newer with venv, and a network the first time.

# What is given on the command line (PORT=8001) or in the environment reaches the commands as it is; what is not may
# stand in .env. Only they know its defaults (docs/configuration.md), so none is set here.
PY = .venv/bin/python

# A development server, unless the environment or .env says which deployment this is.
run draw-demo: export CSPACE_ENV_DEFAULT := development

# What is checked and measured is the code: it does not depend on what stands in a developer's .env.
test lint bench messages: export CSPACE_ENV_FILE :=

COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --no-emit-find-links --only-binary :all: $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help run draw-demo test bench lint format messages lock clean environment environment-to-run

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: environment-to-run ## start PostgreSQL, load the demo campus, serve it (HOST=, PORT=, WORKERS=)
	@exec $(PY) manage.py run --end-with-parent

draw-demo: environment-to-run ## draw about 1,000 wishes of 300 clubs on the demo campus and verify it from outside
	@exec $(PY) manage.py draw_demo

test: lint ## everything CI runs
	$(PY) -m pytest --numprocesses 3 --dist worksteal --ignore tests/starvation
	$(PY) -m pytest tests/starvation # alone: it says how long others wait

lint: environment ## ruff, mypy, import-linter
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	DEBUG=1 $(PY) -m mypy
	.venv/bin/lint-imports

format: environment ## let ruff put the code in order
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: environment ## our operations beside bare Django and plain DRF, as ratios (ARGS=--quick, ARGS="--rows 1e7")
	.venv/bin/python -m tests.bench.suite $(ARGS)

messages: environment ## write the catalogues in locale/ from what people are told, and compile them
	$(PY) -m tests.languages.catalogue

lock: environment ## recompile requirements/*.txt (UPGRADE=--upgrade for newer versions)
	$(COMPILE) pyproject.toml --output-file requirements/core.txt
	$(COMPILE) pyproject.toml --extra sso --constraint requirements/core.txt --output-file requirements/sso.txt
	$(COMPILE) pyproject.toml --extra dev --constraint requirements/sso.txt --output-file requirements/dev.txt
	$(COMPILE) --group radicale --output-file requirements/radicale.txt

clean: ## remove the environment and the caches, never the data in var/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

environment:
	@exec sh requirements/install.sh dev

environment-to-run:
	@exec sh requirements/install.sh core
