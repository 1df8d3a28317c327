#!/usr/bin/env bash
# Twelve topics of R52, a student server, and one comparison on it, from nothing to a table:
# `student-server/bench/r52.sh R52_FOLDER COMPARE_FILE [WORK_FOLDER]`, for the examples/r52-tiny-llama-*.yaml.
# Everything it makes is in WORK_FOLDER (default: a new one, named at the end): data, runs with their reports, students.
# The same command with the same folder goes on where it was.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$(cd "$1" && pwd)
file=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
work=${3:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
export BALDISTILL_HOME=$work/home BALDISTILL_DATA=$work/data

python=$("$root/bin/baldistill" student --set-up)
"$python" "$root/student-server/bench/r52_subset.py" "$data" "$BALDISTILL_DATA/r52-12"

# A free port the first time, and the same one after it: the address is part of a run.
port=$(cat "$work/port" 2> /dev/null || echo 0)
"$root/bin/baldistill" student --home "$work/student" --port "$port" --json > "$work/address" &
server=$!
finish() {
  kill "$server" 2> /dev/null || true
  wait "$server" || true
  "$root/bin/baldistill" down
}
trap finish EXIT
until grep -q '"url"' "$work/address"; do
  kill -0 "$server"
  sleep 0.2
done
port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/address")
echo "$port" > "$work/port"
mkdir -p "$work/files"
for one in "$(dirname "$file")/r52-tiny-llama.yaml" "$file"; do
  sed "s/127\.0\.0\.1:8100/127.0.0.1:$port/" "$one" > "$work/files/$(basename "$one")"
done

"$root/bin/baldistill" compare "$work/files/$(basename "$file")"
"$python" "$root/student-server/bench/r52_summary.py" "$work"
