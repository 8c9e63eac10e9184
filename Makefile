# The list of commands. `make demo` shows it; `make test` proves it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Debian package for each program that a target needs; whatever is there already is left alone.
NEED_RUN  := ffmpeg=ffmpeg ffprobe=ffmpeg
NEED_WEB  := node=nodejs npm=npm
NEED_TEST := pg_ctlcluster=postgresql openssl=openssl sqlite3=sqlite3 chromium-headless-shell=chromium-headless-shell shellcheck=shellcheck curl=curl systemd-analyze=systemd faketime=faketime strace=strace pgbouncer=pgbouncer nginx=nginx caddy=caddy redis-server=redis-server python3+ensurepip=python3-venv docker-compose=docker-compose promtool=prometheus amtool=prometheus-alertmanager
NEED_DOCKER := dockerd=docker.io docker-compose=docker-compose debootstrap=debootstrap openssl=openssl curl=curl
NEED_STACK := go=golang javac=openjdk-17-jdk-headless mvn=maven

# Beside others, and not by the tokens of make: they are for a make below, and cargo complains of them.
CARGO := env -u MAKEFLAGS cargo

# Where cargo puts what it builds; cargo itself reads the variable too.
TARGET := $(or $(CARGO_TARGET_DIR),target)

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/screenshots -prune -o -path web/test-results -prune -o -type f -print 2>/dev/null)

.PHONY: help demo test chaos ffmpeg-test docker-test stack-test web bench fmt lint lint-rust lint-files binaries unit unit-web unit-rust browser api running-tests types clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

demo: web/dist/index.html ## builds and runs the whole thing on embedded defaults: http://127.0.0.1:8080
	@.ci/install $(NEED_RUN)
	cargo build --features demo
	@exec $(TARGET)/debug/streamwarden demo $(DEMO_ARGS)

web: web/dist/index.html ## builds the web page into web/dist

# Not `npm ci`: it demands the packages of every other platform in the lock file, which a registry may not carry.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@.ci/install $(NEED_WEB)
	cd web && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-save --no-audit --no-fund --loglevel=error

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

# What needs no running program goes beside the build of the tests, the longest of it on beside the tests.
test: web/dist/index.html ## everything: format, lints, unit, integration, web and browser tests, the API's document
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	@.ci/tools >/dev/null
	@$(MAKE) --no-print-directory --output-sync=target --jobs=4 --keep-going binaries lint-files unit-web lint-rust running-tests

fmt: ## formats the sources
	cargo fmt

lint: web/dist/index.html ## format check and lints, warnings are errors
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	@$(MAKE) --no-print-directory lint-rust lint-files

# In a folder of its own: cargo lets one command at a time into a folder. Under `make test` it takes what the build and the tests
# leave of the cores.
lint-rust: export CARGO_TARGET_DIR = $(TARGET)/lint
lint-rust:
	cargo fmt --check
	nice -n 5 $(CARGO) clippy --all-targets -- -D warnings
	@# Without the features of the tests, as a release is built.
	RUSTDOCFLAGS='-D warnings' nice -n 5 $(CARGO) doc --quiet --no-deps --document-private-items --lib

lint-files: web/dist/index.html
	cd web && npm run --silent lint
	$$(.ci/tools)/cargo-deny --log-level error check --hide-inclusion-graph bans licenses sources
	shellcheck .ci/run .ci/summary .ci/summary-test .ci/tools .ci/tests .ci/postgres .ci/install .ci/demo .ci/browser .ci/openapi .ci/schemathesis .ci/types .ci/redis-py .ci/units .ci/compose .ci/prometheus .ci/grafana .ci/stack-tools .ci/docker-engine .ci/ffmpeg-test .ci/docker/entrypoint docker/make-secrets etc/start.sh
	.ci/summary-test
	.ci/units
	.ci/compose
	.ci/prometheus
	.ci/grafana
	cd web && npm run --silent typecheck

# Not `cargo build`: the features of the tests would be resolved away and half the tree built again.
binaries: web/dist/index.html
	$(CARGO) test --no-run --quiet

unit: web/dist/index.html ## unit and integration tests, Rust and web
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	@$(MAKE) --no-print-directory unit-web unit-rust

unit-web: web/dist/index.html
	cd web && npm test --silent

unit-rust: binaries
	.ci/tests

browser: binaries ## the page in Chromium against a running demo
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	.ci/demo .ci/browser

api: binaries ## the API's document is valid, clients are made from it, and the program keeps to it
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	.ci/demo .ci/openapi
	.ci/demo .ci/schemathesis

# One after the other, whatever became of the one before: side by side they keep a load of 10 to 16 on two cores, and two runs of three
# were red. Here what they say is shown at once.
running-tests: binaries
	@$(MAKE) --no-print-directory --keep-going --jobs=1 --output-sync=none unit-rust browser api

types: binaries ## the page's types, made anew from the API's document
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	.ci/demo .ci/types

chaos: ## the long forms of the fault tests, one after the other: a quarter of an hour
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	STREAMWARDEN_CHAOS=1 timeout 2400 cargo test --test it -- chaos --test-threads=1

ffmpeg-test: web/dist/index.html ## the tests of relays and recordings with ffmpeg 4.4 to 8.1, from Maven Central: half an hour
	@.ci/install $(NEED_RUN) $(NEED_TEST)
	$(CARGO) test --no-run --quiet
	.ci/ffmpeg-test

docker-test: ## the image and compose.yaml with a real engine: half an hour and 10 GB; MEDIAMTX_BIN names a MediaMTX
	@.ci/install $(NEED_WEB) $(NEED_DOCKER)
	.ci/docker-engine /usr/bin/python3 .ci/docker-test.py

stack-test: ## the log in a real VictoriaLogs and OpenSearch: some minutes, and more the first time, to make them
	@.ci/install $(NEED_RUN) $(NEED_STACK)
	cargo test --no-run --quiet
	tools=$$(.ci/stack-tools) && python3 .ci/stack-test.py "$$tools" "$(abspath $(TARGET))/debug/streamwarden"

bench: ## ratios against bare ffmpeg, side by side in one run
	@.ci/install $(NEED_RUN)
	cargo bench

clean: ## removes what was built
	cargo clean
	rm -rf web/dist web/node_modules
