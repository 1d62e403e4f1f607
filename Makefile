# run · test · check · bench · recovery · soak · docs · lock: each from a bare machine with Python 3.11 and pip.
PY ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000
# More options, as in: make test ARGS="-k ledger", make recovery ARGS=--resume
ARGS ?=
# Files of tests that run at a time: browsers and servers mostly wait.
AT_ONCE ?= 3

UV_VERSION := 0.13.9
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header

# Compiled once at installation: without it every process compiles every import again.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE = 1

.PHONY: run test check bench recovery soak docs lock install system
.DELETE_ON_ERROR:

run: .venv/.web  ## serve a marked training room with simulated people
	$(BIN)/opendcr serve --demo --host $(HOST) --port $(PORT)

test: .venv/.dev system  ## the whole suite, on SQLite and PostgreSQL, with a real browser
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile $(ARGS)

soak: .venv/.dev system  ## the same tests with large counts, and the longest ones
	OPENDCR_SOAK=1 $(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile $(ARGS)

check: .venv/.dev  ## format, lint, types, import contracts, generated documents
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	OPENDCR_HOME=$(CURDIR)/.venv/home $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.documents --check

bench: .venv/.peers system  ## every program of benchmarks/, one after the other
	set -e; for program in benchmarks/*.py; do echo "== $$program"; $(BIN)/python "$$program"; done

recovery: .venv/.dev  ## what every design makes of planted effects: an hour of two cores
	$(BIN)/python -m tools.recovery $(ARGS)

docs: .venv/.dev  ## write the parts of the documents that are made from the code
	$(BIN)/python -m tools.documents

install: .venv/.dev  ## everything for development

system:  ## PostgreSQL and Chromium, for the tests
	tools/system_packages.sh

lock: .venv/.uv  ## resolve the dependencies again; add UPGRADE=--upgrade for newer versions
	echo 'uv==$(UV_VERSION)' | $(COMPILE) - -o requirements/uv.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra web --group build --group dev -o requirements/dev.lock
	$(COMPILE) pyproject.toml --extra web --group build -c requirements/dev.lock -o requirements/web.lock
	$(COMPILE) $(UPGRADE) requirements/peers.in -o requirements/peers.lock

.venv/.uv: requirements/uv.txt
	@test -n "$(PY)" || { echo "Python 3.11 or later is needed: install it, or name it: make PY=/path/to/python"; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; $(PY) is older. Name another: make PY=/path/to/python"; exit 1; }
	$(PY) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --disable-pip-version-check -r requirements/uv.txt
	@touch $@

.venv/.web: .venv/.uv requirements/web.lock pyproject.toml
	$(INSTALL) --require-hashes -r requirements/web.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.web requirements/dev.lock
	$(INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@

.venv/.peers: .venv/.dev requirements/peers.lock  # what studies are measured beside, in its own environment
	$(BIN)/python benchmarks/rig/peers.py
	@touch $@
