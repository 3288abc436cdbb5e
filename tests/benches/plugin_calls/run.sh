#!/usr/bin/env bash
# Measures what a call of a provider costs: in the process of kt, in an isolated library,
# and in programs in C and Python; and what the start and the end of a process add to a
# command.
#
#   make build && tests/benches/plugin_calls/run.sh target/dist/bin/kt
set -euo pipefail
kt=$(realpath "$1")
cd "$(dirname "$0")"
plugins=../../plugins
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=/usr/bin:/bin
export KT_HOME=$work/home KT_PLUGIN_PATH=$work/plugins
mkdir -p "$KT_HOME/config" "$work/plugins"

library() { # SOURCE NAME
  mkdir "$work/plugins/$2"
  cp "$plugins/$1/plugin.toml" "$work/plugins/$2/"
  cc -O2 -std=gnu99 -shared -fPIC -pthread -I../../../plugin-api/include -Wa,-I"$plugins/$1" \
    "$plugins/$1"/*.c -o "$work/plugins/$2/lib$2.so"
}
program() { # NAME FILE
  mkdir "$work/plugins/$1"
  mv "$2" "$work/plugins/$1/program"
  cat >"$work/plugins/$1/plugin.toml" <<TOML
manifest = 1
name = "$1"
version = "1.0.0"
description = "Responds at once"
api = "^1.0"
kind = "process"
executable = "program"
[[command]]
path = ["$1"]
about = "Respond at once"
[[provides]]
interface = "example.reply/1"
name = "$1"
TOML
}

library probe-c probe
library faulty-c faulty
cc -O2 -o "$work/c" respond.c
program respond-c "$work/c"
cp respond.py "$work/py"
program respond-python "$work/py"
chmod -R go-w "$work"

call() { # LABEL PROVIDER
  "$kt" probe measure --of "$2" -o json |
    awk -v label="$1" '/nanoseconds/ { printf "%-44s %8.1f µs\n", label, $2 / 1000 }'
}
command() { # LABEL ARGUMENTS...
  local label=$1 best=999999999 start took i
  shift
  for ((i = 0; i < 50; i++)); do
    start=$(date +%s%N)
    "$kt" "$@" >/dev/null
    took=$(($(date +%s%N) - start))
    if ((took < best)); then best=$took; fi
  done
  awk -v label="$label" -v best=$best 'BEGIN { printf "%-44s %8.1f ms\n", label, best / 1e6 }'
}

call "call, in the process of kt" probe-first
call "call, isolated library" faulty
call "call, program in C" respond-c
call "call, program in Python" respond-python
command "command, library in the process of kt" probe hello
command "command, isolated library" probe hello --isolate
command "command, program in C" respond-c
command "command, program in Python" respond-python
