//! `kt version`: the versions of kt and its plugins, and the exit codes.

use super::context::CommandContext;
use clap::ArgMatches;
use kt_plugin_api::{Class, Column, Field, Output, View, abi};
use serde_json::{Value, json};

pub(super) fn run(matches: &ArgMatches, context: &CommandContext<'_>) -> Output {
    if matches.get_flag("exit-codes") {
        return exit_codes();
    }
    let plugins: Vec<Value> = context
        .registry
        .usable()
        .map(|(_, m)| json!({ "name": m.name, "version": m.version }))
        .collect();
    let value = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "plugin_abi": format!("{}.{}", abi::ABI_MAJOR, abi::ABI_MINOR),
        "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        "plugins": plugins,
    });
    let view = View::Sections(vec![
        View::Fields(vec![
            Field::new("kt", "/version"),
            Field::new("plugin ABI", "/plugin_abi"),
            Field::new("target", "/target"),
        ]),
        View::Table {
            rows: "/plugins".to_owned(),
            columns: vec![
                Column::new("PLUGIN", "/name"),
                Column::new("VERSION", "/version"),
            ],
            empty: "no plugins".to_owned(),
        },
    ]);
    Output::new("kt.version/1", value, view).name_path("/version")
}

fn exit_codes() -> Output {
    let rows: Vec<Value> = Class::ALL
        .iter()
        .map(|c| json!({ "code": c.exit_code(), "class": c.name(), "meaning": c.description() }))
        .collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("CODE", "/code"),
            Column::new("CLASS", "/class"),
            Column::new("MEANING", "/meaning"),
        ],
        empty: String::new(),
    };
    Output::new("kt.exit-codes/1", Value::Array(rows), view).name_path("/code")
}
