#!/bin/sh
# Every measure of bench/, one JSON line each; exits 1 when a budget is missed by half.
. "$(dirname "$0")/environment.sh"
exec node bench/run.ts "$@"
