#!/bin/sh
# The program in a clone: builds the bundle when a source is newer, then runs it with the arguments.
. "$(dirname "$0")/environment.sh"
bundle=dist/proa.mjs
if [ ! -e "$bundle" ] || [ -n "$(find bin src package-lock.json -newer "$bundle" -name '*.ts' -print -quit)" ]; then
  node scripts/bundle.ts >&2
fi
exec node --enable-source-maps "$bundle" "$@"
