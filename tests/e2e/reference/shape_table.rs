//! The commands whose JSON output has a shape that is checked, and those that are run elsewhere.

/// The name, the command, the command line, and the exit code.
pub(super) type Entry = (&'static str, &'static str, &'static str, i32);

/// In an order in which every command has output. A gateway is running.
pub(super) const TABLE: [Entry; 65] = [
    ("completion", "completion", "completion bash", 0),
    ("config-show", "config show", "config show", 0),
    ("config-set", "config set", "config set api.url x", 0),
    ("config-unset", "config unset", "config unset api.url", 0),
    ("doctor", "doctor", "doctor", 0),
    (
        "gateway-config",
        "gateway config",
        "gateway config --id production",
        0,
    ),
    (
        "gateway-diff",
        "gateway diff",
        "gateway diff --id production --file changed.yaml",
        1,
    ),
    (
        "gateway-reload-dry-run",
        "gateway reload",
        "gateway reload --id production --file changed.yaml --dry-run",
        0,
    ),
    (
        "gateway-reload",
        "gateway reload",
        "gateway reload --id production --file changed.yaml",
        0,
    ),
    (
        "gateway-edit",
        "gateway edit",
        "gateway edit --id production --yes",
        0,
    ),
    (
        "gateway-revert",
        "gateway revert",
        "gateway revert --id production --version 1 --reason why",
        0,
    ),
    (
        "gateway-reconcile",
        "gateway reconcile",
        "gateway reconcile --id production",
        0,
    ),
    ("init", "init", "init --dir new", 0),
    ("init-templates", "init", "init --list", 0),
    ("gateway-list", "gateway list", "gateway list", 0),
    (
        "gateway-inspect",
        "gateway inspect",
        "gateway inspect --id production",
        0,
    ),
    (
        "gateway-pin",
        "gateway pin",
        "gateway pin --id production --version 1",
        0,
    ),
    (
        "gateway-unpin",
        "gateway unpin",
        "gateway unpin --id production --version 1",
        0,
    ),
    (
        "gateway-prune",
        "gateway prune",
        "gateway prune --id production --keep 1 --yes",
        0,
    ),
    (
        "gateway-versions",
        "gateway versions",
        "gateway versions --id production",
        0,
    ),
    (
        "gateway-update",
        "gateway update",
        "gateway update --id production --label c=d",
        0,
    ),
    (
        "gateway-fleet-plan",
        "gateway update",
        "gateway update --selector c=d --label e=f --dry-run",
        0,
    ),
    (
        "gateway-fleet",
        "gateway update",
        "gateway update --selector c=d --label e=f --yes",
        0,
    ),
    ("whoami", "whoami", "whoami", 0),
    ("auth-whoami", "auth whoami", "auth whoami", 0),
    (
        "audit-list",
        "audit list",
        "audit list --target production --limit 1",
        0,
    ),
    ("audit-verify", "audit verify", "audit verify", 0),
    (
        "audit-export",
        "audit export",
        "audit export --output-file audit.jsonl",
        0,
    ),
    (
        "gateway-install",
        "gateway install",
        "gateway install --id production --print=json --no-linger --backend systemd",
        0,
    ),
    (
        "gateway-uninstall",
        "gateway uninstall",
        "gateway uninstall --service-name absent",
        0,
    ),
    ("plugin-catalog", "plugin catalog", "plugin catalog", 0),
    ("plugin-list", "plugin list", "plugin list", 0),
    (
        "plugin-new",
        "plugin new",
        "plugin new --lang c --kind command demo",
        0,
    ),
    (
        "plugin-test",
        "plugin test",
        "plugin test PLUGINS/service-launchd",
        0,
    ),
    ("plugin-verify", "plugin verify", "plugin verify", 0),
    ("plugin-info", "plugin info", "plugin info gateway-run", 0),
    (
        "plugin-disable",
        "plugin disable",
        "plugin disable service-launchd",
        0,
    ),
    (
        "plugin-enable",
        "plugin enable",
        "plugin enable service-launchd",
        0,
    ),
    (
        "plugin-link",
        "plugin link",
        "plugin link PLUGINS/service-launchd",
        0,
    ),
    (
        "plugin-install",
        "plugin install",
        "plugin install PLUGINS/service-launchd --force --yes",
        0,
    ),
    (
        "plugin-update",
        "plugin update",
        "plugin update service-launchd",
        0,
    ),
    (
        "plugin-trust",
        "plugin trust",
        "plugin trust service-launchd --yes",
        0,
    ),
    (
        "plugin-remove",
        "plugin remove",
        "plugin remove service-launchd",
        0,
    ),
    (
        "policy-lint",
        "policy lint",
        "policy lint --file policy.yaml",
        0,
    ),
    (
        "policy-lint-invalid",
        "policy lint",
        "policy lint --file invalid.yaml",
        1,
    ),
    ("policy-schema", "policy schema", "policy schema", 0),
    ("policy-test", "policy test", "policy test --explain", 0),
    (
        "policy-test-failed",
        "policy test",
        "policy test --file changed.yaml --pack-dir failing",
        1,
    ),
    ("reference", "reference", "reference", 0),
    (
        "secret-set",
        "secret set",
        "secret set --name key --file secret",
        0,
    ),
    ("secret-list", "secret list", "secret list", 0),
    (
        "secret-remove",
        "secret remove",
        "secret remove --name key",
        0,
    ),
    (
        "token-create",
        "token create",
        "token create --name t --scope gateway",
        0,
    ),
    ("token-list", "token list", "token list", 0),
    (
        "token-rotate",
        "token rotate",
        "token rotate --token-id TOKEN --grace 1h",
        0,
    ),
    (
        "token-revoke",
        "token revoke",
        "token revoke --token-id TOKEN",
        0,
    ),
    (
        "control-plane-backup",
        "control-plane backup",
        "control-plane backup --output-file kept.db",
        0,
    ),
    (
        "control-plane-export",
        "control-plane export",
        "control-plane export --output-file all.jsonl",
        0,
    ),
    (
        "control-plane-fsck",
        "control-plane fsck",
        "control-plane fsck",
        0,
    ),
    (
        "control-plane-restore",
        "control-plane restore",
        "control-plane restore --input-file kept.db --yes",
        0,
    ),
    (
        "gateway-halt",
        "gateway halt",
        "gateway halt --id production --reason leak --for 1h",
        0,
    ),
    (
        "gateway-unhalt",
        "gateway unhalt",
        "gateway unhalt --id production",
        0,
    ),
    (
        "gateway-delete",
        "gateway delete",
        "gateway delete --id production --yes",
        0,
    ),
    ("version", "version", "version", 0),
    ("version-exit-codes", "version", "version --exit-codes", 0),
];

/// Run separately: `create` before all others, long-running commands, `import` into an empty
/// store, and those that print lines.
pub(super) const SEPARATE: [&str; 7] = [
    "events list",
    "events show",
    "events tail",
    "gateway create",
    "gateway run",
    "control-plane serve",
    "control-plane import",
];

/// Commands that require a service manager; the shapes are checked by the service
/// scenario.
pub(super) const OF_A_SERVICE: [&str; 5] = [
    "gateway logs",
    "gateway restart",
    "gateway start",
    "gateway status",
    "gateway stop",
];

/// Commands that require a server; the shapes are checked by the login test.
pub(super) const OF_A_LOGIN: [&str; 4] = ["auth list", "auth login", "auth logout", "auth token"];

/// Commands that require an editor or a profile; the tests of settings run them.
pub(super) const OF_THE_USER: [&str; 2] = ["auth switch", "config edit"];
