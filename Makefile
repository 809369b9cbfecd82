# Everything stays inside this folder: .venv is built from requirements.lock, nothing global is touched.
PYTHON ?= python3
PORT ?= 8888
ARGS ?=
BIN := .venv/bin
PIP := -m pip --disable-pip-version-check
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help env tools lab app web test test-quick test-colab moved test-backends coverage mutants notebooks figures recap slides site links lint bench offline-kit offline-course gpu lock audit clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s%s\n", $$1, $$2}' Makefile
	@echo "  Variables: PYTHON=$(PYTHON) PORT=$(PORT) ARGS='passed on to lab, web, test and notebooks'"

env: .venv/.done ## build .venv from requirements.lock: all that the lessons need

tools: .venv/.tools ## put into it, from requirements-test.lock, what tests, exports and making lessons need besides

lab: env ## open the course in JupyterLab
	$(BIN)/jupyter lab --ServerApp.root_dir=. --port $(PORT) $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS) notebooks/00_start_here.ipynb

app: env ## show the sliders on one page, as an app
	$(BIN)/voila --no-browser --port $(PORT) $(ARGS) notebooks/sliders.ipynb

web: tools ## build the page for the browser into build/web, and show it (needs Node.js)
	$(BIN)/python web/build.py --serve $(PORT) $(ARGS)

test: tools ## run the unit tests and every notebook
	HANDSEG_PROFILE=smoke $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-current-env \
	  --nbval-cell-timeout=600 $(ARGS) tests $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb)

test-quick: tools ## run the unit tests that take no more than a moment, in two minutes
	HANDSEG_PROFILE=smoke $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow" --ignore=tests/browser $(ARGS) tests

coverage: tools ## which lines and branches of the library the unit tests reach, those of other processes included
	rm -f .coverage .coverage.*
	HANDSEG_PROFILE=smoke $(BIN)/python -m coverage run -m pytest -q --ignore=tests/browser $(ARGS) tests
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

mutants: tools ## change the heart in small ways, one at a time, and count whom the tests catch (hours; goes on where it was)
	$(BIN)/python $(PIP) install -q cosmic-ray
	$(BIN)/python -m benchmarks.mutants --json $(ARGS)

test-colab: .venv-colab/.done ## run every notebook with the versions that Colab has
	HANDSEG_PROFILE=smoke .venv-colab/bin/python -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env \
	  --nbval-cell-timeout=600 $(ARGS) $(wildcard notebooks/*.ipynb)

moved: env ## say which of Colab's versions are no longer those that test-colab tries
	$(BIN)/python scripts/colab_moved.py $(ARGS)

test-backends: .venv-backends/.done ## train and predict with TensorFlow, JAX and PyTorch
	set -e; for backend in tensorflow jax torch; do KERAS_BACKEND=$$backend .venv-backends/bin/python tests/backends.py; done

notebooks: tools ## generate and execute notebooks/ from lessons/ (ARGS='03 04' for some)
	$(BIN)/python lessons/build.py $(ARGS)

figures: tools ## put the measured figures into every page and notebook (nothing is executed)
	$(BIN)/python -m benchmarks.report; pages=$$?; $(BIN)/python lessons/build.py --no-execute && exit $$pages

recap: tools ## put each lesson on one page to print, docs/recap/NN.md
	$(BIN)/python lessons/recap.py

slides: tools ## make slides/NN_name.html from the notebooks, to show in a browser
	$(BIN)/python lessons/slides.py $(ARGS)

site: .venv-dev/.done ## make build/site from the README, docs, notebooks and docstrings, and follow its links
	PYTHONPATH=. .venv-dev/bin/python -m sphinx -q -W --keep-going -c docs . build/site
	.venv-dev/bin/python scripts/check_site.py build/site

links: .venv-dev/.done ## call every address outside that the site names
	PYTHONPATH=. .venv-dev/bin/python -m sphinx -q -b linkcheck -c docs . build/links

lint: .venv-dev/.done ## style, types, and whether the notebooks are what the lessons say
	PATH="$(CURDIR)/.venv-dev/bin:$$PATH" .venv-dev/bin/pre-commit run --all-files

bench: tools ## measure the published figures again, all but the GPU's, the page's, the seats, the peers and the mutants (audit reads what lopo leaves)
	set -e; for name in $(filter-out __init__ audit camera figures mutants notebook_server peers report scaling seats,$(basename $(notdir $(wildcard benchmarks/*.py)))) audit scaling report; do \
	  $(BIN)/python -m benchmarks.$$name --json; done

offline-kit: env ## a folder for a room without network (ARGS='--targets linux-3.12 windows-3.12'; --try: use it)
	$(BIN)/python scripts/offline_kit.py $(ARGS)

offline-course: env ## run every lesson without a network, where only a cache can be written (ARGS='03 04' for some)
	$(BIN)/python scripts/offline_course.py $(ARGS)

gpu: env ## swap in TensorFlow with CUDA (Linux with an NVIDIA GPU; some GB)
	$(BIN)/python $(PIP) uninstall -y tensorflow-cpu
	$(BIN)/python $(PIP) install "tensorflow[and-cuda]$$(sed -n 's/^tensorflow\(==[^ ]*\).*/\1/p' requirements.lock)"

# On x86-64 Linux TensorFlow's CPU build is half the download of the full one, which without CUDA's libraries
# finds no GPU either.
CPU := sys_platform == 'linux' and platform_machine == 'x86_64'
UV := .venv-lock/bin/uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url -q
FULL := sys_platform != 'linux' or platform_machine != 'x86_64'

# What fits stays as it is: the same locks come out again until pyproject.toml asks for something else. The hashes are
# those of all files of a release, so of every system's. What lessons need, and what tests and exports need besides, are
# locked together, so that both fit, and written apart, so that a learner gets no browser driver.
LEARN := --extra lab --extra cluster
define split_tensorflow
sed -n -e "/^tensorflow==/{s/$$/ ; $(FULL)/p;s/^tensorflow\(==[^ ]*\).*/tensorflow-cpu\1 ; $(CPU)/;}" -e p
endef
define hashed
(echo "# Exact versions for CPython 3.11 to 3.13 on Linux, macOS and Windows, made by: make lock"; cat .venv-lock/hashed.txt)
endef
lock: ## lock exact versions with hashes (ARGS=--upgrade for the newest, ARGS='-P NAME' for one package's)
	@$(check_python)
	$(locker)
	cat requirements.lock requirements-test.lock > .venv-lock/all.txt
	$(UV) pyproject.toml $(LEARN) --extra rooms --extra test --extra export --fork-strategy fewest -o .venv-lock/all.txt $(ARGS)
	$(UV) pyproject.toml $(LEARN) -c .venv-lock/all.txt --fork-strategy fewest -o .venv-lock/learn.txt
	set -e; for part in all learn; do $(split_tensorflow) .venv-lock/$$part.txt > .venv-lock/$$part-both.txt; done
	$(UV) .venv-lock/learn-both.txt --no-deps --generate-hashes -o .venv-lock/hashed.txt
	$(hashed) > requirements.lock
	$(UV) .venv-lock/all-both.txt --no-deps --generate-hashes -o .venv-lock/hashed.txt \
	  $$(sed -n 's/^\([^ =]*\)==.*/--no-emit-package \1/p' requirements.lock)
	$(hashed) > requirements-test.lock

audit: tools ## what this course stands on: licences, ages, known vulnerabilities (where their database can be reached)
	$(locker)
	.venv-lock/bin/python $(PIP) install -q pip-audit
	$(UV) requirements.lock requirements-test.lock --no-deps --format pylock.toml -o .venv-lock/pylock.toml
	$(BIN)/python scripts/audit_packages.py $(ARGS)

define locker
$(PYTHON) -m venv --clear .venv-lock
.venv-lock/bin/python $(PIP) install -q uv
endef

clean: ## remove the environments and what the tools leave behind
	rm -rf .venv .venv-backends .venv-colab .venv-dev .venv-lock .mutants offline-kit slides .hypothesis .pytest_cache .ruff_cache *.egg-info build
	rm -f .coverage .coverage.*
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +

define check_python
$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
  { echo "Needs CPython 3.11, 3.12 or 3.13, and '$(PYTHON)' is not. Name one: make PYTHON=python3.12 ..."; exit 1; }; \
$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
  { echo "'$(PYTHON)' has no venv. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
endef

purelib := import sysconfig; print(sysconfig.get_path('purelib'))

# A stamp is written last, and --clear takes the old one away first: a half-finished install never looks done.
.venv/.locked: requirements.lock
	@$(check_python)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python $(PIP) install -r requirements.lock
	@touch $@

.venv/.done: .venv/.locked pyproject.toml
	$(BIN)/python $(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/.tools: requirements-test.lock .venv/.done
	$(BIN)/python $(PIP) install -r requirements.lock -r requirements-test.lock
	@touch $@

# Named are only the versions that matter; whatever else Colab has is not needed. Of OpenCV it has two packages beside
# each other, in one folder.
.venv-colab/.done: pyproject.toml tests/colab.txt
	@$(check_python)
	$(PYTHON) -m venv --clear .venv-colab
	.venv-colab/bin/python $(PIP) install -c tests/colab.txt -e ".[test]" opencv-contrib-python
	@touch $@

# Sphinx, ruff, mypy and pre-commit; the rest is seen through .venv.
.venv-dev/.done: .venv/.tools pyproject.toml
	$(BIN)/python -m venv --clear .venv-dev
	$(BIN)/python -c "$(purelib)" > "$$(.venv-dev/bin/python -c "$(purelib)")/main.pth"
	.venv-dev/bin/python $(PIP) install -q --upgrade setuptools  # the one that comes with Python 3.11 cannot read pyproject.toml
	.venv-dev/bin/python $(PIP) install -q --no-build-isolation -e ".[docs,dev]"
	@touch $@

# Only torch and jax go in here; the rest is seen through .venv. TORCH_INDEX=URL names an index of CPU wheels,
# without which pip on Linux may take PyTorch's CUDA build (some GB).
.venv-backends/.done: .venv/.tools tests/backends.txt
	$(BIN)/python -m venv --clear .venv-backends
	$(BIN)/python -c "$(purelib)" > "$$(.venv-backends/bin/python -c "$(purelib)")/main.pth"
	.venv-backends/bin/python $(PIP) install $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r tests/backends.txt
	@touch $@
