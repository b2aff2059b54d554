#!/bin/sh
# The official SDKs against the gateway and its simulated vendors. usage: run.sh PATH_OF_THE_GATEWAY [SDK ...]
# Fetches the pinned packages from the npm registry; where that does not answer it says SKIPPED and why, and ends
# with 77, which Meson understands.
set -eu
gateway=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
work=${BATON_SDK_DIR:-${TMPDIR:-/tmp}/baton-gateway-sdk}
skip() { echo "SKIPPED: $1"; exit 77; }
command -v node >/dev/null || skip "there is no node"
command -v npm >/dev/null || skip "there is no npm"
mkdir -p "$work"
if ! cmp -s "$here/package.json" "$work/installed.json"; then
  cp "$here/package.json" "$work/package.json"
  (cd "$work" && npm install --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000) >"$work/npm.log" 2>&1 ||
    skip "npm could not install the SDKs: $(tail -n 1 "$work/npm.log")"
  cp "$here/package.json" "$work/installed.json"
fi
cp "$here"/*.mjs "$work/"
# Keys of this machine must not turn a test into a bill.
unset OPENAI_API_KEY ANTHROPIC_API_KEY GEMINI_API_KEY GOOGLE_API_KEY 2>/dev/null || true
rm -f "$work/gateway.log"
"$gateway" --simulate --listen 127.0.0.1:0 >"$work/gateway.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
tries=0
until url=$(sed -n "s|^listening on \(http[^ ]*\).*|\1|p" "$work/gateway.log" 2>/dev/null) && [ -n "$url" ]; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || { echo "the gateway does not start:"; cat "$work/gateway.log"; exit 1; }
  sleep 0.05
done
failed=0
[ $# -gt 0 ] || set -- openai anthropic genai groq together mistral vercel langchain
for sdk in "$@"; do
  (cd "$work" && GATEWAY_URL=$url timeout 150 node "$sdk.mjs") || failed=1
done
exit $failed
