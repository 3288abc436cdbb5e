//! The layout of the ABI: the Rust definitions, the C header and the golden table of the
//! released minor version agree.

use crate::harness::{Sandbox, assert_golden, tool, workspace};
use kt_plugin_api::abi::{StructLayout, layout_table};
use std::fs;
use std::path::PathBuf;

/// The table of version 1.0. It is frozen with the release: later minor versions may
/// only append fields.
const GOLDEN: &str = "tests/golden/abi-1.0.txt";

fn text(table: &[StructLayout]) -> String {
    let mut text = String::from("# struct size, then field offset size; 64-bit targets\n");
    for entry in table {
        text.push_str(&format!("{} {}\n", entry.name, entry.size));
        for field in &entry.fields {
            text.push_str(&format!(
                "  {} {} {}\n",
                field.name, field.offset, field.size
            ));
        }
    }
    text
}

fn header() -> PathBuf {
    workspace().join("plugin-api/include/kt_plugin.h")
}

/// Returns a C program that prints the table as the C compiler computes it.
fn program(table: &[StructLayout]) -> String {
    let mut lines = String::from(
        "#include <stdio.h>\n#include \"kt_plugin.h\"\n#define F(t, f) printf(\"  \" #f \" %zu %zu\\n\", offsetof(t, f), sizeof(((t *)0)->f))\nint main(void) {\n  puts(\"# struct size, then field offset size; 64-bit targets\");\n",
    );
    for entry in table {
        let name = entry.name;
        lines.push_str(&format!("  printf(\"{name} %zu\\n\", sizeof({name}));\n"));
        for field in &entry.fields {
            lines.push_str(&format!("  F({name}, {});\n", field.name));
        }
    }
    lines.push_str("  return 0;\n}\n");
    lines
}

#[test]
fn the_table_equals_that_of_the_release() {
    assert_golden(GOLDEN, &text(&layout_table()));
}

#[test]
fn c_and_rust_agree_on_every_field() {
    let Some(gcc) = tool("gcc") else { return };
    let sandbox = Sandbox::new();
    let table = layout_table();
    let source = sandbox.write("layout.c", program(&table));
    let program = sandbox.path("layout");
    let include = format!("-I{}", workspace().join("plugin-api/include").display());
    sandbox
        .program(&gcc)
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-pedantic",
            &include,
        ])
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .run()
        .ok();
    let printed = sandbox.program(&program).run();
    assert_eq!(printed.ok().stdout, text(&table), "{printed}");
}

/// A struct or a field that only the header contains would not be compared.
#[test]
fn the_table_covers_the_header() {
    let header = fs::read_to_string(header()).expect("the header exists");
    let code = without_comments(&header);
    let mut found = Vec::new();
    for part in code.split("typedef struct ").skip(1) {
        let (name, rest) = part.split_once(" {").expect("a struct has a body");
        let (body, _) = rest
            .split_once(&format!("}} {name};"))
            .expect("it ends with its name");
        found.push((name.to_owned(), fields(body)));
    }
    let table = layout_table();
    let known: Vec<(String, Vec<String>)> = table
        .iter()
        .map(|s| {
            (
                s.name.to_owned(),
                s.fields.iter().map(|f| f.name.to_owned()).collect(),
            )
        })
        .collect();
    for (name, fields) in &found {
        let entry = known.iter().find(|(n, _)| n == name);
        assert_eq!(
            entry.map(|(_, f)| f),
            Some(fields),
            "the fields of `{name}`"
        );
    }
    assert_eq!(found.len(), known.len());
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut code = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        code.push_str(part.split_once("*/").map_or("", |(_, rest)| rest));
    }
    code
}

/// Returns the names that the body of a struct declares: function pointers, and the
/// last word of every other declarator.
fn fields(body: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in body.split(';').map(str::trim).filter(|l| !l.is_empty()) {
        if let Some((_, rest)) = line.split_once("(*") {
            names.push(rest.split(')').next().unwrap_or_default().to_owned());
            continue;
        }
        for declarator in line.split(',') {
            let word = declarator.split_whitespace().last().unwrap_or_default();
            let word = word
                .trim_start_matches('*')
                .split('[')
                .next()
                .unwrap_or_default();
            names.push(word.to_owned());
        }
    }
    names
}

#[test]
fn the_header_compiles_alone_in_c_and_cpp() {
    let sandbox = Sandbox::new();
    let include = format!("-I{}", workspace().join("plugin-api/include").display());
    let source = sandbox.write(
        "entry.c",
        "#include \"kt_plugin.h\"\nstatic kt_status init(const kt_host *host, void **state) { (void)host; *state = 0; return KT_OK; }\nstatic const void *get(void *state, kt_str id, kt_str name) { (void)state, (void)id, (void)name; return 0; }\nconst kt_plugin kt_plugin_v1 = {KT_MAGIC, sizeof(kt_plugin), KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0, KT_STR(\"a\"), KT_STR(\"1.0.0\"), init, 0, get};\nint main(void) { return 0; }\n",
    );
    for (compiler, standard, language) in [
        ("gcc", "-std=c99", "c"),
        ("gcc", "-std=c11", "c"),
        ("g++", "-std=c++17", "c++"),
        ("g++", "-std=c++20", "c++"),
    ] {
        let Some(compiler) = tool(compiler) else {
            continue;
        };
        sandbox
            .program(&compiler)
            .args(["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-pedantic"])
            .args([standard, &include, "-x", language])
            .arg(&source)
            .run()
            .ok();
    }
}
