# One line a task; `make` lists them.
SWIFT_FILES = $$(git ls-files --cached --others --exclude-standard -- '*.swift')

help: ## list the tasks
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile
install: ## install, build and start everything; ends with a VM that runs
	@bash bin/install.sh
up: ## start Redis, gateway and workers
	@bash bin/up.sh
down: ## stop them; VMs and data stay
	@bash bin/down.sh
build: ## build the programs for use
	swift build -c release --scratch-path .build
test: ## all tests and gates, as in continuous integration
	@bash bin/test.sh
simulate: ## the core under 10,000 seeds of faults, in virtual time
	@HVC_TEST_SEEDS=10000 bash bin/test.sh --filter SimulationTests/invariants
check: ## the gates, that each bites, and the thread sanitizer
	@dev/check && dev/check --prove && dev/sanitize
format: ## format all Swift sources in place
	swift format format --parallel --in-place --configuration .swift-format $(SWIFT_FILES)
hosts: ## bring up three test hosts; take them down with: dev/hosts down
	@dev/hosts up 3 && dev/hosts status
image: ## build the tiny guest image
	@deploy/guest/build.sh var/images/hello.qcow2
clean: ## remove what was built; var/ stays
	rm -rf .build .build-debug .build-thread
.PHONY: help install up down build test simulate check format hosts image clean
