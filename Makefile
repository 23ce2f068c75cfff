# One command to learn per task: make help lists them.
SHELL   := /bin/sh
CACHE   := .cache
LISTEN  ?= 127.0.0.1:4318
BUILD   := env GOWORK=off CGO_ENABLED=0 go build -trimpath -buildvcs=false

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(CACHE)/otelcol $(CACHE)/quickstart $(CACHE)/headcount $(CACHE)/demo ## the main job from end to end, from consent to the answers and an erasure, with the real Collector
	@exec $(CACHE)/demo -collector $(CACHE)/otelcol -quickstart $(CACHE)/quickstart -headcount $(CACHE)/headcount -keep $(CACHE)/answers -listen $(LISTEN)

.PHONY: headcount
headcount: $(CACHE)/headcount ## the vendor's command, which makes answers of the Collector's file
	@echo "built: $(CACHE)/headcount, without cgo: copy it where it is needed"
	@echo "start: $(CURDIR)/$(CACHE)/headcount compact --archive archive --catalog NAME-OR-CATALOG.json FILE-OR-DIRECTORY"
	@echo "       $(CURDIR)/$(CACHE)/headcount report --archive archive"
	@echo "       $(CURDIR)/$(CACHE)/headcount --help; docs/analysts.md and docs/operators.md have the rest"

.PHONY: faces
faces: $(CACHE)/otelcol $(CACHE)/faces ## a face service to click through, with the real Collector
	@exec env LISTEN=$(LISTEN) scripts/faces

.PHONY: test
test: ## everything, in all modules: about half an hour on two cores
	@scripts/test

.PHONY: test-library
test-library: ## while you work on the library: its tests without the race detector, and sqlstate's: about two minutes
	@scripts/test library

.PHONY: test-root
test-root: ## as root, after make test: the tests that an ordinary user cannot run
	@scripts/test root

.PHONY: check
check: ## format, vet, static analysis, known vulnerabilities
	@scripts/check

.PHONY: generate
generate: ## render what is rendered from the catalogs, after a change there
	UPDATE_GOLDEN=1 go test ./catalog/... ./internal/gate/... ./telemetry/...
	go generate -C collector ./...
	cd cmd/headcount && env GOWORK=off UPDATE_GOLDEN=1 go test ./internal/clickhouse
	env GOWORK=off go generate -C cmd/headcount/clickhousetest .
	cd deploy/grafana && env GOWORK=off go run .

.PHONY: fuzz
fuzz: ## fuzz every parser, FUZZTIME each (30s)
	@scripts/fuzz

FAULTS_FOR  ?= 5m
FAULTS_SEED ?= 0

.PHONY: faults
faults: ## kill processes, cut networks, fill disks, for FAULTS_FOR (5m); FAULTS_SEED makes the same attacks again
	@mkdir -p $(CACHE)
	@cd collector/faults && env GOWORK=off go test -c -o ../../$(CACHE)/faults . && \
		exec ../../$(CACHE)/faults -for=$(FAULTS_FOR) -seed=$(FAULTS_SEED)

AUDIT_REQUESTS ?= 120000

.PHONY: audit
audit: ## the shipped configurations under AUDIT_REQUESTS (120000) hostile requests each: some minutes
	@cd cmd/headcount && env GOWORK=off go test -count=1 -timeout 2h -v -run '^TestShippedConfigurations$$' ./internal/audit/receiver -args -requests=$(AUDIT_REQUESTS)

.PHONY: clickhouse
clickhouse: ## kill the Collector and ClickHouse under 100,000 reports, and count; after npm ci in cmd/headcount/clickhousetest
	@cd cmd/headcount/clickhousetest && env GOWORK=off go test -run TestNothingIsLost -v -timeout 60m . -reports 100000

.PHONY: backends
backends: ## two installations stay two in Prometheus, VictoriaMetrics, a bucket and a second Collector: builds Prometheus and rclone first
	@cd deploy/backends && env GOWORK=off go test -count=1 -timeout 60m -v ./...

.PHONY: bench
bench: ## us beside the peers, in one run: about 2 minutes; renders docs/performance.*
	@cd bench && env GOWORK=off go run .

.PHONY: bench-answers
bench-answers: ## the vendor's command beside DuckDB: 15 minutes, 25 GB in TMPDIR
	@cd bench && env GOWORK=off go run . answers

.PHONY: bench-collector
bench-collector: ## the shipped configuration beside a Collector without processors, 50,000 reports each: 2 minutes
	@cd collector && env GOWORK=off go test -run '^$$' -bench Configurations -benchtime 50000x .

.PHONY: kubernetes
kubernetes: ## a real kube-apiserver judges deploy/kubernetes: builds it, some 10 minutes the first time
	@cd deploy/kubernetes/apiserver && env GOWORK=off go test -count=1 -timeout 2h -v .

.PHONY: release
release: ## make what a release publishes, in dist/: make release VERSION=v0.1.0
	@scripts/release $(VERSION)

.PHONY: module-path
module-path: ## rename the module everywhere: make module-path MODULE=git.vendor.example/headcount
	@YES=$(YES) scripts/module-path $(MODULE)

.PHONY: clean
clean: ## remove what was built here
	rm -rf $(CACHE)

# The binaries are made anew whenever go thinks so, which takes it a second.
.PHONY: FORCE
FORCE:

$(CACHE)/otelcol: FORCE
	@mkdir -p $(CACHE)
	@test -x $@ || echo "building the Collector from its Go modules: about 3 minutes on 2 cores, the first time only"
	@cd collector/otelcol && $(BUILD) -ldflags='-s -w' -o ../../$@ .

$(CACHE)/headcount: FORCE
	@mkdir -p $(CACHE)
	@test -x $@ || echo "building headcount: a minute or two, the first time only"
	@cd cmd/headcount && $(BUILD) -o ../../$@ .

$(CACHE)/quickstart $(CACHE)/demo: FORCE
	@mkdir -p $(CACHE)
	@test -x $@ || echo "building the $(notdir $@): about a minute, the first time only"
	@cd examples && $(BUILD) -o ../$@ ./$(notdir $@)

$(CACHE)/faces: FORCE
	@mkdir -p $(CACHE)
	@test -x $@ || echo "building the face service: a minute or two, the first time only"
	@cd examples/faces && $(BUILD) -o ../../$@ .
