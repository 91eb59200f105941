# Two commands matter: `make run` serves, `make test` checks everything. Every target that builds or tests installs what is missing
# (scripts/install-packages, which does nothing when all is there), and can be repeated.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON := .venv/bin/python
FORMATTED := Sources Tests Migrations Public Package.swift
SWIFT_FLAGS := --explicit-target-dependency-import-check error
# With Swift's runtime inside, so that the program runs where no Swift is installed. Of debug information, only what backtraces name lines by:
# types and variables make the build and the program larger.
RELEASE_FLAGS := -c release $(SWIFT_FLAGS) --static-swift-stdlib -Xswiftc -gline-tables-only
RELEASE := .build/release/palimpsest

BIND ?= 127.0.0.1:8080
DATA ?= ./data

.PHONY: help
help: ## Lists the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# ---- Running ----

.PHONY: run
run: build ## Installs what is missing, builds and serves on 127.0.0.1:8080 (BIND=, DATA=).
	@scripts/print-examples '$(BIND)' '$(DATA)'
	@exec $(RELEASE) serve --bind '$(BIND)' --data '$(DATA)'

.PHONY: build
build: install-build ## Installs what is missing and builds the release binary.
	@scripts/build release/palimpsest build $(RELEASE_FLAGS) --product palimpsest

# ---- Installing ----

PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: install
install: install-packaging ## Puts what `make build` has built, with weights, manual, completions and units, under PREFIX (DESTDIR=).
	@[[ -x $(RELEASE) ]] || { echo 'install: nothing is built yet: make build' >&2; exit 2; }
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install-files

.PHONY: uninstall
uninstall: ## Removes what `make install` has put under PREFIX; data stays.
	@PREFIX='$(PREFIX)' scripts/install-files --list | sed 's|^|$(DESTDIR)|' | xargs -d '\n' rm -fv

.PHONY: package
package: build install-packaging ## Makes the Debian package, in .build/package.
	@scripts/make-package

# podman or docker, whichever is there.
IMAGE_OPTIONS ?=
CONTAINERS ?= $(firstword $(shell command -v podman docker))

.PHONY: image
image: package ## Makes the container image `palimpsest` of the package (CONTAINERS=podman or docker).
	@[[ -n '$(CONTAINERS)' ]] || { echo 'image: neither podman nor docker is on the PATH' >&2; exit 2; }
	install -D -m 644 ".build/package/palimpsest_$$(cat VERSION)_$$(dpkg --print-architecture).deb" .build/package/image/palimpsest.deb
	$(CONTAINERS) build -f Deploy/Dockerfile -t palimpsest $(IMAGE_OPTIONS) .build/package/image

.PHONY: install-packaging
install-packaging:
	@scripts/install-packages packaging

.PHONY: install-build
install-build:
	@scripts/install-packages build

.PHONY: install-test
install-test:
	@scripts/install-packages build test
	@scripts/install-venv
	@scripts/install-venv Tests/contract/requirements.txt .venv-contract

# ---- Checking ----

.PHONY: test
test: install-test lint check-layers test-swift test-postgres test-python test-contract test-page ## Installs what is missing and runs every check and test.

.PHONY: lint
lint: ## Refuses code that is not formatted, or whose public API has no documentation.
	swift format lint --strict --parallel -r $(FORMATTED)

.PHONY: format
format: ## Formats the Swift code.
	swift format format --in-place --parallel -r $(FORMATTED)

.PHONY: check-layers
check-layers: ## Refuses imports that go upwards or sideways.
	@.ci/check-layers

.PHONY: test-swift
test-swift: install-test ## Runs the Swift tests.
	@scripts/build debug/palimpsestPackageTests.xctest build --build-tests $(SWIFT_FLAGS)
	swift test --skip-build $(SWIFT_FLAGS)

.PHONY: test-postgres
test-postgres: install-test ## Runs the tests of the store on a PostgreSQL server of its own.
	@scripts/build debug/palimpsestPackageTests.xctest build --build-tests $(SWIFT_FLAGS)
	scripts/with-postgres swift test --skip-build --filter '^(StoreConformance|PostgresStore)Tests' $(SWIFT_FLAGS)
	PALIMPSEST_TEST_POSTGRES_ALONE=1 scripts/with-postgres swift test --skip-build --filter '^PostgresStoreTests.RestartTests' $(SWIFT_FLAGS)

.PHONY: test-object-store
test-object-store: install-test ## Runs the tests of the storage of blobs on object stores, too: rclone's, which is lenient, and OpenStack Swift's, which is strict.
	@scripts/install-venv Tests/BlobConformanceTests/requirements.txt .venv-object-store
	@scripts/build debug/palimpsestPackageTests.xctest build --build-tests $(SWIFT_FLAGS)
	scripts/with-object-store rclone swift test --skip-build --filter BlobConformanceTests $(SWIFT_FLAGS)
	scripts/with-object-store swift swift test --skip-build --filter BlobConformanceTests $(SWIFT_FLAGS)

# Undefined behaviour traps: Swift links no library that could report it. Leaks are left out, because XCTest and Foundation have some.
# What computes runs after the tests of connections, which would meet their limits of time beside it.
SANITIZERS := --sanitize=address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined --scratch-path .build/sanitizers
.PHONY: test-sanitizers
test-sanitizers: export PALIMPSEST_TARGETS := HTTPWireTests SocketIOTests HTTPServerTests ImagingTests DeepHidingTests ProtectionTests
test-sanitizers: export ASAN_OPTIONS := detect_leaks=0
test-sanitizers: install-test ## Runs the tests of pictures, network and HTTP under AddressSanitizer and UndefinedBehaviorSanitizer.
	@scripts/build sanitizers/debug/palimpsestPackageTests.xctest build --build-tests $(SANITIZERS)
	swift test --skip-build $(SANITIZERS) --filter '^(HTTPWire|SocketIO|HTTPServer)Tests'
	swift test --skip-build $(SANITIZERS) --filter '^(Imaging|DeepHiding|Protection)Tests'

# The test that counts descriptors is left out, since the sanitizer opens some of its own to name
# the functions of a report. Code is so slow under it that tests would meet the limits of time that
# they are about if all ran at once.
.PHONY: test-threads
test-threads: install-test ## Runs the tests of server, workers and store, and of what helpers share, under ThreadSanitizer.
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 scripts/build threads/debug/palimpsestPackageTests.xctest test --sanitize=thread --scratch-path .build/threads --filter '^((SocketIO|HTTPServer|CodecHost|JobRunner|SQLiteStore|StoreConformance|LocalBlobs|BlobConformance|Operations|HTTPAPI)Tests|POSIXTests.ThreadTeamTests|ProtectionTests.BandsTests)' \
		--skip 'ChurnTests/descriptors'

.PHONY: fuzz
fuzz: install-build ## Looks for bytes that break the decoders of HTTP, archives and image headers (SECONDS=600 by default).
	scripts/fuzz $(SECONDS)

.PHONY: build-bench
build-bench: install-build
	@scripts/build release/palimpsest-bench build $(RELEASE_FLAGS) --product palimpsest-bench

.PHONY: build-probe
build-probe: install-build
	@scripts/build debug/WireProbe build $(SWIFT_FLAGS) --product WireProbe

.PHONY: test-python
test-python: install-test build build-bench build-probe ## Runs the Python tests: tooling, training, and the service end to end.
	$(PYTHON) -m pytest -n 2 --dist loadfile $(wildcard Tests/tooling Tests/wire Tests/cli Tests/packaging Training/tests)
	@# Half of their time these wait.
	$(PYTHON) -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(wildcard Tests/e2e)
	$(PYTHON) -m pytest -n 4 --maxschedchunk 1 $(wildcard Tests/crash) $(addprefix Tests/cluster/test_,kills.py promotion.py standby_away.py pooler.py versions.py)

.PHONY: test-e2e
test-e2e: install-test build ## Runs only the end-to-end tests, against the release binary.
	$(PYTHON) -m pytest Tests/e2e

EXAMPLES ?= 30
SEED ?= 1

.PHONY: test-contract
test-contract: install-test build ## Tries the service against Public/openapi.json, and reads its metrics as Prometheus does (EXAMPLES=1000 for longer, SEED=).
	EXAMPLES='$(EXAMPLES)' SEED='$(SEED)' .venv-contract/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder Tests/contract

.PHONY: test-package
test-package: install-test package ## Installs, upgrades and removes the package in a bare Debian 12 that it boots, as root, and runs the container image; some minutes.
	@scripts/install-packages machine
	$(PYTHON) -m pytest -s Tests/machine

.PHONY: install-page
install-page: install-test
	@scripts/install-packages page
	@scripts/install-venv Tests/page/requirements.txt .venv-page

.PHONY: test-page
test-page: install-page build ## Tries the page in a browser: the whole walk, what goes wrong, accessibility; installs chromium.
	.venv-page/bin/python -m pytest -n 3 --maxschedchunk 1 Tests/page

.PHONY: screenshots
screenshots: install-page build ## Takes the pictures of the page in docs anew.
	.venv-page/bin/python Tests/page/screenshots.py

.PHONY: test-clients
test-clients: install-test build ## Tries the service with wrk, ab, nginx in front, Prometheus' tools and a browser; installs them.
	@scripts/install-packages clients
	$(PYTHON) -m pytest -s Tests/clients

.PHONY: test-crash
test-crash: install-test build ## Kills the service again and again, with failing disks and clocks that are set (KILLS=1000).
	$(PYTHON) Tests/crash --kills $(or $(KILLS),1000)

STORES ?= folder rclone swift

.PHONY: test-cluster
test-cluster: install-test build ## Kills everything in a cluster again and again, on each kind of storage (KILLS=300, SEED=, STORES=, OTHER=binary of every second node), then with a standby, then cuts its nodes off; half an hour.
	@scripts/install-venv Tests/BlobConformanceTests/requirements.txt .venv-object-store
	for options in $(STORES:%=--store=%) --standby; do \
		$(PYTHON) Tests/cluster $$options --kills $(or $(KILLS),300) --seed '$(SEED)' $(if $(OTHER),--other '$(OTHER)'); \
	done
	$(PYTHON) -m pytest -s Tests/cluster
	@scripts/build debug/palimpsestPackageTests.xctest build --build-tests $(SWIFT_FLAGS)
	PALIMPSEST_TEST_THOROUGH=1 scripts/with-postgres swift test --skip-build --filter '^PostgresStoreTests.(Plan|Deadlock)Tests' $(SWIFT_FLAGS)

.PHONY: test-load
test-load: install-test build ## Churn, slow clients, gigabytes in and out, plain and TLS; some minutes (CONNECTIONS=, GIGABYTES=).
	$(PYTHON) -m pytest -s Tests/load

SIMULATION ?= runs/simulation
SIMULATION_SEED ?= 1

.PHONY: simulation
simulation: install-build ## Simulates the queue at 10^8 images a day, without any I/O; ten to twenty minutes (SIMULATION=folder, SIMULATION_SEED=).
	@scripts/build release/Simulation build $(RELEASE_FLAGS) --product Simulation
	@mkdir -p '$(SIMULATION)'
	.build/release/Simulation inputs | tee '$(SIMULATION)/inputs.md'
	.build/release/Simulation estimate | tee '$(SIMULATION)/estimate.md'
	.build/release/Simulation queue --seed '$(SIMULATION_SEED)' | tee '$(SIMULATION)/queue.md'

# ---- Training and proof; long, not part of `make test` ----

COURSE ?= photos
RUN ?= runs/$(COURSE)
WEIGHTS ?= Sources/DeepHiding/Resources/deep-hiding.safetensors
OUT ?= runs/prove
SEEDS ?= 0
CIFAR10 ?=
DATASET ?= $(CIFAR10)

.PHONY: train
train: install-test ## Trains one of the shipped networks on (DATA=folder or tar of photos; COURSE=photos or small; RUN=); resumes.
	@[[ '$(origin DATA)' == 'command line' ]] || { echo 'train: name a folder or tar of photos: make train DATA=photos.tar' >&2; exit 2; }
	PYTHONPATH=Training OMP_NUM_THREADS=1 $(PYTHON) -m deephiding.binding --recipe 'Training/recipes/surrogates-$(COURSE).json' --data '$(DATA)' --run '$(RUN)' --threads 1
	PYTHONPATH=Training $(PYTHON) -m deephiding.export --run '$(RUN)' --out '$(RUN)/deep-hiding.safetensors'

PROVE = PYTHONPATH=Training $(PYTHON) -m evaluate.prove --dataset '$(DATASET)' --binary $(RELEASE) --weights '$(WEIGHTS)'
SIZE ?= quick
RESOURCES ?=

.PHONY: prove
prove: install-test build ## Measures the protection: on CIFAR-10 (CIFAR10=path; SEEDS=0,1,2), or on your class folders (PHOTOS=folder).
ifdef PHOTOS
	PYTHONPATH=Training $(PYTHON) -m evaluate.photos --photos '$(PHOTOS)' --binary $(RELEASE) --weights '$(WEIGHTS)' --out '$(OUT)'
else
	$(PROVE) --out '$(OUT)' --seeds '$(SEEDS)'
endif

.PHONY: evaluate
evaluate: install-test build ## Measures it under countermeasures and beside other methods (SIZE=quick, cpu, adversarial, photos, transfer, full; CIFAR10=path or DATASET=path); resumes.
	$(PROVE) --out '$(OUT)' --size '$(SIZE)' $(RESOURCES)

LOOK ?= runs/look
OPTIONS ?=

.PHONY: look
look: install-test build ## Measures how visible it is, beside JPEG (PHOTOS=photos.tar, or your own folder; OPTIONS='--mask none', LOOK=folder); resumes.
	@[[ -n '$(PHOTOS)' ]] || { echo 'look: name a folder or tar of photos: make look PHOTOS=photos.tar' >&2; exit 2; }
	PYTHONPATH=Training $(PYTHON) -m evaluate.visibility --photos '$(PHOTOS)' --binary $(RELEASE) --weights '$(WEIGHTS)' --out '$(LOOK)' --options='$(OPTIONS)' $(RESOURCES)

LICENSED ?= runs/licensed

.PHONY: evaluate-licensed
evaluate-licensed: install-test build ## Measures ungeneralizable examples: what licensed and other learners learn (CIFAR10=path; LICENSED=folder); hours, resumes.
	PYTHONPATH=Training OMP_NUM_THREADS=1 $(PYTHON) -m evaluate.licensed --dataset '$(DATASET)' --binary $(RELEASE) --weights '$(WEIGHTS)' --out '$(LICENSED)' --cache '$(LICENSED)/protected' $(RESOURCES)

PHOTO_TABLE ?= runs/photo-table

.PHONY: evaluate-photos
evaluate-photos: install-test build ## Measures it on large photos, as a site passes them on, also with pre-trained networks (DATASET=path; RESOURCES='--per-class 120 …'); hours, resumes.
	@[[ -n '$(DATASET)' ]] || { echo 'evaluate-photos: name a folder or tar of train/CLASS and test/CLASS: make evaluate-photos DATASET=imagenette.tar' >&2; exit 2; }
	PYTHONPATH=Training OMP_NUM_THREADS=1 $(PYTHON) -m evaluate.photo_table --dataset '$(DATASET)' --binary $(RELEASE) --weights '$(WEIGHTS)' --out '$(PHOTO_TABLE)' $(RESOURCES)

PERFORMANCE ?= runs/performance

.PHONY: install-bench
install-bench:
	@scripts/install-packages bench
	@scripts/install-venv Training/benchmark/requirements.txt .venv-bench

.PHONY: bench
bench: install-test install-bench build build-bench ## Times network and photos beside other engines and tools (half an hour on a machine that does nothing else).
	PYTHONPATH=Training OMP_NUM_THREADS=1 $(PYTHON) -m benchmark --product $(RELEASE) --binary $(RELEASE)-bench --weights '$(WEIGHTS)' --bench-python .venv-bench/bin/python --out '$(PERFORMANCE)' $(RESOURCES)

QUEUE ?= runs/queue

.PHONY: bench-queue
bench-queue: install-test ## Times the queue in PostgreSQL and SQLite beside other queues; some minutes on a machine that does nothing else.
	@scripts/install-venv Tests/StoreBenchmark/requirements.txt .venv-queue-bench
	@scripts/build release/StoreBenchmark build -c release $(SWIFT_FLAGS) --product StoreBenchmark
	scripts/with-postgres $(PYTHON) Tests/StoreBenchmark --binary .build/release/StoreBenchmark --python .venv-queue-bench/bin/python --out '$(QUEUE)'

ENDURANCE ?= runs/endurance

.PHONY: bench-endurance
bench-endurance: install-test build ## Sends 100,000 small pictures and 2,000 photos through one service; ten minutes on a machine that does nothing else (ENDURANCE=folder, PICTURES=, PHOTOS=).
	$(PYTHON) Tests/load/endurance.py --pictures $(or $(PICTURES),100000) --photos $(or $(PHOTOS),2000) --out '$(ENDURANCE)'

.PHONY: measure-photo
measure-photo: install-test build ## Time and peak memory of `protect` for one 12-megapixel JPEG.
	@scripts/measure-photo

.PHONY: clean
clean: ## Removes what was built and the Python environment; data stays.
	rm -rf .build .venv .venv-contract .venv-object-store .venv-page .venv-queue-bench
