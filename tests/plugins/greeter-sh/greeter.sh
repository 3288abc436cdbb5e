#!/bin/sh
# A kt plugin in POSIX shell, without a JSON parser: the host writes `id` before `method`
# in every request, and this plugin serves one call at a time.
greeting='{"schema":"example.greet/1","value":{"text":"hello from sh"},"view":{"text":"hello from sh\n"}}'
respond() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }

while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/^{"jsonrpc":"2.0","id":\([0-9]*\),.*/\1/p')
  case $line in
    *'"method":"initialize"'*) respond '{"protocol":1,"name":"greeter-sh","version":"1.0.0"}' ;;
    *'"method":"command/run"'* | *'"method":"interface/call"'*) respond "$greeting" ;;
    *'"method":"shutdown"'*) respond null; exit 0 ;;
  esac
done
