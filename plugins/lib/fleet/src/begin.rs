//! The beginning of a command for many gateways: a new plan, or a record that is continued.

use std::path::{Path, PathBuf};

use kt_control_api::{Client, ConnectOptions, Gateway, ProviderTransport, Timestamp};
use kt_plugin_api::{Class, Context, Error, Invocation};
use serde_json::Value;

use crate::execution::Execution;
use crate::options::{FleetOptions, MaxFailures, parse_parallel};
use crate::plan::{Plan, PlannedChange};
use crate::record::Record;
use crate::selection::select;

/// The number of gateways that an error lists.
const LISTED: usize = 5;

/// The options of a command for many gateways, as they were typed.
#[derive(Debug, Clone)]
pub struct FleetArgs {
    /// `--id`, which names one gateway.
    pub id: Option<String>,
    /// `--selector`, which may be repeated.
    pub selector: Vec<String>,
    /// `--expect-count`.
    pub expect_count: Option<i64>,
    /// `--max-parallel`.
    pub max_parallel: i64,
    /// `--max-failures`.
    pub max_failures: String,
    /// `--resume`.
    pub resume: Option<PathBuf>,
}

/// Returns the [`FleetArgs`] among the arguments of a command, whose struct is generated from the
/// manifest.
#[macro_export]
macro_rules! fleet_args {
    ($args:expr) => {
        $crate::FleetArgs {
            id: $args.id.clone(),
            selector: $args.selector.clone(),
            expect_count: $args.expect_count,
            max_parallel: $args.max_parallel,
            max_failures: $args.max_failures.clone(),
            resume: $args.resume.clone(),
        }
    };
}

impl FleetArgs {
    /// Returns whether the command is for many gateways.
    ///
    /// # Errors
    /// Class `usage` when an option for many gateways is combined with the name of one.
    pub fn is_used(&self) -> Result<bool, Error> {
        let invalid = |message: &str| Error::new(Class::Usage, "invalid-arguments", message);
        let is_used = !self.selector.is_empty() || self.resume.is_some();
        match (is_used, &self.id, &self.resume) {
            (true, Some(_), _) => Err(invalid(
                "`--selector` and `--resume` are for many gateways, and one is named",
            )),
            (true, None, Some(_)) if !self.selector.is_empty() => Err(invalid(
                "a record has its own gateways: `--resume` and `--selector` exclude one another",
            )),
            (false, _, _) if self.expect_count.is_some() => {
                Err(invalid("`--expect-count` requires `--selector`"))
            }
            _ => Ok(is_used),
        }
    }

    /// Checks that no tag is required of the gateways.
    ///
    /// # Errors
    /// Class `usage` when there is one: `--if-match`.
    pub fn refuse_tag(if_match: Option<&str>) -> Result<(), Error> {
        if if_match.is_none() {
            return Ok(());
        }
        let message = "`--if-match` is the tag of one gateway; each change of many requires the \
                       revision that was planned";
        Err(Error::new(Class::Usage, "invalid-arguments", message))
    }

    /// Plans a change of the selected gateways, which `plan` decides about. `request` is what is done
    /// to each. With `--resume`, both are those of the record.
    ///
    /// # Errors
    /// Class `usage` when no gateway is selected, or the record is that of another command;
    /// `conflict` when their number is not the expected one.
    pub fn begin<'i, 'c>(
        &self,
        (invocation, context): (&'i Invocation, &Context<'c>),
        client: &Client<ProviderTransport<'c>>,
        (verb, request): (&str, Value),
        plan: impl FnOnce(&[Gateway]) -> Result<Vec<PlannedChange>, Error>,
    ) -> Result<Execution<'i>, Error> {
        let control_plane = ConnectOptions::from_invocation(invocation).display_address();
        if let Some(name) = &self.resume {
            return self.resume(invocation, verb, (name, &control_plane));
        }
        let options = FleetOptions::parse(
            &self.selector,
            self.expect_count,
            self.max_parallel,
            &self.max_failures,
        )?;
        context.progress("looking for gateways …");
        let gateways = select(client, context, Some(&options.selector))?;
        check_count(&options, &gateways)?;
        let plan = Plan {
            format: Plan::FORMAT.to_owned(),
            verb: verb.to_owned(),
            created_at: Timestamp::now(),
            control_plane,
            selector: options.selector_text,
            request,
            gateways: plan(&gateways)?,
        };
        Ok(Execution {
            invocation,
            plan,
            max_parallel: options.max_parallel,
            max_failures: options.max_failures,
            resumed: None,
        })
    }

    fn resume<'i>(
        &self,
        invocation: &'i Invocation,
        verb: &str,
        (name, control_plane): (&Path, &str),
    ) -> Result<Execution<'i>, Error> {
        let (max_parallel, max_failures) = (
            parse_parallel(self.max_parallel)?,
            self.max_failures.parse::<MaxFailures>()?,
        );
        let name = invocation.resolve_path(name);
        let (path, plan, results) = Record::read(&invocation.dirs.state, &name)?;
        let of_another = |what: &str, other: &str| {
            let message = format!("`{}` is a record of {what} `{other}`", path.display());
            Error::new(Class::Usage, "other-record", message)
        };
        if plan.verb != verb {
            return Err(of_another(
                "the command",
                &format!("kt gateway {}", plan.verb),
            ));
        }
        if plan.control_plane != control_plane {
            return Err(of_another("the control plane", &plan.control_plane));
        }
        Ok(Execution {
            invocation,
            plan,
            max_parallel,
            max_failures,
            resumed: Some((Record::open(&path)?, results)),
        })
    }
}

fn check_count(options: &FleetOptions, gateways: &[Gateway]) -> Result<(), Error> {
    let count = gateways.len();
    let selector = &options.selector_text;
    match options.expect_count {
        Some(expected) if expected != count => {
            let names = gateways.iter().take(LISTED).map(|one| one.name.as_str());
            let names: Vec<&str> = names.collect();
            let more = match count.saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!("`{selector}` selects {count} gateways, and not {expected}");
            let error = Error::new(Class::Conflict, "unexpected-count", message)
                .hint("nothing was changed")
                .data("expected", expected)
                .data("matched", count);
            Err(if count == 0 {
                error
            } else {
                error.cause(format!("they are {}{more}", names.join(", ")))
            })
        }
        None if count == 0 => {
            let message = format!("no gateway matches `{selector}`");
            Err(Error::new(Class::Usage, "no-gateway-matches", message)
                .hint("`kt gateway list -o wide` shows the labels; nothing was changed"))
        }
        _ => Ok(()),
    }
}
