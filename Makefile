# Everything a newcomer needs: make sweep, make test, make ui. The rest is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Bytecode is kept even where the environment forbids it: else every process compiles all sources again.
unexport PYTHONDONTWRITEBYTECODE

# Tests make thousands of small databases. In memory, where there are 4 GB of it, they do not wait for a disk.
TEST_FOLDER := $(shell findmnt --noheadings --output OPTIONS /dev/shm 2>/dev/null | grep -vqw noexec && \
	df -k --output=avail /dev/shm | tail -1 | awk '$$1 > 4000000 {print "/dev/shm"}')
test test-slow faults mutants: export TMPDIR := $(or $(TEST_FOLDER),$(TMPDIR),/tmp)

.PHONY: sweep ui smoke test test-slow faults mutants screenshots static lint types imports definitions check docs lock clean bench dist changelog platforms
.DEFAULT_GOAL := sweep

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
		{ echo "Python 3.11 to 3.14 is needed; name one with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

sweep: $(READY) ## A sweep without tuning on the embedded market, with the leaderboard.
	@echo "The demo: embedded market, nothing tuned (--trials 0), four seeds per cell. ftf plan shows what more would cost."
	@$(BIN)/ftf sweep --trials 0

ui: $(READY) ## The Dagster UI on 127.0.0.1.
	@$(BIN)/ftf ui

smoke: $(READY) ## One cell through every stage; on real candles where they are.
	@$(BIN)/ftf smoke --home .ftf/smoke
	@if [ -d ../shared/data/candles_1h ]; then \
		$(BIN)/ftf smoke --home .ftf/smoke --source candles --path ../shared/data/candles_1h; fi

test: $(READY) ## The fast tests, with the coverage of the pure packages.
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov=ftf_assets.audit --cov=ftf_assets.contracts --cov=ftf_assets.gate --cov=ftf_assets.invariants --cov=ftf_assets.labels --cov=ftf_assets.training \
		--cov-report=term --cov-fail-under=95

test-slow: $(READY) ## The slow, end-to-end and fault tests.
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "slow or end_to_end or faults"

faults: $(READY) ## Every fault at its full length, with the figures of docs/reliability.md.
	FTF_FAULTS=full $(BIN)/python -m pytest -m faults ftf_assets_tests/faults ftf_assets_tests/storage

mutants: $(READY) ## Plant the defects of a table in a copy of the tree: the tests must catch each of them.
	$(BIN)/python -m ftf_assets_tests.mutants

screenshots: $(READY) ## Those of docs/operating.md, by the test that walks through the UI.
	FTF_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest -m end_to_end -rA ftf_assets_tests/end_to_end/test_ui.py

static: lint types imports definitions docs ## Everything that runs no test.

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

definitions: $(READY)
	$(BIN)/dagster definitions validate -w workspace.yaml

docs: $(READY) ## The documentation site in build/docs; a warning, such as a link that leads nowhere, is an error.
	$(BIN)/sphinx-build -c docs -b html --quiet --fail-on-warning --keep-going --nitpicky . build/docs

check: static test test-slow smoke ## What .ci/run runs.

lock: ## Resolve the dependencies anew, all of them and those of the image: versions and hashes, no addresses.
	$(BIN)/uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --quiet --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dask --extra kubernetes --extra objects --extra postgres --universal --python-version 3.11 \
		--generate-hashes --constraint requirements.lock --no-header --no-annotate --quiet --output-file deploy/requirements.lock

dist: $(READY) ## Wheel and source distribution in dist/, checked; a commit gives the same bytes everywhere.
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz

changelog: $(READY) ## Write the list at the end of CHANGELOG.md anew, from the commits since the last tag.
	sed -i '/^## Every change/,$$d' CHANGELOG.md
	$(BIN)/git-cliff --offline --unreleased >> CHANGELOG.md

# watchdog has no wheel for Python 3.14 on macOS: there it is compiled.
WHEELS_FOR := $(foreach version,3.11 3.12 3.13 3.14,x86_64-manylinux_2_28/$(version) aarch64-manylinux_2_28/$(version)) \
	$(foreach version,3.11 3.12 3.13,aarch64-apple-darwin/$(version))
platforms: $(READY) ## Whether the lock installs from wheels alone on Linux (x86-64, arm64) and macOS 14 (Apple silicon).
	@for target in $(WHEELS_FOR); do \
		MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/uv pip install --quiet --dry-run --require-hashes --only-binary :all: --target /tmp/none \
			--python-platform $${target%/*} --python-version $${target#*/} -r requirements.lock || exit 1; \
		echo "$$target: every package of the lock has a wheel"; \
	done

bench: $(READY) ## Benchmark the fit engine against a plain XGBoost loop, on the same arrays.
	$(BIN)/python -m benchmarks.against_reference

clean: ## Remove the environment and all state.
	rm -rf $(VENV) .ftf
