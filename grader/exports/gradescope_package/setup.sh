#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image: Python, the grader, and the course's data.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
cd "$root/source"

new_enough() {
  command -v "$1" >/dev/null && "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=""
for name in python3.13 python3.12 python3.11 python3; do
  if new_enough "$name"; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y python3.11 python3.11-venv
  python=python3.11
fi

"$python" -m venv "$root/venv"
"$root/venv/bin/pip" install --no-cache-dir ./*.whl
# The thresholds of the accuracy check, as they were measured for this course.
cp calibration.json "$("$root/venv/bin/python" -c 'from grader.course.thresholds import CALIBRATION_FILE; print(CALIBRATION_FILE)')"
GRADER_CACHE="$root/cache" "$root/venv/bin/python" -m grader.exports.gradescope_package "$root" --prepare
