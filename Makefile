# make build    stage a relocatable tree under target/dist
# make install  copy it to DESTDIR/PREFIX (PLUGINS picks plugins, PLUGINDIR moves them)
# make pgo      measure how the gateway runs under load, and stage it optimized for that
# make dist     build it without paths of this machine, and make an archive
# make deb      make Debian packages of the staged tree
# make demo     build and run the main job in a temporary home
# make test     set up what the tests need, then run everything

PROFILE   ?= release
DIST      ?= target/dist
PREFIX    ?= /usr/local
PLUGINDIR ?= $(PREFIX)/lib/kt/plugins
DESTDIR   ?=
ALL_PLUGINS := gateway-control gateway-config gateway-service gateway-run control-plane service-systemd service-launchd
# Only the service backend of this platform.
FOREIGN   := $(if $(filter Darwin,$(shell uname -s)),service-systemd,service-launchd)
PLUGINS   ?= $(filter-out $(FOREIGN),$(ALL_PLUGINS))

# A plugin directory that is not beside the executable is compiled in.
BUILT_IN  := $(if $(filter $(PREFIX)/lib/kt/plugins,$(PLUGINDIR)),,KT_PLUGINDIR="$(PLUGINDIR)")
TARGET    := $(or $(CARGO_TARGET_DIR),target)
TRIPLE    ?= $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
SUFFIX    := $(if $(filter Darwin,$(shell uname -s)),dylib,so)
# How the gateway runs under load, as `make pgo` measures it: by default what is in the repository for
# this platform, in release builds. Empty: none.
PGO       ?= $(if $(filter release,$(PROFILE)),$(wildcard packaging/profiles/$(TRIPLE).profdata))
OUT       := $(TARGET)/$(PROFILE)
# With a profile the gateway is built by itself, as it was when the profile was measured.
PACKAGES  := -p kt $(foreach p,$(filter-out $(if $(PGO),gateway-run),$(ALL_PLUGINS)),-p $(p))

.PHONY: all build pgo stage install uninstall dist deb demo test clean

all: build

build:
	$(BUILT_IN) cargo build --locked --profile $(PROFILE) $(PACKAGES)
	$(if $(PGO),packaging/pgo use "$(PGO)" $(TARGET)/pgo $(OUT) "$(TRIPLE)")
	@$(MAKE) --no-print-directory stage PROFILE=$(PROFILE)

# The gateway is built with counters, run under the load of its benchmark, and built again.
pgo:
	@$(MAKE) --no-print-directory build PGO=
	packaging/pgo measure $(DIST) $(TARGET)/pgo "$(TRIPLE)"
	@$(MAKE) --no-print-directory build PGO=$(TARGET)/pgo/gateway.profdata

# A plugin is a folder with a manifest and a library. Files are replaced by
# rename, so that a running kt keeps those that it has mapped.
stage:
	@set -e; mkdir -p $(DIST)/bin $(DIST)/lib/kt/plugins; \
	put() { install -m $$3 "$$1" "$$2.new" && mv -f "$$2.new" "$$2"; }; \
	put $(OUT)/kt $(DIST)/bin/kt 755; \
	for p in $(ALL_PLUGINS); do \
	  d=$(DIST)/lib/kt/plugins/$$p; mkdir -p $$d; \
	  lib=lib$$(printf %s $$p | tr - _).$(SUFFIX); \
	  put plugins/$$p/plugin.toml $$d/plugin.toml 644; \
	  put $(OUT)/$$lib $$d/$$lib 644; \
	done; \
	KT_HOME=$(TARGET)/stage-home $(DIST)/bin/kt plugin catalog > $(DIST)/lib/kt/catalog.toml.new; \
	mv -f $(DIST)/lib/kt/catalog.toml.new $(DIST)/lib/kt/catalog.toml; \
	KT_HOME=$(TARGET)/stage-home packaging/share $(DIST) "$(TRIPLE)"; \
	rm -rf $(TARGET)/stage-home

# Installs what is staged: it needs no compiler.
install:
	@test -x $(DIST)/bin/kt || { echo "nothing is staged in $(DIST): run \`make build\` first" >&2; exit 2; }
	@set -e; \
	for p in $(PLUGINS); do \
	  case " $(ALL_PLUGINS) " in *" $$p "*) ;; *) echo "unknown plugin $$p: the plugins are $(ALL_PLUGINS)" >&2; exit 2;; esac; \
	done; \
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PLUGINDIR); \
	install -m 755 $(DIST)/bin/kt $(DESTDIR)$(PREFIX)/bin/kt; \
	install -m 644 $(DIST)/lib/kt/catalog.toml $(DESTDIR)$(dir $(PLUGINDIR:/=))catalog.toml; \
	for p in $(PLUGINS); do \
	  install -d $(DESTDIR)$(PLUGINDIR)/$$p; \
	  install -m 644 $(DIST)/lib/kt/plugins/$$p/* $(DESTDIR)$(PLUGINDIR)/$$p/; \
	done; \
	packaging/pages $(DIST) "$(PLUGINS)" | while read -r file; do \
	  install -d "$(DESTDIR)$(PREFIX)/$$(dirname "$$file")"; \
	  install -m 644 "$(DIST)/$$file" "$(DESTDIR)$(PREFIX)/$$file"; \
	done

uninstall:
	@packaging/pages $(DIST) "$(ALL_PLUGINS)" | while read -r file; do rm -f "$(DESTDIR)$(PREFIX)/$$file"; done
	rm -f $(DESTDIR)$(PREFIX)/bin/kt $(DESTDIR)$(dir $(PLUGINDIR:/=))catalog.toml
	@for p in $(ALL_PLUGINS); do rm -rf $(DESTDIR)$(PLUGINDIR)/$$p; done

# The same bytes in every folder and on every machine of a platform: no path of this one is compiled
# in. The other flags would build everything anew in the usual folder.
dist:
	@RUSTFLAGS="--remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=/cargo" \
	  CFLAGS="-ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$${CARGO_HOME:-$$HOME/.cargo}=/cargo" \
	  $(MAKE) --no-print-directory build TARGET=$(TARGET)/reproducible CARGO_TARGET_DIR=$(TARGET)/reproducible \
	  DIST=$(TARGET)/reproducible/dist
	@packaging/archive $(TARGET)/reproducible/dist $(TRIPLE) $(TARGET)/package

deb:
	@test -x $(DIST)/bin/kt || { echo "nothing is staged in $(DIST): run \`make build\` first" >&2; exit 2; }
	@packaging/debian $(DIST) $(TARGET)/package

demo:
	@tests/scripts/demo.sh

test:
	@tests/scripts/test.sh

clean:
	cargo clean
