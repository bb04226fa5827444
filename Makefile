# What can be done here; each target calls a short script in scripts/. ARGS="…" is handed on.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-fast check bench bench-large soak docs clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

run: ## make the environment and start Tocsin with its data in ./data
	@scripts/environment.sh
	@exec .venv/bin/tocsin serve --data-dir ./data $(ARGS)

test: ## every test, with the Debian packages they need (under 10 minutes)
	@scripts/environment.sh dev
	@scripts/system-packages.sh && scripts/node-packages.sh && scripts/compose.sh --install
	@.venv/bin/python scripts/test.py $(ARGS)

test-fast: ## the tests that start no server (under a minute)
	@scripts/environment.sh dev
	@.venv/bin/python -m pytest -n 2 -m "not system and not soak" $(ARGS)

check: ## format, lint, types, architecture, docs
	@scripts/environment.sh dev && scripts/node-packages.sh
	@scripts/check.sh

bench: ## measure against a reference on this machine
	@scripts/environment.sh dev
	@scripts/debian-install.sh wrk && scripts/node-packages.sh bench/node
	@.venv/bin/python -m bench $(ARGS)

bench-large: ## what needs gigabytes: ten million events
	@scripts/environment.sh dev
	@scripts/debian-install.sh wrk && scripts/node-packages.sh bench/node
	@.venv/bin/python -m bench --large $(ARGS)

soak: ## the long trials in full (hours)
	@scripts/environment.sh dev
	@scripts/system-packages.sh && scripts/node-packages.sh && scripts/compose.sh --install
	@.venv/bin/python -m pytest --soak -m "system or soak" $(ARGS)

docs: ## write the pages that are made from code
	@scripts/environment.sh dev
	@.venv/bin/python scripts/docs.py

clean: ## remove the environment and what tools left behind; never ./data
	@scripts/clean.sh
