# Two commands do the work: `make reproduce` and `make test`. Both build .venv from requirements.lock first.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
# JOBS=N limits the notebooks that run side by side; ARGS hands anything else to `ivim reproduce`.
JOBS ?=
ARGS ?=
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help reproduce test lint lab lock bench mutants processors site metadata quotes clean

help:  ## show this list
	@echo "make reproduce  run every notebook; tables, figures and the audit appear under results/"
	@echo "make test       all tests; nbval re-runs every notebook and compares its outputs"
	@echo "make lint       ruff (check and format) and mypy on the public interface"
	@echo "make lab        open the notebooks in JupyterLab; what they write goes to results/scratch"
	@echo "make bench      time and check the fits against their peers (minutes)"
	@echo "make mutants    change the code in small ways and see which changes no test notices (minutes)"
	@echo "make processors whether another processor or a user's settings change a stored byte (minutes)"
	@echo "make site       the notebooks, the how-to pages and the reference as a site, in site/ (offline)"
	@echo "make metadata   describe data and results anew: datapackage.json, ro-crate-metadata.json, ..."
	@echo "make quotes     write the numbers that the README quotes into it, from the stored run"
	@echo "make lock       resolve requirements.lock anew from pyproject.toml (needs uv)"
	@echo "make clean      remove .venv and caches (results/ stays)"

$(READY): requirements.lock pyproject.toml
	@echo "building .venv from requirements.lock (once; a few minutes on a slow line)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --allow-existing --python "$(PYTHON)" .venv && \
	  uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  "$(PYTHON)" -c 'import sys; v = "%d.%d" % sys.version_info[:2]; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + v + ": set PYTHON, e.g. make PYTHON=python3.12 reproduce")' && \
	  "$(PYTHON)" -m venv .venv && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

reproduce: $(READY)  ## Tables 1-5, Figures 1-3 and the audit
	@$(BIN)/ivim reproduce $(if $(JOBS),--jobs $(JOBS)) $(ARGS)

# A notebook, and a file of tests, stays on one worker. Compiled bytes are kept even where the environment
# says not to: reading the tests anew is a twentieth of the work.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(READY)
	@$(BIN)/python -m pytest -n $(or $(JOBS),auto) --dist loadfile $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# The notebooks change on disk only when their reader saves them (tools/jupyter switches autosave off).
lab: $(READY)
	@JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter" $(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

bench: $(READY)
	@$(BIN)/python benchmarks/run.py $(ARGS)

processors: $(READY)
	@$(BIN)/python tools/processors.py $(ARGS)

mutants: $(READY)
	@$(BIN)/python tools/mutants.py $(or $(ARGS),stats --sample 30)

site: $(READY)
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs -b html . site && echo "open site/index.html"

quotes: $(READY)
	@$(BIN)/python tools/quotes.py

metadata: $(READY)
	@$(BIN)/python tools/compendium.py

# requirements.lock is universal (Linux, macOS, Windows; Python 3.11 and newer) and carries hashes, no addresses.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --extra study --extra pdf --extra site --extra test --extra lint --quiet --no-header pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .pytest_cache build *.egg-info
	find ivim tests notebooks benchmarks -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
