#!/bin/sh
# Starts streamwarden in this console with the cameras of a PostgreSQL database; Ctrl-C stops it in order. An example.
#
#   PG_DSN=postgresql://streamwarden:secret@db.example.org/video?sslmode=verify-full etc/start.sh --roles restream
#   PG_DSN_FILE=/etc/streamwarden/pg_dsn etc/start.sh      # the same from a file, out of sight of `ps e` and history
#
# Options go to `streamwarden run`. For machines that must come up by themselves see systemd/.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${PG_DSN:-}" ] && [ -z "${PG_DSN_FILE:-}" ]; then
  export PG_DSN=postgresql://streamwarden@127.0.0.1/streamwarden
fi

for program in ./streamwarden target/release/streamwarden "$(command -v streamwarden || true)"; do
  if [ -x "$program" ]; then
    # In place of this shell, so that signals reach it.
    exec "$program" run "$@"
  fi
done
echo "streamwarden is not here: cargo build --release" >&2
exit 1
