#!/usr/bin/env bash
# Kills a server with -9 while thousands of messages are in flight, starts it again, and
# counts: every message must stand in a queue, exactly once. Anyone can run it:
#   deploy/scripts/crash.sh                              embedded store and Redis
#   REDIS_ADDR=127.0.0.1:6379 deploy/scripts/crash.sh    a real Redis, emptied at every kill (use one that holds nothing else)
# Further arguments go to "switchyard bench crash": --messages N --kills N --seed N.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/switchyard" ./cmd/switchyard
redis=()
if [ -n "${REDIS_ADDR:-}" ]; then redis=(--redis "$REDIS_ADDR" --empty-redis); fi
"$work/switchyard" bench crash "${redis[@]}" "$@"
