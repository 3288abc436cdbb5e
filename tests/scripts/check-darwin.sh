#!/usr/bin/env bash
# Type-checks the workspace for aarch64-apple-darwin on Debian, without a Mac,
# without an Apple SDK and without touching the installed toolchain.
#
#   check-darwin.sh WORKDIR [CRATE...]     default: every crate of the product
#
# WORKDIR keeps the unpacked compiler and the build (about 3 GB), so that a second
# run takes seconds. Exits with 0 if every crate checks, with 1 if one does not,
# and with 77 where this cannot work. The first run is slow, so CI does not use it.
#
# Nothing is linked and nothing runs: this finds code that does not compile for
# macOS, and does not test its behavior.
set -euo pipefail

WORK=${1:?usage: check-darwin.sh WORKDIR [CRATE...]}
shift
cd "$(dirname "$0")/../.."

TRIPLE=aarch64-apple-darwin
CRATES=("$@")
[ $# -gt 0 ] || CRATES=(
  kt-plugin-api kt gateway-service gateway-config gateway-control
  service-launchd service-systemd gateway-run control-plane
)
# Debian builds Firefox with these: a recent compiler, whose source package has
# the standard library with its dependencies.
PACKAGES=(
  rustc-web cargo-web libstd-rust-web-dev rust-web-src rust-web-llvm
  libgit2-1.5 libssh2-1 libhttp-parser2.9 libmbedcrypto7 libmbedtls14 libmbedx509-1
)

unusable() { echo "check-darwin: $*" >&2; exit 77; }

# The dependency of a package whose name matches a pattern.
needed_by() { apt-cache depends "$1" | sed -n "s/.*Depends: \($2\)\$/\1/p" | head -n 1; }

unpack() {
  [ -e "$WORK/unpacked" ] && return
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || unusable "needs Debian's apt-get and dpkg"
  mkdir -p "$WORK/debs"
  (
    local std llvm
    cd "$WORK/debs"
    # The names of these two contain a version, which changes.
    std=$(needed_by libstd-rust-web-dev 'libstd-rust-web-[0-9.]*')
    llvm=$(needed_by "$std" 'libllvm[0-9]*')
    [ -n "$std" ] && [ -n "$llvm" ] || exit 1
    apt-get -q download "${PACKAGES[@]}" "$std" "$llvm"
  ) || unusable "the compiler's packages cannot be downloaded: try apt-get update"
  rm -rf "$WORK/x"
  local deb
  for deb in "$WORK"/debs/*.deb; do dpkg -x "$deb" "$WORK/x"; done
  touch "$WORK/unpacked"
}

# Build scripts of `ring` and of the bundled SQLite compile C for the target,
# though nothing is linked. zig has the C headers of macOS, which are otherwise in
# Apple's SDK.
c_compiler() {
  [ -x "$WORK/venv/bin/python3" ] && "$WORK/venv/bin/python3" -c 'import ziglang' 2>/dev/null || {
    rm -rf "$WORK/venv"
    python3 -m venv "$WORK/venv" && "$WORK/venv/bin/pip" install -q --disable-pip-version-check ziglang </dev/null ||
      unusable "ziglang cannot be installed"
  }
  mkdir -p "$WORK/bin"
  # The target has another name in zig; the one that the crate `cc` passes is dropped.
  cat > "$WORK/bin/zig-cc" <<SH
#!/usr/bin/env bash
args=()
while [ \$# -gt 0 ]; do
  case \$1 in
    --target=*) ;;
    -target | -arch | -isysroot) shift ;;
    -mmacosx-version-min=*) ;;
    *) args+=("\$1") ;;
  esac
  shift
done
exec "$WORK/venv/bin/python3" -m ziglang cc -target aarch64-macos "\${args[@]}"
SH
  cat > "$WORK/bin/zig-ar" <<SH
#!/usr/bin/env bash
exec "$WORK/venv/bin/python3" -m ziglang ar "\$@"
SH
  chmod +x "$WORK/bin/zig-cc" "$WORK/bin/zig-ar"
}

mkdir -p "$WORK"
WORK=$(cd "$WORK" && pwd)
START=$SECONDS
unpack
c_compiler
echo "check-darwin: the compiler is ready after $((SECONDS - START)) s"

export LD_LIBRARY_PATH=$WORK/x/usr/lib/x86_64-linux-gnu:$WORK/x/usr/lib
export RUSTC=$WORK/x/usr/bin/rustc RUSTDOC=$WORK/x/usr/bin/rustdoc CARGO=$WORK/x/usr/bin/cargo
# Building the standard library is an unstable feature of cargo.
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR=$WORK/target
export CC_aarch64_apple_darwin=$WORK/bin/zig-cc AR_aarch64_apple_darwin=$WORK/bin/zig-ar
# Otherwise `cc` runs xcrun, which exists on macOS only, to find the SDK.
export SDKROOT=$WORK ZIG_GLOBAL_CACHE_DIR=$WORK/zig-cache ZIG_LOCAL_CACHE_DIR=$WORK/zig-cache
unset RUSTFLAGS RUSTUP_TOOLCHAIN RUSTC_WRAPPER

failed=()
for crate in "${CRATES[@]}"; do
  began=$SECONDS
  printf '\n=== %s\n' "$crate"
  if "$CARGO" check --locked --all-targets --target $TRIPLE -Zbuild-std=std,panic_abort,panic_unwind -p "$crate" </dev/null; then
    echo "check-darwin: $crate ok ($((SECONDS - began)) s)"
  else
    echo "check-darwin: $crate FAILED ($((SECONDS - began)) s)"
    failed+=("$crate")
  fi
done

printf '\n=== %s in %s s: ' $TRIPLE $((SECONDS - START))
[ ${#failed[@]} = 0 ] && { echo "every crate checks"; exit 0; }
echo "these do not check: ${failed[*]}"
exit 1
