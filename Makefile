# vitrine: `make demo` and `make test` need nothing but python3 with pip and venv.
# The first call installs the locked packages into .venv; later calls start in seconds.

VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed
PYTHON ?= python3
# Which tests `make test-all` runs; empty: every one.
WHICH ?=
# Processes of pytest, one more than the usual two cores: many tests wait for servers. Empty: one.
PARALLEL ?= -n 3 --dist loadfile --no-loadscope-reorder
export UV_LINK_MODE := copy
# Ray, Prefect and every crawl start processes that import thousands of files: compiled once they start in half
# the time, also where the environment keeps Python from writing what it compiled (as many containers do).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: pictures demo test test-all lint bench setup lock browser database milvus ray-serve clean help

help:      ## what there is to do
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

setup: $(STAMP) ## install the locked packages into .venv

$(STAMP): requirements.lock pyproject.toml
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -q 'uv==0.13.*'
	@$(VENV)/bin/uv pip install -q --python $(PY) --require-hashes -r requirements.lock
	@$(VENV)/bin/uv pip install -q --python $(PY) --no-deps --no-build-isolation --compile-bytecode -e .
	@$(PY) -m compileall -q schemas infra crawlers workers flows
	@touch $@

demo: $(STAMP) ## the whole chain on the built-in mall; ends with a report
	@$(VENV)/bin/vitrine demo

test: $(STAMP) ## the tests a change must pass (minutes)
	@$(PY) -m pytest -q -m 'not slow' $(PARALLEL)

test-all: $(STAMP) browser database milvus ray-serve ## every test, the slow ones too: kills, real servers, browser (an hour)
	@$(PY) -m pytest -q -m '$(WHICH)' --durations=25 $(PARALLEL)

lint: $(STAMP) ## style, types, and the direction of imports
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/mypy --explicit-package-bases tests/bench
	@$(VENV)/bin/lint-imports --no-cache

pictures: $(STAMP) ## docs/*.svg: each folder's rooms, as the import contracts stack them
	@$(PY) docs/draw_rooms.py

bench: $(STAMP) ## ratios against the same work done bare; the survey (90 minutes) runs by itself: tests/bench/survey.py
	@for b in $(filter-out tests/bench/survey.py,$(wildcard tests/bench/*.py)); do echo "== $$b"; $(PY) $$b || exit 1; done

browser:
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

milvus: $(STAMP) # a server for tests (tests/infra/milvus/server.py), with an environment of its own
	@for need in socat ip:iproute2 unshare:util-linux; do \
		command -v $${need%:*} >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $${need#*:} >/dev/null; }; done
	@test -x $(VENV)/milvus/bin/milvus-server || { $(VENV)/bin/uv venv -q --python $(PY) $(VENV)/milvus \
		&& $(VENV)/bin/uv pip install -q --python $(VENV)/milvus/bin/python --no-deps --require-hashes -r tests/infra/milvus/server.lock; }

ray-serve: $(STAMP) # beside the environment, for the tests of it alone: what it brings would change every other server
	@test -d $(VENV)/ray-serve || $(VENV)/bin/uv pip install -q --python $(PY) --target $(VENV)/ray-serve --no-deps \
		--require-hashes -r tests/flows/ray_serve/serve.lock

database:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null; }

lock: ## resolve again; the lock holds names, versions and hashes, no address
	@$(VENV)/bin/uv pip compile -q pyproject.toml --extra dev --generate-hashes --python-version 3.11 --no-header --no-annotate -o requirements.lock
	@$(VENV)/bin/uv pip compile -q pyproject.toml --extra serve -c requirements.lock --generate-hashes --python-version 3.11 \
		--no-header --no-annotate $$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock) \
		-o tests/flows/ray_serve/serve.lock
	@echo milvus==2.3.5 | $(VENV)/bin/uv pip compile -q - --no-deps --generate-hashes --python-version 3.11 --no-header --no-annotate -o tests/infra/milvus/server.lock

clean: ## remove the environment and what the demo made
	rm -rf $(VENV) lake .mypy_cache .pytest_cache .ruff_cache
