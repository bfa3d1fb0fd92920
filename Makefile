# The two commands of a newcomer are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Minutes that the timings may take.
BUDGET ?= 60
# Minutes for random worlds against the oracle.
MINUTES ?= 5

.PHONY: torture golden pictures rulebook disclosure help demo install test check lint types tests browser database office example docs bench clean

help:
	@echo "make demo     set up, screen the demo sites, write maps/demo/"
	@echo "make test     set up with the test extras, then lint, types and all tests"
	@echo "make install  set up with every extra"
	@echo "make check    lint and types only"
	@echo "make docs     build the pages into docs/_build/"
	@echo "make bench    timings against named peers (minutes)"
	@echo "make example  rewrite maps/example.html"
	@echo "make rulebook rewrite docs/rulebook"
	@echo "make torture  MINUTES=n: random worlds against the oracle, writes docs/reliability.md"
	@echo "make pictures rewrite docs/pictures"
	@echo "make disclosure rewrite docs/disclosure.md"
	@echo "make golden   rewrite tests/golden (PART=screenings ... for some of it)"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); \
	  else echo "python3-venv is missing: sudo apt-get install python3-venv"; exit 2; fi; }

# Only the core, so that a newcomer waits a minute or so.
$(VENV)/.core: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.full: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $(VENV)/.core $@

demo: $(VENV)/.core
	$(BIN)/lianzhou-gis demo --out maps/demo --overwrite

install: $(VENV)/.full

# The browser tests need Chromium and a CJK font.
browser: $(VENV)/.full
	@sh tests/browser/install.sh $(BIN)/python

# The tests of tests/postgis need PostgreSQL with PostGIS.
database:
	@sh tests/postgis/install.sh

# The tests of documents look at pages with LibreOffice and poppler.
office:
	@sh tests/reports/install.sh

lint: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict lianzhou_gis layers tests

types: $(VENV)/.full
	$(BIN)/mypy

check: lint types

tests: browser database office
	$(BIN)/python -m pytest -n 2 --dist worksteal

test: check tests

example: $(VENV)/.core
	$(BIN)/lianzhou-gis demo --as-of 2026-11-23 --out maps/demo --overwrite --quiet
	cp maps/demo/map.html maps/example.html

docs: $(VENV)/.full
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "docs/_build/index.html"

pictures: $(VENV)/.full
	LIANZHOU_PICTURES=1 $(BIN)/python -m pytest tests/maps/test_pictures.py tests/reports/test_pictures.py

rulebook: $(VENV)/.full
	$(BIN)/lianzhou-gis rules docs docs/rulebook

golden: $(VENV)/.full
	$(BIN)/python tests/golden/record.py $(PART)

disclosure: $(VENV)/.full
	$(BIN)/python benchmarks/disclosure.py

bench: $(VENV)/.full
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python benchmarks/run.py --budget $(BUDGET)
	$(BIN)/python benchmarks/whole_job.py
	$(BIN)/python benchmarks/one_site.py
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/heavy_polygon.py

torture: $(VENV)/.full
	$(BIN)/python -m tests.oracle.run --minutes $(MINUTES)

clean:
	rm -rf $(VENV) build dist *.egg-info maps/demo
