# Every target sets up what it needs: a virtual environment in .venv and, for the tests, Debian's
# packages that they drive (a browser, FFmpeg's own program, an RTSP server, a reverse proxy, a clip of a real camera).

PYTHON ?= python3
BIN := .venv/bin
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
TEST_PACKAGES := chromium-headless-shell ffmpeg gir1.2-gst-rtsp-server-1.0 libnginx-mod-http-perl nginx-light opencv-doc openssl python3-gi systemd
BENCH_PACKAGES := chromium-headless-shell ffmpeg libnginx-mod-http-perl nginx-light wrk
PORT ?= 8080
# Tests and benchmarks start hundreds of processes: what they import is compiled once.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check bench kills load soak hour fuzz oracle audit web-check format clean

demo: .venv/installed
	$(BIN)/footage demo --port $(PORT)

# Two at a time: most tests wait for cameras and players, which take their time.
test: .venv/tested .venv/packages-test
	$(BIN)/pytest -n 2 --dist loadfile

check: .venv/tested web-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/tested .venv/packages-bench
	$(BIN)/python -m bench.run

kills load soak fuzz oracle: .venv/tested
	$(BIN)/python -m proofs.$@

hour: .venv/tested .venv/packages-test
	$(BIN)/python -m proofs.hour

# Known holes in what is used. Where no list of them answers, that is said and is no fault.
audit: .venv/tested
	$(BIN)/python -m proofs.audit

web-check: .venv/tested
	$(BIN)/python web/npm.py run check
	$(BIN)/python web/npm.py test

format: .venv/tested
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/made:
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ $(SUDO) apt-get update -q && $(SUDO) apt-get install -y -q python3-venv; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade 'pip>=25.1'
	touch $@

.venv/installed: .venv/made pyproject.toml hatch_build.py $(shell find web/src web/*.html web/*.json web/*.ts -type f 2>/dev/null)
	$(BIN)/python -m pip install -q -e .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install -q --group test --group check
	touch $@

.venv/packages-test .venv/packages-bench: .venv/packages-%: .venv/made
	@missing="$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(if $(filter test,$*),$(TEST_PACKAGES),$(BENCH_PACKAGES)) 2>&1 | grep -v ' installed$$' || true)"; \
	if [ -n "$$missing" ]; then \
		$(SUDO) apt-get update -q && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
			$(if $(filter test,$*),$(TEST_PACKAGES),$(BENCH_PACKAGES)); \
	fi
	touch $@

clean:
	rm -rf .venv web/node_modules src/footage/api/static
