#!/usr/bin/env bash
# A PostgreSQL cluster for tests: postgres.sh start|stop DIR [PORT].
#
# `start` creates a cluster in DIR if there is none, starts it on a free loopback
# port and on a Unix socket in DIR, and writes DIR/url (without the password) and
# DIR/password. A cluster that was stopped starts again on the same port, with its
# data. `stop` stops it and keeps the data; DIR may then be removed. With
# DIR/server.crt and DIR/server.key in place before the start, it uses TLS.
#
# The server does not run as root; for root it runs as the user `postgres`, who
# needs access to DIR. Settings are those of production: passwords are checked and
# commits wait for the disk. Exits with 77 when PostgreSQL is not installed.
set -euo pipefail

command=${1:?start or stop}
dir=${2:?a directory}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl || true)")
[ -x "$bin/pg_ctl" ] || { echo "postgres: PostgreSQL is not installed" >&2; exit 77; }

as_server() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
own() {
  [ "$(id -u)" != 0 ] || chown -R postgres: "$@"
}
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

case $command in
start)
  # The user `postgres` needs to reach the folders in it, and nobody to list them.
  chmod 711 "$dir"
  if [ ! -d "$dir/data" ]; then
    (umask 077 && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$dir/password")
    install -m 600 "$dir/password" "$dir/initial"
    mkdir -m 700 "$dir/data"
    own "$dir/data" "$dir/initial"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir"
    as_server "$bin/initdb" -D "$dir/data" -U kt --pwfile="$dir/initial" \
      --auth-host=scram-sha-256 --auth-local=scram-sha-256 -E UTF8 --locale=C.UTF-8 >/dev/null
    rm "$dir/initial"
    echo "${3:-$(free_port)}" >"$dir/port"
  fi
  port=$(cat "$dir/port")
  ssl=
  if [ -f "$dir/server.key" ]; then
    own "$dir/server.crt" "$dir/server.key"
    ssl="-c ssl=on -c ssl_cert_file=$dir/server.crt -c ssl_key_file=$dir/server.key"
  fi
  as_server "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/data/log" \
    -o "-h 127.0.0.1 -p $port -k $dir -c fsync=on -c max_connections=200 $ssl" start >/dev/null ||
    { tail -n 20 "$dir/data/log" >&2; exit 1; }
  echo "postgres://kt@127.0.0.1:$port/postgres" >"$dir/url"
  cat "$dir/url"
  ;;
stop)
  [ -f "$dir/data/postmaster.pid" ] || exit 0
  as_server "$bin/pg_ctl" -D "$dir/data" -m "${3:-fast}" -w -t 60 stop >/dev/null
  ;;
*)
  echo "postgres: unknown command $command: use start or stop" >&2
  exit 2
  ;;
esac
