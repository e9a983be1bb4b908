# The commands of a working copy. Everything is called as `python -m …`: where apt already has a package, pip adds no script.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
TOOLS := .tools
INSTALLED := /opt/framebus
DIST ?= dist

# The moment of the last commit: what is built of it has the same bytes whenever it is built.
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),1764547200)
export SOURCE_DATE_EPOCH

# Tests start thousands of processes; without cached bytecode, each of them would compile framebus anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run install uninstall test test-fast test-debian test-versions test-v4l2 test-libcamera test-packages test-systemd test-faults coverage soak soak-page pictures mutants bench instructions wheel deb carried release lock audit lint format clean

help:  ## Show these lines
	@sed -n 's/^\([a-z0-9-]*\):.*  ## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: $(VENV)/.ok  ## Run the whole pipeline in the foreground; Ctrl-C ends it
	@exec $(PY) -P -m framebus up

install:  ## Make framebus a service that starts at each boot (as root): sudo make install
	@[ "$$(id -u)" = 0 ] || { echo "only root can do this; run: sudo make install"; exit 1; }
	@[ -e $(INSTALLED)/pyvenv.cfg ] || [ -z "$$(ls -A $(INSTALLED) 2>/dev/null)" ] || { echo "$(INSTALLED) exists and is not a copy that framebus made; move it away first"; exit 1; }
	@umask 022; $(INSTALLED)/bin/python -c 'import sys, pip; sys.exit(not pip.__file__.startswith(sys.prefix))' 2>/dev/null || /usr/bin/python3 -m venv --clear --system-site-packages $(INSTALLED)
	@echo "Installing framebus and what it needs into $(INSTALLED)"
	@umask 022; $(INSTALLED)/bin/python -m pip install -q --disable-pip-version-check . && touch $(INSTALLED)/made-by-make-install
	@exec $(INSTALLED)/bin/python -P -m framebus install

uninstall:  ## Remove that service (as root); the configuration and the state stay
	@exec $(INSTALLED)/bin/python -P -m framebus uninstall

test:  ## Run all tests, four at a time, as most of them wait; TESTS="tests/gateway -x" for less
	@tests/system_packages.sh install tests
	@$(MAKE) -s $(VENV)/.dev-ok
	@$(PY) -m pytest -p no:benchmark -n 4 --dist worksteal $(TESTS)

test-fast: $(VENV)/.dev-ok  ## Run the tests that start no processes, in less than a minute
	@$(PY) -m pytest -p no:benchmark -n 3 --dist worksteal -m "not slow and not medium" --hypothesis-profile fast $(TESTS)

test-debian: $(VENV)/.dev-ok  ## Run all tests on Debian 13 with apt's packages, in a chroot, in 10 minutes (as root)
	@$(PY) -m tests.debian $(TESTS)

test-versions: $(VENV)/.dev-ok $(TOOLS)/.ok  ## Run tests on the oldest and newest versions that pyproject.toml allows (as root)
	@$(PY) -m tests.versions $(LEG) $(TESTS)

test-v4l2: $(VENV)/.dev-ok  ## Test on the kernel's real uvcvideo and vivid drivers, in QEMU, in 7 minutes
	@exec $(PY) -m tests.vm $(VM)

test-libcamera: $(VENV)/.dev-ok  ## Test on Debian's real libcamera and its virtual camera, in a chroot, in 1 minute (as root)
	@exec $(PY) -m tests.libcamera

test-packages: $(VENV)/.dev-ok $(TOOLS)/.build-ok  ## Build what is released, install it in Debians that have nothing else, and use it (as root)
	@exec $(PY) -m tests.packaging $(PACKAGES)

test-systemd: $(VENV)/.dev-ok $(TOOLS)/.build-ok  ## Boot a Debian 13 with the Debian package under systemd, in QEMU, in 5 minutes (as root)
	@exec $(PY) -m tests.systemd

test-faults: $(VENV)/.dev-ok  ## Break everything that can break, and see it come back, in 5 minutes
	@FRAMEBUS_FAULTS=1 $(PY) -m pytest -p no:benchmark -n 2 tests/e2e/faults $(FAULTS)

coverage:  ## Measure which lines and branches all but the slow tests reach; fails below the floor in pyproject.toml
	@tests/system_packages.sh install tests
	@$(MAKE) -s $(VENV)/.dev-ok
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest -p no:benchmark -n 2 --dist worksteal -m "not slow" $(TESTS)
	@$(PY) -m coverage combine -q
	@$(PY) -m coverage report

fuzz: $(VENV)/.dev-ok $(TOOLS)/.fuzz-ok  ## Fuzz the parsers, each for SECONDS=600; FUZZ="wire jpeg" for some of them
	@PYTHONPATH=$(CURDIR) $(TOOLS)/fuzz/bin/python -P -m tests.fuzz --seconds $(or $(SECONDS),600) $(FUZZ)

fuzz-api: $(VENV)/.dev-ok $(TOOLS)/.fuzz-ok  ## Send requests made from the API's description; fails on a 5xx answer or an undescribed one
	@PYTHONPATH=$(CURDIR) $(TOOLS)/fuzz/bin/python -P -m tests.fuzz.api

soak: $(VENV)/.dev-ok  ## Run it for MINUTES=60 with viewers who come and go and a fault every 30 s; fails when anything grows
	@FRAMEBUS_FAULTS=1 FRAMEBUS_FAULTS_FPS=10 FRAMEBUS_SOAK_MINUTES=$(or $(MINUTES),60) exec $(PY) -m pytest -s tests/e2e/faults/test_soak.py

soak-page: $(VENV)/.dev-ok  ## Use the page for MINUTES=60 in Chromium; fails when it keeps nodes, listeners or memory
	@FRAMEBUS_PAGE_MINUTES=$(or $(MINUTES),60) exec $(PY) -m pytest -s tests/e2e/test_page_memory.py

pictures: $(VENV)/.dev-ok  ## Make the page's icons and the docs' screenshots with Chromium; PICTURES=icons for less
	@exec $(PY) -m tests.pictures $(PICTURES)

mutants: $(VENV)/.dev-ok  ## Change the code in small ways and count what the tests notice; MUTANTS="credentials --survivors" for less
	@$(PY) -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("mutmut") is None)' || $(PY) -m pip install -q --disable-pip-version-check 'mutmut>=3.3'
	@exec $(PY) -m tests.mutants $(MUTANTS)

bench: $(VENV)/.ok  ## Measure it beside its peers, in 20 minutes; BENCH="--quick fan-out" for less, PEERS=FOLDER for peers built there
	@exec $(PY) -m benchmarks $(if $(PEERS),--peers $(PEERS)) $(BENCH)

instructions: $(VENV)/.dev-ok  ## Count the instructions a frame, in 30 s; fails when they are a tenth more than KEEP=--keep has stored
	@exec $(PY) -m benchmarks.instructions $(KEEP)

wheel: $(TOOLS)/.build-ok  ## Build the wheel and the source distribution in dist
	@rm -f $(DIST)/framebus-*.whl $(DIST)/framebus-*.tar.gz
	@$(TOOLS)/build/bin/python -P -m build --no-isolation --outdir $(DIST) . >/dev/null
	@ls $(DIST)/framebus-*.whl $(DIST)/framebus-*.tar.gz

deb: wheel carried  ## Build the Debian package in dist, with Debian's own tools
	@deploy/debian/build.sh $(DIST)/framebus-*.tar.gz $(DIST)/videodev2-*.whl $(DIST)
	@ls $(DIST)/framebus_*_all.deb

release: $(VENV)/.dev-ok $(TOOLS)/.build-ok  ## Build all files of a release in dist, the same bytes twice (as root); DRAFT=--draft to try
	@exec $(PY) -m tests.packaging.release $(DIST) $(DRAFT)

# Debian lacks videodev2: its package of framebus carries it. The hash of requirements.lock says that it is the right one.
carried: $(TOOLS)/.build-ok
	@sed -n '/^videodev2==/,/# via/p' requirements.lock >$(TOOLS)/carried.txt
	@$(TOOLS)/build/bin/python -P -m pip download -q --disable-pip-version-check --no-deps --require-hashes -d $(DIST) -r $(TOOLS)/carried.txt

lock: $(TOOLS)/.ok  ## Pin the newest versions of what framebus needs, in requirements.lock, if the tests pass on them
	@sed -n 's/^#/&/p' requirements.lock > $(TOOLS)/new.lock
	@$(TOOLS)/bin/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o $(TOOLS)/lock --upgrade
	@cat $(TOOLS)/lock >> $(TOOLS)/new.lock
	@tests/system_packages.sh install tests
	@$(TOOLS)/bin/uv venv -q --clear --python $(PYTHON) $(TOOLS)/locked
	@$(TOOLS)/bin/uv pip install -q --python $(TOOLS)/locked/bin/python -r pyproject.toml --extra dev -c $(TOOLS)/lock
	@$(TOOLS)/bin/uv pip install -q --python $(TOOLS)/locked/bin/python --no-deps -r tests/picamera2.txt
	@PYTHONPATH=$(CURDIR) $(TOOLS)/locked/bin/python -P -m pytest -n 2 $(TESTS) || { echo "requirements.lock stays as it was: tests fail on the newest versions, which are in $(TOOLS)/new.lock"; exit 1; }
	@mv $(TOOLS)/new.lock requirements.lock

audit: $(TOOLS)/.ok  ## Ask PyPI for known holes in what requirements.lock pins; fails where it cannot ask
	@$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

lint: $(VENV)/.dev-ok  ## Check style and types
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

format: $(VENV)/.dev-ok  ## Put the code into the house style
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

clean:  ## Remove the virtual environment and what tools left behind
	rm -rf $(VENV) $(TOOLS) .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment ends with the Python that made it, for example when the system is upgraded to a newer one.
ifneq ($(wildcard $(VENV)/.ok),)
ifneq ($(shell $(PY) -c 'import sys, pip; sys.exit(not pip.__file__.startswith(sys.prefix))' 2>/dev/null && echo fits),fits)
$(VENV)/bin/python $(VENV)/.ok: python-replaced
endif
endif
.PHONY: python-replaced
python-replaced:
	@echo "The Python that $(VENV) was made with was replaced or removed: making $(VENV) again"
	@rm -rf $(VENV)

# System site packages: on a Raspberry Pi picamera2 and libcamera come from apt and exist nowhere else.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "framebus needs Python 3.11 or newer, and there is no $(PYTHON). Run: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "framebus needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. Run: sudo apt install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv --system-site-packages $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.ok: pyproject.toml | $(VENV)/bin/python
	@echo "Installing framebus and what it needs into $(VENV)"
	@if $(PY) -m pip install -q --disable-pip-version-check -e .; then touch $@; \
	elif [ -e $@ ] && $(PY) -P -c 'import framebus.commands.up, gateway.server, snapshot.server, capture.server'; then \
		echo "Warning: what pyproject.toml asks for now cannot be installed; continuing with what $(VENV) has. Run make again with a network."; \
	else echo "framebus cannot be installed into $(VENV); when there is a network, run make again"; exit 1; fi

$(VENV)/.dev-ok: pyproject.toml $(VENV)/.ok
	@echo "Installing what the tests need into $(VENV)"
	@$(PY) -m pip install -q --disable-pip-version-check -e '.[dev]'
	@$(PY) -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("picamera2") is None)' || $(PY) -m pip install -q --disable-pip-version-check --no-deps -r tests/picamera2.txt
	@touch $@

# Atheris and schemathesis have dependencies of their own: not for the tests' environment.
$(TOOLS)/.fuzz-ok: pyproject.toml
	@$(PYTHON) -m venv --clear $(TOOLS)/fuzz
	@$(TOOLS)/fuzz/bin/python -m pip install -q --disable-pip-version-check -e '.[dev]' atheris schemathesis
	@touch $@

$(TOOLS)/.build-ok: pyproject.toml
	@$(PYTHON) -m venv --clear $(TOOLS)/build
	@$(TOOLS)/build/bin/python -m pip install -q --disable-pip-version-check 'build>=1.2,<2' 'hatchling>=1.27,<2' 'twine>=6.1,<7'
	@touch $@

$(TOOLS)/.ok:
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install -q --disable-pip-version-check uv pip-audit
	@touch $@
