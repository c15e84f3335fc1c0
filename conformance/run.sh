#!/bin/sh
# Does the real lerobot load what this package exports? Builds an environment of its own once
# (build/conformance-venv, about 2 GB) and runs test_lerobot_loader.py in it.
#
#   conformance/run.sh [pytest arguments]
#
# CONFORMANCE_VENV names another environment; PYTHON another interpreter (3.11).
# torchcodec needs FFmpeg's shared libraries; they are installed with apt when that is possible.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(dirname "$here")
venv=${CONFORMANCE_VENV:-$repository/build/conformance-venv}

if ! ldconfig -p | grep -q libavcodec; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends ffmpeg
    else
        echo "conformance: FFmpeg's libraries are missing; install the package ffmpeg" >&2
        exit 2
    fi
fi

if [ ! -f "$venv/complete" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$here/requirements-lerobot.txt"
    "$venv/bin/pip" install --quiet --no-deps -r "$here/requirements-lerobot-alone.txt"
    touch "$venv/complete"
fi

# The datasets are local; without this the loader would ask a server about them.
export HF_HUB_OFFLINE=1 HF_HOME="$repository/build/conformance-cache"
cd "$repository"
exec "$venv/bin/python" -m pytest -c "$here/pytest.ini" --rootdir="$here" "$here/test_lerobot_loader.py" "$@"
