#!/usr/bin/env bash
# The student server's checks and tests: `student-server/ci.sh`, or `student-server/ci.sh PYTHON` in an environment of
# your own with requirements-dev.lock.txt. Bounded: SETUP_SECONDS to make its environment (over: skipped) and
# TEST_SECONDS to check and test, the contract of tests/conformance included (over: failed). Ends with one line, "N passed, N failed" and, where something was
# skipped, ", N skipped"; the whole of it is 1 skipped where there is no environment, and the reason stands above.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
setup_seconds=${SETUP_SECONDS:-300}
test_seconds=${TEST_SECONDS:-600}

# `within SECONDS COMMAND...`: when the time is over it ends, with its children; macOS has no such command.
within() {
  if command -v timeout > /dev/null; then timeout -s INT -k 10 "$@"; else "${@:2}"; fi
}
# In place of this shell, so that a signal to it reaches the command.
exec_within() {
  if command -v timeout > /dev/null; then exec timeout -s INT -k 10 "$@"; else exec "${@:2}"; fi
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

# From here on it is used from other folders too.
case $python in */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
status=0
SECONDS=0
results=$(mktemp -d) || exit 1
beside=
# Ended early, it does not leave the contract to itself.
trap '[ -z "$beside" ] || kill "$beside" 2> /dev/null; rm -rf "$results"' EXIT
left() { echo $((test_seconds > SECONDS ? test_seconds - SECONDS : 1)); }

# The contract of tests/conformance, held against a server as users start it: beside the tests, on another core.
contract() {
  # The command that starts the server is words between blanks, and a path may hold some.
  printf '#!/bin/sh\nexec "%s" -m student_server --home "%s" --base tiny-llama:micro "$@"\n' "$python" "$results/home" > "$results/server"
  chmod +x "$results/server"
  cd .. || return
  export PATH="$PWD/node_modules/.bin:$PATH" PYTHONPATH="$PWD/student-server"
  export STUDENT_SERVER_API_KEY=contract-secret BALDISTILL_CONTRACT_KEY=contract-secret
  export BALDISTILL_CONTRACT_MODEL=tiny-llama:micro BALDISTILL_CONTRACT_LACKS=idempotency-key
  export BALDISTILL_CONTRACT_COMMAND="$results/server"
  exec_within "$(left)" vitest run tests/conformance/student.test.ts \
    --reporter=default --reporter=json --outputFile.json="$results/contract.json"
}
if [ -x ../node_modules/.bin/vitest ]; then
  contract > "$results/contract.log" 2>&1 &
  beside=$!
else
  echo 'The contract was not held against it: it needs the packages of the repository, and they are not installed.'
fi

step() {
  within "$(left)" "$python" -m "$@"
  case $? in
    0) ;;
    124 | 137) status=1; echo "$1 was ended: checks and tests have $test_seconds s." ;;
    *) status=1 ;;
  esac
}
step ruff check .
step ruff format --check .
step mypy
step pytest --junit-xml="$results/tests.xml"
if [ -n "$beside" ]; then
  wait "$beside" || status=1
  cat "$results/contract.log"
fi
"$python" - "$results" "$status" "$beside" <<'EOF'
import json
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

folder, status, beside = sys.argv[1:]
passed = failed = skipped = 0
try:
    suite = xml.parse(Path(folder, "tests.xml")).getroot()[0].attrib
    failed = int(suite["failures"]) + int(suite["errors"])
    skipped = int(suite["skipped"])
    passed = int(suite["tests"]) - failed - skipped
    if beside:
        contract = json.loads(Path(folder, "contract.json").read_text())
        passed += contract["numPassedTests"]
        failed += contract["numFailedTests"]
    else:
        skipped += 1
except (OSError, ValueError, xml.ParseError, LookupError):
    failed += 1
# A failed check, or tests that were ended, count as one failure.
failed = failed or int(status != "0")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
EOF
exit "$status"
