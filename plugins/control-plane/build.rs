//! Generates the structs of the arguments.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    kt_plugin_api::build::generate_args("plugin.toml")
}
