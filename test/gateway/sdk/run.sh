#!/bin/sh
# The official SDKs against the gateway and its simulated vendors. usage: run.sh PATH_OF_THE_GATEWAY [SDK ...]
# "python" stands for all of Python's. Fetches the pinned packages from the registries of npm and PyPI; where npm's does
# not answer it says so and ends with 77, where PyPI's does not, it says so and goes on. Each SDK has a gateway of its
# own, and three run at once: they wait for the simulated vendors most of the time.
set -eu
gateway=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
work=${BATON_SDK_DIR:-${TMPDIR:-/tmp}/baton-gateway-sdk}

install_packages() {
  skip() { echo "sdks: skipped, $1"; exit 77; }
  command -v node >/dev/null || skip "there is no node"
  command -v npm >/dev/null || skip "there is no npm"
  mkdir -p "$work"
  if ! cmp -s "$here/package.json" "$work/installed.json"; then
    cp "$here/package.json" "$work/package.json"
    (cd "$work" && npm install --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000) >"$work/npm.log" 2>&1 ||
      skip "npm could not install them: $(tail -n 1 "$work/npm.log")"
    cp "$here/package.json" "$work/installed.json"
  fi
  cp "$here"/*.mjs "$work/"
}

python_sdks() {
  if ! cmp -s "$here/python/requirements.txt" "$work/python/installed.txt"; then
    { python3 -m venv "$work/python" &&
      "$work/python/bin/pip" install --quiet --retries 1 --timeout 20 -r "$here/python/requirements.txt"
    } >"$work/pip.log" 2>&1 || { echo "python: skipped, pip could not install its SDKs: $(tail -n 1 "$work/pip.log")"; return 0; }
    cp "$here/python/requirements.txt" "$work/python/installed.txt"
  fi
  PYTHONDONTWRITEBYTECODE=1 timeout 300 "$work/python/bin/python" "$here/python/run.py" 2>"$work/python.log" ||
    { cat "$work/python.log"; return 1; }
}

[ -n "${BATON_SDK_INSTALLED:-}" ] || install_packages
if [ $# -ne 1 ]; then
  [ $# -gt 0 ] || set -- python openai anthropic genai groq together mistral vercel langchain
  printf '%s\n' "$@" | BATON_SDK_INSTALLED=1 xargs -P 3 -I{} "$0" "$gateway" {}
  exit
fi

# Keys of this machine must not turn a test into a bill.
unset OPENAI_API_KEY ANTHROPIC_API_KEY GEMINI_API_KEY GOOGLE_API_KEY 2>/dev/null || true
log=$work/gateway.$1.log
rm -f "$log"
"$gateway" --simulate --listen 127.0.0.1:0 >"$log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
tries=0
until GATEWAY_URL=$(sed -n "s|^listening on \(http[^ ]*\).*|\1|p" "$log" 2>/dev/null) && [ -n "$GATEWAY_URL" ]; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || { echo "the gateway does not start:"; cat "$log"; exit 1; }
  sleep 0.05
done
export GATEWAY_URL
if [ "$1" = python ]; then
  python_sdks
else
  cd "$work"
  timeout 200 node "$1.mjs"
fi
