//! The cache of parsed manifests: whatever changes between two runs is noticed.

use crate::harness::{CommandOutput, Sandbox, TIMEOUT, chmod, wait_until};
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What depends on the manifests.
const LINES: [&str; 8] = [
    "--help",
    "first --help",
    "first show --help",
    "first shwo",
    "second",
    "version",
    "config show -o json",
    "plugin list -o json",
];

/// A sandbox with plugins of the user, whose manifests are in the cache.
struct CachedPlugins {
    sandbox: Sandbox,
}

impl CachedPlugins {
    fn new() -> Self {
        let plugins = Self {
            sandbox: Sandbox::new(),
        };
        let names = ["first", "second", "third", "fourth"];
        for name in names {
            plugins.install(name, &manifest(name, "The first text"));
        }
        plugins.wait_for_cache(&names);
        plugins
    }

    fn dir(&self) -> PathBuf {
        self.sandbox.home().join("data/plugins")
    }

    fn install(&self, name: &str, manifest: &str) -> PathBuf {
        let dir = self.dir().join(name);
        fs::create_dir_all(&dir).expect("a directory");
        let file = dir.join("plugin.toml");
        fs::write(&file, manifest).expect("a file");
        file
    }

    fn cache(&self) -> PathBuf {
        self.sandbox.home().join("cache")
    }

    fn index(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(self.cache()).ok()?;
        let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.find(|path| path.extension().is_some_and(|e| e == "index"))
    }

    /// Manifests that were written a moment ago are not cached.
    fn wait_for_cache(&self, plugins: &[&str]) {
        let texts: Vec<String> = plugins.iter().map(|p| format!("{p}/plugin.toml")).collect();
        wait_until("the manifests are cached", TIMEOUT, || {
            self.sandbox.kt_line("version").run().ok();
            let bytes = fs::read(self.index()?).ok()?;
            let contains = |text: &String| bytes.windows(text.len()).any(|w| w == text.as_bytes());
            texts.iter().all(contains).then_some(())
        });
    }

    fn outputs(&self) -> Vec<String> {
        let lines = LINES.iter().map(|line| self.sandbox.kt_line(line));
        let completion = self.sandbox.kt_line("-- kt first s");
        let all = lines.chain([completion.env("KT_COMPLETE", "fish")]);
        all.map(|command| text_of(&command.run())).collect()
    }

    /// Compares with what kt prints when the cache is a file instead of a directory.
    fn assert_as_without_cache(&self, change: &str) {
        let with_cache = self.outputs();
        let moved = self.sandbox.home().join("moved");
        fs::rename(self.cache(), &moved).expect("the cache exists");
        fs::write(self.cache(), "").expect("a file");
        let without = self.outputs();
        fs::remove_file(self.cache()).expect("it is a file");
        fs::rename(&moved, self.cache()).expect("it was moved");
        assert_eq!(with_cache, without, "{change}");
    }
}

fn text_of(output: &CommandOutput) -> String {
    format!("{output}")
}

fn manifest(name: &str, about: &str) -> String {
    format!(
        "manifest = 1\nname = \"{name}\"\nversion = \"1.0.0\"\ndescription = \"{about}\"\n\
         api = \"^1.0\"\nlibrary = \"x\"\n\
         [[setting]]\nkey = \"{name}.key\"\nabout = \"{about}\"\n\
         [[group]]\npath = [\"{name}\"]\nabout = \"{about}\"\n\
         [[command]]\npath = [\"{name}\", \"show\"]\nabout = \"{about}\"\n\
         [[command.arg]]\nname = \"what\"\nlong = \"what\"\nabout = \"{about}\"\n"
    )
}

fn set_modified(file: &Path, like: &fs::Metadata) {
    let times = FileTimes::new().set_modified(like.modified().expect("a time"));
    let file = File::options().write(true).open(file).expect("a file");
    file.set_times(times).expect("the owner may set it");
}

#[test]
fn a_changed_manifest_is_noticed() {
    let plugins = CachedPlugins::new();
    let before = plugins.outputs();
    plugins.assert_as_without_cache("nothing");
    // The same size, inode and modification time.
    let file = plugins.dir().join("first/plugin.toml");
    let old = fs::metadata(&file).expect("it exists");
    fs::write(&file, manifest("first", "The other text")).expect("a file");
    set_modified(&file, &old);
    let after = plugins.outputs();
    assert!(after[1].contains("The other text"), "{}", after[1]);
    assert_ne!(before, after);
    plugins.assert_as_without_cache("content");
    // Another file at the path.
    let new = plugins
        .sandbox
        .write("new.toml", manifest("second", "A new text"));
    set_modified(&new, &old);
    fs::rename(new, plugins.dir().join("second/plugin.toml")).expect("a file");
    assert!(plugins.outputs()[0].contains("A new text"));
    plugins.assert_as_without_cache("replaced");
    fs::write(&file, "manifest = ").expect("a file");
    plugins.assert_as_without_cache("invalid");
    plugins.install("fifth", &manifest("fifth", "The fifth"));
    assert!(plugins.outputs()[0].contains("The fifth"));
    plugins.assert_as_without_cache("added");
    fs::remove_dir_all(plugins.dir().join("third")).expect("it exists");
    assert!(!plugins.outputs()[0].contains("third"));
    plugins.assert_as_without_cache("removed");
    let target = plugins.sandbox.path("linked");
    fs::rename(plugins.dir().join("fourth"), &target).expect("it exists");
    symlink(&target, plugins.dir().join("fourth")).expect("a link");
    plugins.assert_as_without_cache("linked");
}

#[test]
fn changed_permissions_settings_and_records_are_noticed() {
    let plugins = CachedPlugins::new();
    for (path, mode, usual) in [
        ("first/plugin.toml", 0o666, 0o644),
        ("first", 0o777, 0o755),
        ("", 0o777, 0o755),
        ("../..", 0o777, 0o755),
    ] {
        let path = plugins.dir().join(path);
        chmod(&path, mode);
        let text = plugins.outputs().concat();
        assert!(text.contains("is writable by others"), "{}", path.display());
        plugins.assert_as_without_cache("permissions");
        chmod(&path, usual);
        let text = plugins.outputs().concat();
        assert!(
            !text.contains("is writable by others"),
            "{}",
            path.display()
        );
    }
    plugins.sandbox.kt_line("plugin disable second").run().ok();
    assert!(!plugins.outputs()[0].contains("second"));
    plugins.assert_as_without_cache("disabled");
    // A copy of a bundled plugin, which is used only with the setting.
    plugins.install("gateway-run", &manifest("gateway-run", "A copy"));
    assert!(!plugins.outputs()[0].contains("A copy"));
    plugins.assert_as_without_cache("shadowed");
    let settings = "[plugins]\nallow_shadow = [\"gateway-run\"]\n";
    plugins.sandbox.write_settings(settings);
    assert!(plugins.outputs()[0].contains("A copy"));
    plugins.assert_as_without_cache("allowed to shadow");
    // The width of help and its colors.
    let help = |name: &str, value: &str| {
        let help = plugins.sandbox.kt_line("first --help");
        text_of(&help.env(name, value).run())
    };
    let texts = [
        help("COLUMNS", "40"),
        help("COLUMNS", "100"),
        help("KT_COLOR", "always"),
    ];
    assert!(texts[0] != texts[1] && texts[1] != texts[2]);
}

#[test]
fn an_index_that_is_damaged_or_of_another_kt_is_replaced() {
    let plugins = CachedPlugins::new();
    let index = plugins.index().expect("it was written");
    let valid = fs::read(&index).expect("it was written");
    let expected = plugins.outputs();
    let mut future = valid.clone();
    future[8] += 1;
    let mut flipped = valid.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let half = valid[..middle].to_vec();
    for damaged in [future, flipped, half, Vec::new(), b"text".to_vec()] {
        fs::write(&index, &damaged).expect("a file");
        assert_eq!(plugins.outputs(), expected);
        assert_eq!(fs::read(&index).expect("a file").len(), valid.len());
    }
    chmod(&index, 0o666);
    assert_eq!(plugins.outputs(), expected);
    fs::remove_dir_all(plugins.cache()).expect("it exists");
    symlink("/dev/null", plugins.cache()).expect("a link");
    assert_eq!(plugins.outputs(), expected);
}

#[test]
fn processes_that_write_the_index_at_once_do_not_damage_it() {
    let plugins = CachedPlugins::new();
    let index = plugins.index().expect("it was written");
    fs::remove_file(&index).expect("it exists");
    let expected = text_of(&plugins.sandbox.kt_line("--help").run());
    let valid = fs::read(&index).expect("it was written");
    for _ in 0..10 {
        fs::remove_file(&index).expect("it exists");
        let all: Vec<_> = (0..8)
            .map(|_| plugins.sandbox.kt_line("--help").spawn())
            .collect();
        for running in all {
            assert_eq!(text_of(&running.wait(TIMEOUT)), expected);
        }
        assert_eq!(fs::read(&index).expect("it was written"), valid);
        let names = fs::read_dir(plugins.cache()).expect("a directory");
        assert_eq!(names.count(), 1, "no temporary file remains");
    }
}
