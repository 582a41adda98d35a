#!/bin/sh
# All that a change must pass: `npm run ok`, then the machine's side and real containers.
. "$(dirname "$0")/environment.sh"
sh scripts/ok.sh
node scripts/bundle.ts
# Real containers need programs that a new machine lacks; without root these tests say that they are left out.
if [ "$(id -u)" = 0 ]; then node dist/proa.mjs doctor --install; fi
node --test --test-concurrency=2 --test-timeout=300000 "src/host/**/*.test.ts" "src/cluster/**/*.test.ts"
node --test --test-concurrency=2 --test-timeout=600000 "test/e2e/*.test.ts"
