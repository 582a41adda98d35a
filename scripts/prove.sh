#!/bin/sh
# The long proofs: many rounds of what the tests do a few times.
. "$(dirname "$0")/environment.sh"
export PROA_KILL_ROUNDS="${PROA_KILL_ROUNDS:-20}"
exec node --test --test-concurrency=1 --test-timeout=3600000 "src/host/sqlite/*.test.ts" "test/e2e/durability.test.ts"
