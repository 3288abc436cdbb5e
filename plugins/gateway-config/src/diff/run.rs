//! `kt gateway diff`.

use super::selector::Selector;
use super::side::{Side, SideLoader, load_files};
use crate::args::{GatewayDiffArgs, GatewayDiffFormat};
use kt_control_api::{Gateway, connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use kt_policy::Diff;
use serde_json::{Value, json};

/// The note on a patch with masked secrets.
const MASKED_PATCH_NOTE: &str = "changed secrets are masked in the patch: applying it does not \
                                 reproduce the file";

/// What is compared.
struct Comparison {
    /// `None` if both sides are files.
    gateway: Option<Gateway>,
    old: Side,
    new: Side,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayDiffArgs = invocation.arguments()?;
    let (from, to) = selectors(&args)?;
    let comparison = load(invocation, context, &args, (&from, &to))?;
    let diff = comparison.old.diff_to(&comparison.new)?;
    let mut text = match args.format {
        GatewayDiffFormat::Unified => {
            diff.unified(&comparison.old.label(), &comparison.new.label())
        }
        GatewayDiffFormat::JsonPatch => format!("{:#}", json!(diff.patch)),
        GatewayDiffFormat::Text => diff.text(),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let value = comparison.value(&diff)?;
    let view = match args.format {
        GatewayDiffFormat::JsonPatch => View::Text,
        GatewayDiffFormat::Text | GatewayDiffFormat::Unified => View::Diff,
    };
    let mut output = Output::new("kt.gateway.diff/v1", value, view(text)).name_path("/gateway");
    if diff.patch.masked && args.format == GatewayDiffFormat::JsonPatch {
        output = output.note(MASKED_PATCH_NOTE);
    }
    if diff.changes.is_empty() {
        return Ok(output);
    }
    if let Some(note) = comparison.publish_note() {
        output = output.note(note);
    }
    let weakened = !diff.guards_weakened().is_empty();
    Ok(output.outcome(if weakened && args.fail_on_weaken {
        "weakens"
    } else {
        Class::Negative.name()
    }))
}

/// Returns the two sides. A file is compared with what is in use; without a file, what is in use
/// with what is desired.
fn selectors(args: &GatewayDiffArgs) -> Result<(Selector, Selector), Error> {
    let from = match (&args.from, &args.against) {
        (Some(from), _) => Some(Selector::parse(from)),
        (None, Some(against)) => Some(Selector::parse_against(against)?),
        (None, None) => None,
    };
    let to = match &args.to {
        Some(to) => Some(Selector::parse(to)),
        None if args.file.is_empty() => None,
        None => Some(Selector::Files(args.file.clone())),
    };
    Ok(match (from, to) {
        (from, Some(to)) => (from.unwrap_or(Selector::AppliedOrDesired), to),
        (Some(from), None) => (from, Selector::Desired),
        (None, None) => (Selector::Applied, Selector::Desired),
    })
}

fn load(
    invocation: &Invocation,
    context: &Context<'_>,
    args: &GatewayDiffArgs,
    (from, to): (&Selector, &Selector),
) -> Result<Comparison, Error> {
    if let (None, Selector::Files(from), Selector::Files(to)) = (&args.id, from, to) {
        return Ok(Comparison {
            gateway: None,
            old: load_files(invocation, context, from)?,
            new: load_files(invocation, context, to)?,
        });
    }
    // A file that cannot be read or is invalid is reported before anything is asked for.
    let file = |selector: &Selector| match selector {
        Selector::Files(paths) => load_files(invocation, context, paths).map(Some),
        _ => Ok(None),
    };
    let (old, new) = (file(from)?, file(to)?);
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let loader = SideLoader {
        invocation,
        context,
        client: &client,
        gateway: &gateway,
    };
    let side = |read: Option<Side>, selector| read.map_or_else(|| loader.load(selector), Ok);
    Ok(Comparison {
        old: side(old, from)?,
        new: side(new, to)?,
        gateway: Some(gateway),
    })
}

impl Comparison {
    fn value(&self, diff: &Diff) -> Result<Value, Error> {
        let mut value = serde_json::to_value(diff)
            .map_err(|e| Error::internal("the difference cannot be serialized").cause(e))?;
        if let Some(map) = value.as_object_mut() {
            let gateway = self.gateway.as_ref();
            map.insert("gateway".to_owned(), json!(gateway.map(|g| &g.id)));
            map.insert("base".to_owned(), self.old.json());
            map.insert("target".to_owned(), self.new.json());
            let etag = gateway.map(|g| g.etag().to_string());
            map.insert("etag".to_owned(), json!(etag));
        }
        Ok(value)
    }

    /// Returns the command that makes the newer side desired, unless it is.
    fn publish_note(&self) -> Option<String> {
        let gateway = self.gateway.as_ref()?;
        let (name, etag) = (&gateway.name, gateway.etag());
        if let Some(file) = &self.new.file {
            let files = file.replace(", ", " --file ");
            return Some(format!(
                "to publish exactly this: kt gateway reload {name} --file {files} --if-match {etag}"
            ));
        }
        let version = self.new.version?;
        let desired = gateway.desired.as_ref().map(|d| d.version);
        (desired != Some(version)).then(|| {
            format!(
                "to publish version {version} again: kt gateway revert {name} --version {version} --if-match {etag}"
            )
        })
    }
}
