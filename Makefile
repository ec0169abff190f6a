# Everything that is done with this repository, by name. `make` alone lists it.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
NODES ?= 3

.DEFAULT_GOAL := help
.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## install what the other targets need (Debian and npm packages)
	@scripts/bootstrap.sh

# ---- the main job
.PHONY: demo demo-down lab-env
demo: build ## a cluster of three nodes with the product installed: Subnets, pods, reachability table; stays up
	@node lab/main.ts demo --nodes $(NODES)
demo-down: deps ## remove the demo's cluster with all its traces
	@node lab/main.ts down
lab-env: ## print the exports that let a person or a script use the running cluster: eval "$$(make -s lab-env)"
	@node lab/main.ts env

# ---- build
.PHONY: build build-controller build-node build-cni docker-build
build: deps ## bundles of controller and agent, and the CNI plugin, into dist/
	@node scripts/build.ts controller node cni
build-controller: deps ## dist/zstack-ovnkube-controller.mjs
	@node scripts/build.ts controller
build-node: deps ## dist/zstack-ovnkube-node.mjs
	@node scripts/build.ts node
build-cni: deps ## dist/zstack-ovn-cni
	@node scripts/build.ts cni
docker-build: build ## container images (Docker, else buildah)
	@scripts/images.sh

.PHONY: tools
tools: deps ## Kubernetes, containerd, runc, CoreDNS and CNI plugins for lab and tests: found, or built once into a cache
	@node lab/tools/main.ts

# ---- tests
.PHONY: test test-unit test-property test-integration test-e2e test-vm check format
test: deps ## all checks and tests that fit into minutes; ends with "N passed, N failed, N skipped"
	@node scripts/test.ts check unit property integration light kubelet conformance
test-unit: deps ## unit tests only
	@node scripts/test.ts unit
test-property: deps ## property tests only
	@node scripts/test.ts property
test-integration: deps ## tests against real daemons (OVSDB, OVN, OVS, API server, kernel)
	@node scripts/test.ts integration
test-e2e: deps ## every lab scenario, light and with kubelets, Kubernetes' own network tests in IPv4, IPv6 and both, and those of the network policy API (hours)
	@node scripts/test.ts e2e conformance-ipv4 conformance-ipv6 conformance-dual network-policy-api
test-vm: build ## the scenarios for a kernel with openvswitch, in a virtual machine (slow: software emulation)
	@scripts/bootstrap.sh qemu-system-x86 cpio kmod
	@node lab/main.ts vm --minutes 60 -- node lab/main.ts test system
check: deps ## types, lint and format, dependency rules, unused code
	@node scripts/test.ts check
format: deps ## rewrite the sources in the house format
	@biome check --write .

# ---- measure
.PHONY: bench
bench: build ## every benchmark, one after another; results to bench/results/
	@node bench/main.ts
