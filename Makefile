# Everything runs in .venv, which the first target that needs it makes. Python 3.11 or 3.12 and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint requirements.lock
export MLFLOW_DISABLE_TELEMETRY = true
# Linear algebra by one thread: with two processes on two cores its threads would wait for each other, busily. Bytecode is written even
# where the environment forbids it: the programs that tests start would compile relkit again each time, and pytest its tests.
IN_PARALLEL := OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

.PHONY: demo test test-slow fuzz test-browser test-kill test-server readme-picture lint lab bench bench-run bench-spend bench-pymc bench-affinity bench-attribution bench-attribution-truth bench-forecast bench-implicit bench-uplift coverage draft-table test-coverage lock clean

demo: $(VENV)/.base  ## simulate a company and run the whole loop on it
	$(BIN)/relkit demo

test: $(VENV)/.dev  ## the tests, on two processes
	$(IN_PARALLEL) $(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not slow and not browser and not server"

test-slow: $(VENV)/.dev  ## the tests that take more than half a minute each
	$(BIN)/python -m pytest -m slow

fuzz: $(VENV)/.dev  ## hostile files, mappings, pipelines, parameters and saved models at random, seeded; minutes
	$(BIN)/python -m tests.fuzz
	FUZZ_EXAMPLES=2000 $(BIN)/python -m pytest -q --numprocesses 2 tests/test_fuzz.py -k any
test-server: $(VENV)/.server  ## fits at once and killed fits with PostgreSQL behind an MLflow server, and PostgreSQL as a source; skipped without it (Debian: apt-get install postgresql)
	$(BIN)/python -m pytest -m server -rs tests/tracking

test-kill: $(VENV)/.dev  ## commands ended at every point of publication, and 30 random kills of a pipeline; SEED=N draws others
	$(BIN)/python -m tests.kills --seed $(or $(SEED),1)

test-browser: $(VENV)/.browser  ## notebooks in JupyterLab, reports and the MLflow UI in Chromium, which must be installed; skipped without it
	$(BIN)/python -m pytest -m browser tests/browser

readme-picture: $(VENV)/.browser  ## the picture of the README, from what make demo has written; needs Chromium
	$(BIN)/python -m tests.browser.readme_picture

coverage: $(VENV)/.dev  ## recovery, and coverage of the intervals, of the models of customer value and of survival and of campaigns, by simulation
	$(BIN)/python -m tests.recovery
	$(BIN)/python -m tests.recovery campaigns

test-coverage: $(VENV)/.dev  ## the tests again, measured; fails under 90 %
	rm -f .coverage .coverage.*
	$(IN_PARALLEL) $(BIN)/python -m coverage run -m pytest --numprocesses 2 --dist worksteal -m "not slow and not browser and not server"
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

lint: $(VENV)/.dev  ## style, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_import_rules.py

draft-table: $(VENV)/.dev  ## drafts of the public data sets beside the mappings that people wrote, column by column
	$(BIN)/python -m tests.tables.drafted_columns

lab: $(VENV)/.base  ## JupyterLab, on the first steps of an analysis of one's own
	$(BIN)/jupyter lab notebooks/explore_first_steps.ipynb

bench: $(VENV)/.bench  ## relkit beside its peers, same data, same run
	$(BIN)/python -m tests.benchmarks

bench-run: $(VENV)/.base  ## the demo step by step: CPU seconds and peak memory; BESIDE=DIR runs another checkout first, CUSTOMERS=N another size
	$(BIN)/python tests/benchmarks/bench_run.py $(or $(CUSTOMERS),20000) $(if $(BESIDE),--beside $(BESIDE))

bench-spend: $(VENV)/.base  ## the value of an order on five shops: with and without first orders, prices as paid or followed
	$(BIN)/python tests/benchmarks/bench_spend.py

bench-pymc: $(VENV)/.bench .venv-pymc/.done  ## the BG/NBD benchmark with pymc-marketing, which wants an environment of its own
	$(BIN)/python tests/benchmarks/bench_bg_nbd.py

bench-forecast: $(VENV)/.bench  ## forecasts of orders at past days of six shops, next to the same again, lifetimes and gradient boosting; 20 minutes of CPU
	$(BIN)/python tests/benchmarks/bench_forecast.py

bench-implicit: $(VENV)/.bench .venv-implicit/.done  ## next products beside implicit, which has an environment of its own
	$(BIN)/python tests/benchmarks/bench_next_product.py

.venv-implicit/.done: $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-implicit
	$(BIN)/uv pip install --quiet --python .venv-implicit/bin/python implicit==0.7.3
	touch $@

.venv-pymc/.done: $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-pymc
	$(BIN)/uv pip install --quiet --python .venv-pymc/bin/python pymc-marketing==0.19.2
	touch $@

bench-affinity: $(VENV)/.bench .venv-affinity/.done  ## association rules with mlxtend and efficient-apriori, in an environment of their own
	$(BIN)/python tests/benchmarks/bench_affinity_rules.py

.venv-affinity/.done: $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-affinity
	$(BIN)/uv pip install --quiet --python .venv-affinity/bin/python mlxtend==0.25.0 efficient-apriori==2.0.6
	touch $@

bench-uplift: $(VENV)/.bench .venv-uplift/.done  ## campaign uplift beside causalml, EconML and scikit-uplift, in an environment of their own
	$(BIN)/python -m tests.benchmarks uplift_metrics uplift

bench-attribution-truth: $(VENV)/.base  ## models of attribution in a world whose channels cause sales: errors, coverage, calibration; half an hour of CPU
	$(BIN)/python tests/benchmarks/bench_attribution_truth.py

.venv-uplift/.done: $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-uplift
	$(BIN)/uv pip install --quiet --python .venv-uplift/bin/python causalml==0.18.0 econml==0.17.0 scikit-uplift==0.5.1 lightgbm==4.7.0
	touch $@

bench-attribution: $(VENV)/.bench .venv-attribution/.done  ## credit of channels with ChannelAttribution (a minute to build) and marketing-attribution-models, in an environment of their own
	$(BIN)/python tests/benchmarks/bench_attribution.py

.venv-attribution/.done: $(VENV)/.uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-attribution
	$(BIN)/uv pip install --quiet --python .venv-attribution/bin/python ChannelAttribution==2.2.5 marketing-attribution-models==2.1.1 matplotlib pyarrow
	touch $@

lock: $(VENV)/.uv  ## choose the exact versions anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-index-url --no-annotate --no-header \
	  --upgrade pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-affinity .venv-attribution .venv-implicit .venv-pymc .venv-uplift

$(VENV)/.uv:
	$(PYTHON) -c 'import sys; sys.exit("relkit needs Python 3.11 or 3.12, this is " + sys.version.split()[0]) if not (3, 11) <= sys.version_info[:2] < (3, 13) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	touch $@

$(VENV)/.base: $(VENV)/.uv pyproject.toml requirements.lock
	$(UV) --editable .
	$(BIN)/python -m compileall -q -j 0 relkit
	touch $@

$(VENV)/.dev: $(VENV)/.base
	$(UV) --editable '.[dev]'
	touch $@

$(VENV)/.browser: $(VENV)/.dev
	$(UV) --editable '.[dev,browser]'
	touch $@

$(VENV)/.server: $(VENV)/.dev
	$(UV) --editable '.[dev,server]'
	touch $@

$(VENV)/.bench: $(VENV)/.base
	$(UV) --editable '.[bench]'
	touch $@
