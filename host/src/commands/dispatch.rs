//! Runs a built-in command.

use super::context::CommandContext;
use super::{
    completion, config_change, config_show, doctor, plugin_catalog, plugin_change, plugin_check,
    plugin_info, plugin_install, plugin_list, plugin_new, plugin_test, plugin_verify, reference,
    version,
};
use crate::cli::BuiltinCommand;
use clap::ArgMatches;
use kt_plugin_api::{Error, Output};

/// Runs a built-in command.
///
/// # Errors
/// The error of the command.
pub(crate) fn run(
    command: BuiltinCommand,
    matches: &ArgMatches,
    context: &CommandContext<'_>,
) -> Result<Output, Error> {
    match command {
        BuiltinCommand::PluginInstall => plugin_install::install(matches, context),
        BuiltinCommand::PluginUpdate => plugin_install::update(matches, context),
        BuiltinCommand::PluginLink => plugin_change::link(matches, context),
        BuiltinCommand::PluginRemove => plugin_change::remove(matches, context),
        BuiltinCommand::PluginEnable => plugin_change::set_use(matches, context, true),
        BuiltinCommand::PluginDisable => plugin_change::set_use(matches, context, false),
        BuiltinCommand::PluginTrust => plugin_change::trust(matches, context),
        BuiltinCommand::PluginInfo => plugin_info::run(matches, context),
        BuiltinCommand::PluginList => Ok(plugin_list::run(context)),
        BuiltinCommand::PluginVerify => plugin_verify::run(matches, context),
        BuiltinCommand::PluginCheck => plugin_check::run(matches, context),
        BuiltinCommand::PluginNew => plugin_new::run(matches, context),
        BuiltinCommand::PluginTest => plugin_test::run(matches, context),
        BuiltinCommand::PluginCatalog => plugin_catalog::run(context),
        BuiltinCommand::Version => Ok(version::run(matches, context)),
        BuiltinCommand::Completion => completion::run(matches),
        BuiltinCommand::Doctor => Ok(doctor::run(context)),
        BuiltinCommand::ConfigSet => config_change::set(matches, context),
        BuiltinCommand::ConfigUnset => config_change::unset(matches, context),
        BuiltinCommand::ConfigEdit => config_change::edit(context),
        BuiltinCommand::ConfigShow => config_show::run(context),
        BuiltinCommand::Reference => Ok(reference::run(context)),
    }
}
