#!/bin/sh
# Upstream's conformance suite against the current context, by the kit in ../shared/conformance; the count and the failing
# list go to docs/conformance.md.
. "$(dirname "$0")/environment.sh"
exec node scripts/conformance.ts "$@"
