# Every target does its own set-up on a fresh machine and then runs; see tools/setup.sh.
#
#   make demo                 the main job on the simulated rig (ARGS="--episodes 3")
#   make test                 all tests (ARGS="test/rig -k limits")
#   make lint                 ruff, mypy
#   make bench [ONLY=name]    measurements; figures go to build/bench/
#   make soak  [ONLY=name]    long runs
#   make clean                remove what these targets made
#
# ROS 2 comes from a sourced installation, else from wheels: DISTRO=jazzy (default) or kilted.

DISTRO ?= jazzy
ROS_WHEELS_jazzy := ros
ROS_WHEELS_kilted := ros-kilted

ifdef ROS_DISTRO
  FLAVOUR := system-$(ROS_DISTRO)
else ifdef ROS_WHEELS_$(DISTRO)
  FLAVOUR := $(DISTRO)
  ROS_EXTRA := ,$(ROS_WHEELS_$(DISTRO))
else
  $(error DISTRO=$(DISTRO) is unknown; choose jazzy or kilted)
endif

VENV ?= $(if $(filter jazzy,$(FLAVOUR)),.venv,.venv-$(FLAVOUR))
BIN := $(VENV)/bin
SETUP_INPUTS := setup.py setup.cfg pyproject.toml tools/setup.sh

# What tools/setup.sh installs is compiled at first use; unless that is kept, each process of a graph
# spends a second on compiling it anew.
unexport PYTHONDONTWRITEBYTECODE

# Demos, tests and benches stay on this machine.
export ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST

.PHONY: demo test lint bench soak clean

demo: $(VENV)/.demo-ready
	$(BIN)/teleop-collect demo $(ARGS)

test: $(VENV)/.dev-ready
	tools/run_tests.sh $(BIN)/python $(ARGS)

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy teleop_collect

bench: $(VENV)/.dev-ready
	tools/run_each.sh $(BIN)/python bench $(ONLY)

soak: $(VENV)/.dev-ready
	tools/run_each.sh $(BIN)/python bench/soak $(ONLY)

clean:
	rm -rf .venv .venv-* build install log *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.demo-ready: $(SETUP_INPUTS)
	tools/setup.sh $(VENV) demo$(ROS_EXTRA)
	@touch $@

$(VENV)/.dev-ready: $(SETUP_INPUTS)
	tools/setup.sh $(VENV) demo,dev$(ROS_EXTRA)
	@touch $@ $(VENV)/.demo-ready
