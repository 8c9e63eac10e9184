#!/bin/sh
# Starts streamwarden in this console with the cameras of a PostgreSQL database; Ctrl-C stops it in order. An example.
#
#   PG_DSN=postgresql://streamwarden:secret@db.example.org/video?sslmode=verify-full etc/start.sh --roles restream
#   PG_DSN_FILE=/etc/streamwarden/pg_dsn etc/start.sh      # the same from a file, out of sight of `ps e` and history
#
# Options go to `streamwarden run`. It runs in the folder of the program, beside this file or one up, wherever it is called
# from; files that options and variables name count from where you are. For machines that must come up by themselves see
# systemd/.
set -eu

here=$PWD
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$here/$1" ;;
  esac
}

is_file=
for argument do
  shift
  if [ -n "$is_file" ]; then
    argument=$(absolute "$argument")
    is_file=
  else
    case $argument in
      --config | --log-config) is_file=yes ;;
      --config=* | --log-config=*) argument=${argument%%=*}=$(absolute "${argument#*=}") ;;
    esac
  fi
  set -- "$@" "$argument"
done
ours='s/^\(STREAMWARDEN_[A-Z0-9_]*_FILE\|STREAMWARDEN_CONFIG\|STREAMWARDEN_LOG_CONFIG\|PG_DSN_FILE\)=.*/\1/p'
for name in $(env | sed -n "$ours"); do
  eval "value=\${$name-}"
  [ -z "$value" ] || export "$name=$(absolute "$value")"
done

cd "$(dirname "$0")"
[ -f ./streamwarden ] || cd ..

if [ -z "${PG_DSN:-}" ] && [ -z "${PG_DSN_FILE:-}" ]; then
  export PG_DSN=postgresql://streamwarden@127.0.0.1/streamwarden
fi

for program in ./streamwarden "${CARGO_TARGET_DIR:-target}/release/streamwarden" "$(command -v streamwarden || true)"; do
  if [ -f "$program" ] && [ -x "$program" ]; then
    # In place of this shell, so that signals reach it.
    exec "$program" run "$@"
  fi
done
echo "streamwarden is not here: cargo build --release" >&2
exit 1
