#!/usr/bin/env bash
# The student server's checks and tests: `student-server/ci.sh PYTHON`, in an environment with requirements-dev.lock.txt.
# Without PYTHON it makes that environment. Ends with one line, "N passed, N failed" and, where it could not be made,
# ", 1 skipped" after the reason.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

python=${1:-}
if [ -z "$python" ]; then
  made=$(../bin/baldistill student --set-up)
  if [ -z "$made" ]; then
    echo 'The student server was not tested: its Python environment cannot be made here (see above).'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
  fi
  # Beside the server's environment, which stays as users have it; packages come from there.
  tests=$(dirname "$(dirname "$made")")-tests
  python=$tests/bin/python
  if [ ! -e "$tests/complete" ]; then
    "$made" -m venv "$tests" \
      && "$made" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
        > "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/server.pth" \
      && "$python" -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock.txt \
      && touch "$tests/complete" \
      || { echo 'The student server was not tested: pytest cannot be installed here.'; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
  fi
fi

status=0
"$python" -m ruff check . || status=1
"$python" -m ruff format --check . || status=1
"$python" -m mypy || status=1
result=$(mktemp) || exit 1
trap 'rm -f "$result"' EXIT
"$python" -m pytest --junit-xml="$result" || status=1
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
# A failed check counts as one failure.
failed = failed or int(status != "0")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
EOF
exit "$status"
