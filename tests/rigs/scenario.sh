# What the scenarios of services share; sourced by them. Before that they say how
# `kt` is called.

step() { STEP=$*; echo "== $STEP"; }

fail() {
  echo "FAILED: $STEP: $*" >&2
  kt gateway status -o yaml >&2 || true
  kt gateway logs >&2 || true
  exit 1
}

# expect CODE COMMAND...: the command must end with the code; OUT is what it said
expect() {
  local code=$1 got=0; shift
  OUT=$("$@" 2>&1) || got=$?
  [ $got = "$code" ] || fail "\`$*\` ended with $got, not $code: $OUT"
}

says() { case $OUT in *"$1"*) ;; *) fail "\`$1\` is not in: $OUT" ;; esac; }

status_is() { expect "$1" kt gateway status; }

# await SECONDS COMMAND...: until the command succeeds
await() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}

# The configuration of a gateway that answers by itself.
config() {
  cat > config.yaml <<'YAML'
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
YAML
}
