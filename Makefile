.DEFAULT_GOAL := help
.PHONY: help build demo demo-check test e2e soak failover bench lint verify fuzz clean

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
POSTGRES := $(firstword $(wildcard /usr/lib/postgresql/*/bin/postgres) /usr/lib/postgresql/postgres)
VERSION_STATICCHECK := v0.8.2

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the one static binary, ./tryout
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o tryout ./cmd/tryout

demo: build ## Try it out: a server with a seeded test and an inbox of its own
	@scripts/packages curl=curl
	./tryout demo

demo-check: ## Walk the demo's path, pasting the lines it prints, until the list says ACCEPTED
	@scripts/packages curl=curl
	go test -count=1 -v -run 'Demo' ./cmd/tryout

test: packages e2e-deps ## Run all tests, installing first what they need
	go vet ./...
	CGO_ENABLED=0 go build ./...
	go test -race -shuffle=on -timeout 30m -skip Stalled ./cmd/... ./internal/...
	go test ./internal/beta ./internal/store # with the crowds that the race detector is too slow for
	go test -run Batch ./internal/outbox # with whole batches
	go test -run 'BeganAfter|Linearizable' ./cmd/tryout # the same
	go test -race -run Stalled ./cmd/tryout # alone: it compares times
	go test -run Stalled ./cmd/tryout
	TRYOUT_TEST_DATABASE=postgres go test -run Stalled ./cmd/tryout
	go test -count=1 ./bench ./e2e ./crash
	TRYOUT_TEST_DATABASE=postgres go test -shuffle=on -timeout 30m -skip Stalled ./cmd/... ./internal/beta ./internal/lwa ./internal/outbox ./internal/signin ./internal/smapi ./internal/web
	TRYOUT_TEST_DATABASE=postgres go test -count=1 ./e2e

.PHONY: packages
packages:
	@scripts/packages gcc=gcc gcc=libc6-dev curl=curl script=bsdutils node=nodejs npm=npm chromium=chromium $(POSTGRES)=postgresql
	-@scripts/packages /usr/sbin/postfix=postfix # not in the place of another mail server: its tests are left out then

.PHONY: e2e-deps
e2e-deps: packages e2e/node_modules/.package-lock.json
e2e/node_modules/.package-lock.json: e2e/package-lock.json
	@echo "Installing the official clients (ask-cli, ask-smapi-sdk) and an issuer (oidc-provider) into e2e/node_modules"
	npm ci --prefix e2e --no-audit --no-fund --loglevel=error
	@touch $@

e2e: e2e-deps ## Run the official clients against a real server
	go test -count=1 -v ./e2e/...

soak: e2e-deps ## Run the long versions: 1,000 kills, 1,000 histories, 100 outages, a batch cut after each mail, slow relays
	STALL_TURNS=1000 go test -count=1 -timeout 30m -v -run Stalled ./cmd/tryout
	OUTAGE_SEEDS=100 go test -count=1 -v -run Outage ./internal/outbox
	OUTBOX_CUTS=all go test -count=1 -timeout 60m -v -run Batch ./internal/outbox
	LINEAR_HISTORIES=1000 go test -count=1 -timeout 60m -v -run Linearizable ./cmd/tryout
	CRASH_KILLS=1000 go test -count=1 -timeout 60m -v -run TestAKill ./crash

FAILOVER_ROUNDS ?= 20
failover: packages ## Lose the primary of a PostgreSQL under Patroni, FAILOVER_ROUNDS times (20), and freeze it, FREEZE_ROUNDS times (5)
	@scripts/packages patroni=patroni etcd=etcd-server
	FAILOVER_ROUNDS=$(FAILOVER_ROUNDS) go test -count=1 -timeout 90m -v -run 'NextPrimary|Frozen' ./crash

bench: ## Measure the goals, each beside what it is compared with
	-@scripts/packages $(POSTGRES)=postgresql # without it its goals are not measured, and the run says so
	go run ./bench

lint: ## Run staticcheck
	go run honnef.co/go/tools/cmd/staticcheck@$(VERSION_STATICCHECK) ./cmd/... ./internal/... ./e2e ./crash ./bench ./deploy

verify: ## Check that code is formatted and go.mod tidy
	@test -z "$$(gofmt -l cmd internal bench crash deploy e2e/*.go)" || { gofmt -l cmd internal bench crash deploy e2e/*.go; exit 1; }
	go mod tidy -diff

fuzz: ## Fuzz every parser, 60 s each
	@scripts/fuzz 60s

clean: ## Remove what was built and installed here
	rm -rf tryout e2e/node_modules
