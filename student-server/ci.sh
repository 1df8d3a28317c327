#!/usr/bin/env bash
# The student server's checks and tests: `student-server/ci.sh`, or `student-server/ci.sh PYTHON` in an environment of
# your own with requirements-dev.lock.txt. Bounded: SETUP_SECONDS to make its environment (over: skipped) and
# TEST_SECONDS to check and test (over: failed). Ends with one line, "N passed, N failed" and, where something was
# skipped, ", N skipped"; the whole of it is 1 skipped where there is no environment, and the reason stands above.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
setup_seconds=${SETUP_SECONDS:-300}
test_seconds=${TEST_SECONDS:-600}

# `within SECONDS COMMAND...`: when the time is over it ends, with its children; macOS has no such command.
within() {
  if command -v timeout > /dev/null; then timeout -s INT -k 10 "$@"; else "${@:2}"; fi
}

python=${1:-}
if [ -z "$python" ]; then
  python=$(within "$setup_seconds" ./test-environment.sh)
  code=$?
  if [ "$code" != 0 ]; then
    reason='its Python environment cannot be made here (see above)'
    # 137: it had to be killed.
    case $code in 124 | 137) reason="its Python environment was not made within $setup_seconds s" ;; esac
    echo "The student server was not tested: $reason."
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
  fi
fi

status=0
SECONDS=0
step() {
  local left=$((test_seconds - SECONDS))
  within "$((left > 0 ? left : 1))" "$python" -m "$@"
  case $? in
    0) ;;
    124 | 137) status=1; echo "$1 was ended: checks and tests have $test_seconds s." ;;
    *) status=1 ;;
  esac
}
result=$(mktemp) || exit 1
trap 'rm -f "$result"' EXIT
step ruff check .
step ruff format --check .
step mypy
step pytest --junit-xml="$result"
"$python" - "$result" "$status" <<'EOF'
import sys
import xml.etree.ElementTree as xml

path, status = sys.argv[1:]
try:
    suite = xml.parse(path).getroot()[0].attrib
    failed = int(suite["failures"]) + int(suite["errors"])
    skipped = int(suite["skipped"])
    passed = int(suite["tests"]) - failed - skipped
except (OSError, xml.ParseError, IndexError):
    passed, failed, skipped = 0, 1, 0
# A failed check, or tests that were ended, count as one failure.
failed = failed or int(status != "0")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
EOF
exit "$status"
