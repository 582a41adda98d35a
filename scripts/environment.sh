# Sourced by the scripts beside it: goes to the repository's root, installs the npm packages when they are missing or have
# changed, and puts the pinned Node (an optional dependency) first on the PATH.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.package-lock.json
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "installing npm packages" >&2
  # Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, which not every registry has.
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  touch "$stamp"
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
case "$(node --version)" in
v2[4-9].* | v[3-9][0-9].*) ;;
*)
  echo "Proa needs Node 24 or newer; this machine has $(node --version), and npm brought no newer one for it" >&2
  exit 1
  ;;
esac
