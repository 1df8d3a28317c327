#!/usr/bin/env bash
# Prints a Python with all that ci.sh needs, and makes it first where there is none: beside the server's own environment,
# which stays as users have it and lends its packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

server=$(../bin/baldistill student --set-up)
pins=$("$server" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:8])' < requirements-dev.lock.txt)
folder=$(dirname "$(dirname "$server")")-tests-$pins
python=$folder/bin/python
exec 9> "$folder.lock"
if command -v flock > /dev/null; then flock 9; fi
if [ ! -e "$folder/complete" ]; then
  packages='import sysconfig; print(sysconfig.get_path("purelib"))'
  # What a killed one left behind.
  rm -rf "$folder"
  "$server" -m venv "$folder"
  "$server" -c "$packages" > "$("$python" -c "$packages")/server.pth"
  "$python" -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock.txt >&2
  touch "$folder/complete"
fi
echo "$python"
