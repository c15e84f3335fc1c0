#!/usr/bin/env bash
# Makes a virtual environment with this checkout installed into it, and what the machine lacks.
# Usage: tools/setup.sh VENV EXTRAS        (EXTRAS: comma-separated extras of setup.py)
#
# Installs Debian packages only as root and only where something is missing; without permission it
# says what is missing. Everything else goes into VENV.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
extras=$2
python=${PYTHON:-python3}

# A software renderer for the simulated cameras; without it they are ray-cast in numpy.
renderer_packages="libegl1 libegl-mesa0 libgl1-mesa-dri libopengl0"
renderer_libraries="libEGL.so.1 libOpenGL.so.0 libEGL_mesa.so.0"
# What the wheel of pinocchio links to and does not bring along.
kinematics_packages="libgomp1"
kinematics_libraries="libgomp.so.1"

say() { printf 'setup: %s\n' "$*" >&2; }

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install() {
  say "installing $*"
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_python() { command -v "$python" >/dev/null && "$python" -c 'import ensurepip, venv' 2>/dev/null; }

has_libraries() {
  "$python" - "$@" <<'PY'
import ctypes
import sys

try:
    for library in sys.argv[1:]:
        ctypes.CDLL(library)
except OSError:
    sys.exit(1)
PY
}

if ! has_python; then
  if ! may_install || ! install python3 python3-venv || ! has_python; then
    say "$python with venv is missing. Install it (Debian, Ubuntu: apt install python3 python3-venv)."
    exit 2
  fi
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "$("$python" --version) is too old; Python 3.11 or newer is needed (make PYTHON=python3.12 ...)."
  exit 2
fi
# shellcheck disable=SC2086  # lists of names
{
  missing=""
  has_libraries $renderer_libraries || missing="$renderer_packages"
  has_libraries $kinematics_libraries || missing="$missing $kinematics_packages"
  if [ -n "$missing" ] && may_install; then
    install $missing || true
  fi
  has_libraries $renderer_libraries ||
    say "no EGL renderer: simulated cameras will be ray-cast, which is slower and plainer." \
      "For rendering: apt install $renderer_packages"
  if ! has_libraries $kinematics_libraries; then
    say "kinematics will not load. Install it and run this again: apt install $kinematics_packages"
    exit 2
  fi
}

say "installing this package with [$extras] into $venv; the first time takes a few minutes"
# An environment whose making was interrupted has a python and no pip.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
# The pip that comes with Debian's Python takes twice as long.
"$venv/bin/python" -m pip install --quiet --upgrade 'pip>=26,<27'
# Most modules of the larger libraries are never used; those that are get compiled at first use.
"$venv/bin/python" -m pip install --quiet --no-compile --editable ".[$extras]"
