//! All operations of the API: the list by which requests are routed, and from which the OpenAPI
//! document is generated.

use kt_control_api::Method::{Delete, Get, Patch, Post, Put};
use kt_control_api::{
    ActionResponse, AuditEntry, BackupInfo, BackupRequest, ConfigVersion, CreateGatewayRequest,
    CreateGatewayResponse, CreateTokenRequest, DesiredResponse, Gateway, GatewayPatch,
    HaltGatewaysRequest, HaltGatewaysResponse, HaltRequest, IssuedToken, ProblemCode, PruneRequest,
    PruneResponse, PublishRequest, ReconcileRequest, ReloadRequest, RevertRequest, RolloutStatus,
    RotateTokenRequest, ServiceVersion, StatusReport, StatusResponse, TokenInfo,
    UnhaltGatewaysRequest, UnhaltRequest, VersionDiff, WhoAmI,
};
use serde_json::json;

use super::openapi::document;
use super::operation::{Access, Content, Operation, Parameter, ParameterType};
use super::response::json as json_reply;
use super::service::Api;
use super::{problems, submitted_config};

const STATES: &[&str] = &[
    "in-sync", "pending", "rejected", "drifted", "offline", "unknown", "halted",
];
const LIMIT: Parameter = Parameter::new(
    "limit",
    ParameterType::Integer(1, 200, 50),
    "Maximum number of items of the page.",
);
const NAME_CURSOR: Parameter = Parameter::new(
    "cursor",
    ParameterType::Text,
    "`next_cursor` of the previous page.",
);
const SEQ_CURSOR: Parameter = Parameter::new(
    "cursor",
    ParameterType::Unsigned,
    "`next_cursor` of the previous page.",
);
const TOKEN_CURSOR: Parameter = Parameter::new(
    "cursor",
    ParameterType::Id("tok_"),
    "`next_cursor` of the previous page.",
);
const TARGET: Parameter = Parameter::new(
    "target",
    ParameterType::Text,
    "Only changes of the object with this id.",
);
const ACTOR: Parameter =
    Parameter::new("actor", ParameterType::Text, "Only changes by this actor.");
const ACTION: Parameter = Parameter::new(
    "action",
    ParameterType::Text,
    "Only changes with this action, such as `config.publish`.",
);
const SINCE: Parameter = Parameter::new(
    "since",
    ParameterType::Time,
    "Only changes at or after this time.",
);
const UNTIL: Parameter = Parameter::new(
    "until",
    ParameterType::Time,
    "Only changes before this time.",
);
const WAIT: Parameter = Parameter::new(
    "wait",
    ParameterType::Integer(0, 300, 0),
    "Seconds to wait for a change.",
);
const EPOCH: Parameter = Parameter::new(
    "epoch",
    ParameterType::Text,
    "`epoch` of the last response.",
);
const INDEX: Parameter = Parameter::new(
    "index",
    ParameterType::Unsigned,
    "`index` of the last response; 0 to get the state at once.",
);
const INSTANCE: Parameter = Parameter::new(
    "instance",
    ParameterType::Id("in_"),
    "The instance that sends the request; it does not get a version again that it rejected.",
);

const HALT_GENERATION: Parameter = Parameter::new(
    "halt_generation",
    ParameterType::Unsigned,
    "`halt_generation` of the last response; without it, a change of the halt ends no wait.",
);

/// `key=value`, separated by commas.
const LABELS: &str =
    "^([A-Za-z0-9][A-Za-z0-9._-]{0,62}=[^,]*(,[A-Za-z0-9][A-Za-z0-9._-]{0,62}=[^,]*)*)?$";

/// All operations.
#[rustfmt::skip] // A table reads better with one row per line.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(Get, "/healthz", Access::Public, ("health", "Report whether the process is running"),
        &[(200, Content::any())], |_, _, _| json_reply(200, &json!({"status": "ok"}))),
    Operation::new(Get, "/readyz", Access::Public, ("readiness", "Report whether the store can be read and written"),
        &[(200, Content::any())], |api, _, _| api.readiness()),
    Operation::new(Get, "/openapi.json", Access::Public, ("openapi", "Get the OpenAPI document"),
        &[(200, Content::any())], |_, _, _| json_reply(200, &document(OPERATIONS))),
    Operation::new(Get, "/problems/{code}", Access::Public, ("explainProblem", "Explain a problem code"),
        &[(200, Content::Text("text/plain"))], |_, _, params| problems::explain(params.get(0))),
    Operation::new(Get, "/metrics", Access::LoopbackPublic, ("metrics", "Get the metrics of the server"),
        &[(200, Content::Text("application/openmetrics-text"))], |api, _, _| api.scrape()).errors(&[ProblemCode::NeedsServer]),
    Operation::new(Get, "/v1/version", Access::Public, ("version", "Get the version of the control plane"),
        &[(200, Content::of::<ServiceVersion>())], |api, _, _| api.version()),
    Operation::new(Get, "/v1/whoami", Access::Authenticated, ("whoami", "Get the identity of the caller"),
        &[(200, Content::of::<WhoAmI>())], |_, context, _| Api::who_am_i(context)),

    Operation::new(Get, "/v1/gateways", Access::Read, ("listGateways", "List gateways, ordered by name"),
        &[(200, Content::page_of::<Gateway>())], |api, context, _| api.list_gateways(context))
        .query(&[LIMIT, NAME_CURSOR,
            Parameter::new("name_prefix", ParameterType::Text, "Only gateways whose name has this prefix."),
            Parameter::new("state", ParameterType::Enum(STATES), "Only gateways in this state; `halted` is independent of the others."),
            Parameter::new("label", ParameterType::Pattern(LABELS), "Only gateways with all these labels: `key=value,…`.")]),
    Operation::new(Post, "/v1/gateways", Access::Register, ("createGateway", "Register a gateway"),
        &[(201, Content::of::<CreateGatewayResponse>())], |api, context, _| api.create_gateway(context))
        .body(Content::of::<CreateGatewayRequest>()).config_in_body(submitted_config::in_create).idempotent().errors(&[ProblemCode::NameTaken]),
    Operation::new(Get, "/v1/gateways/{gateway}", Access::ReadGateway, ("inspectGateway", "Show a gateway"),
        &[(200, Content::of::<Gateway>())], |api, context, params| api.inspect_gateway(context, &params.gateway())),
    Operation::new(Patch, "/v1/gateways/{gateway}", Access::Admin, ("updateGateway", "Update name, description, labels or drift policy"),
        &[(200, Content::of::<Gateway>())], |api, context, params| api.update_gateway(context, &params.gateway()))
        .optional_body(Content::patch_of::<GatewayPatch>()).conditional().idempotent().errors(&[ProblemCode::NameTaken]),
    Operation::new(Delete, "/v1/gateways/{gateway}", Access::Admin, ("deleteGateway", "Delete a gateway, but not its history"),
        &[(204, Content::Empty)], |api, context, params| api.delete_gateway(context, &params.gateway()))
        .conditional().idempotent(),

    Operation::new(Get, "/v1/gateways/{gateway}/config-versions", Access::ReadGateway, ("listVersions", "List versions, newest first"),
        &[(200, Content::page_of::<ConfigVersion>())], |api, context, params| api.list_versions(context, &params.gateway()))
        .query(&[LIMIT, SEQ_CURSOR,
            Parameter::new("applied", ParameterType::Boolean, "Only versions that an instance has applied; `false` lists all.")]),
    Operation::new(Post, "/v1/gateways/{gateway}/config-versions", Access::WriteGateway, ("publish", "Publish a version and make it desired"),
        &[(200, Content::of::<ActionResponse>()), (201, Content::of::<ActionResponse>())],
        |api, context, params| api.publish(context, &params.gateway()))
        .body(Content::of_or_yaml::<PublishRequest>()).config_in_body(submitted_config::in_publish).conditional().idempotent(),
    Operation::new(Get, "/v1/gateways/{gateway}/config-versions/{version}", Access::ReadGateway, ("inspectVersion", "Show a version"),
        &[(200, Content::of::<ConfigVersion>())],
        |api, context, params| api.inspect_version(context, &params.gateway(), params.get(1))),
    Operation::new(Get, "/v1/gateways/{gateway}/config-versions/{version}/content", Access::ReadGateway, ("versionContent", "Get the content of a version as it was published"),
        &[(200, Content::Yaml), (304, Content::Empty)],
        |api, context, params| api.version_content(context, &params.gateway(), params.get(1))).cacheable().compressible().errors(&[ProblemCode::ContentPruned]),

    Operation::new(Get, "/v1/gateways/{gateway}/config-versions/{version}/diff", Access::ReadGateway, ("compareVersion", "Compare a version with another one"),
        &[(200, Content::of::<VersionDiff>())], |api, context, params| api.compare(context, &params.gateway(), params.get(1)))
        .query(&[Parameter::new("against", ParameterType::Pattern("^(applied|desired|[1-9][0-9]{0,17})$"),
            "The version to compare with: `applied`, `desired` (the default), or a number.")])
        .errors(&[ProblemCode::ValidationFailed, ProblemCode::ContentPruned]),

    Operation::new(Put, "/v1/gateways/{gateway}/config-versions/{version}/pin", Access::Admin, ("pinVersion", "Pin a version, which protects its content from pruning"),
        &[(200, Content::of::<ConfigVersion>())], |api, context, params| api.pin(context, &params.gateway(), params.get(1), true))
        .idempotent().errors(&[ProblemCode::ContentPruned]),
    Operation::new(Delete, "/v1/gateways/{gateway}/config-versions/{version}/pin", Access::Admin, ("unpinVersion", "Unpin a version"),
        &[(200, Content::of::<ConfigVersion>())], |api, context, params| api.pin(context, &params.gateway(), params.get(1), false))
        .idempotent(),

    Operation::new(Post, "/v1/gateways/{gateway}/actions/prune", Access::Admin, ("prune", "PruneOptions the contents of old versions"),
        &[(200, Content::of::<PruneResponse>())], |api, context, params| api.prune(context, &params.gateway()))
        .body(Content::of::<PruneRequest>()).conditional().idempotent(),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/reload", Access::Admin, ("reload", "Publish a configuration, or reload the current one"),
        &[(200, Content::of::<ActionResponse>()), (201, Content::of::<ActionResponse>())],
        |api, context, params| api.reload(context, &params.gateway()))
        .optional_body(Content::of::<ReloadRequest>()).config_in_body(submitted_config::in_reload).conditional().idempotent(),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/revert", Access::Admin, ("revert", "Publish an older version again"),
        &[(200, Content::of::<ActionResponse>()), (201, Content::of::<ActionResponse>())],
        |api, context, params| api.revert(context, &params.gateway()))
        .body(Content::of::<RevertRequest>()).conditional().idempotent().errors(&[ProblemCode::ContentPruned]),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/reconcile", Access::Admin, ("reconcile", "Make the applied and the desired version equal"),
        &[(200, Content::of::<ActionResponse>())], |api, context, params| api.reconcile(context, &params.gateway()))
        .optional_body(Content::of::<ReconcileRequest>()).conditional().idempotent()
        .errors(&[ProblemCode::NoConfiguration, ProblemCode::NothingApplied, ProblemCode::AppliedDiffers, ProblemCode::ContentUnknown]),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/halt", Access::Admin, ("halt", "Halt a gateway: its instances refuse every request"),
        &[(200, Content::of::<Gateway>())], |api, context, params| api.halt(context, &params.gateway()))
        .body(Content::of::<HaltRequest>()).conditional().idempotent(),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/unhalt", Access::Admin, ("unhalt", "End the halt of a gateway"),
        &[(200, Content::of::<Gateway>())], |api, context, params| api.unhalt(context, &params.gateway()))
        .optional_body(Content::of::<UnhaltRequest>()).conditional().idempotent(),
    Operation::new(Post, "/v1/actions/halt", Access::Admin, ("haltGateways", "Halt several gateways: their instances refuse every request"),
        &[(200, Content::of::<HaltGatewaysResponse>())], |api, context, _| api.halt_gateways(context))
        .body(Content::of::<HaltGatewaysRequest>()),
    Operation::new(Post, "/v1/actions/unhalt", Access::Admin, ("unhaltGateways", "End the halts of several gateways"),
        &[(200, Content::of::<HaltGatewaysResponse>())], |api, context, _| api.unhalt_gateways(context))
        .body(Content::of::<UnhaltGatewaysRequest>()),
    Operation::new(Get, "/v1/gateways/{gateway}/rollout", Access::ReadGateway, ("rollout", "Wait until every live instance has applied or rejected a generation"),
        &[(200, Content::of::<RolloutStatus>())], |api, context, params| api.rollout(context, &params.gateway()))
        .query(&[Parameter::new("generation", ParameterType::Unsigned, "The generation to wait for.").required(),
            Parameter::new("version", ParameterType::Unsigned, "Also return when another version becomes desired."), WAIT]),

    Operation::new(Get, "/v1/gateways/{gateway}/desired", Access::ReadGateway, ("desired", "Wait for a newer desired state"),
        &[(200, Content::of::<DesiredResponse>()), (304, Content::Empty)], |api, context, params| api.desired(context, &params.gateway()))
        .query(&[EPOCH, INDEX, WAIT, INSTANCE, HALT_GENERATION])
        .immediate(|api, context, params| api.desired(context, &params.gateway()).ok()),
    Operation::new(Get, "/v1/gateways/{gateway}/desired/stream", Access::ReadGateway, ("streamDesired", "Stream the desired state and its changes"),
        &[(200, Content::Events)], |api, context, params| api.stream_desired(context, &params.gateway())).streaming()
        .query(&[EPOCH, INDEX, INSTANCE, HALT_GENERATION]),
    Operation::new(Post, "/v1/gateways/{gateway}/status", Access::WriteGateway, ("report", "Report the status of an instance"),
        &[(200, Content::of::<StatusResponse>())], |api, context, params| api.status(context, &params.gateway()))
        .body(Content::of::<StatusReport>()).errors(&[ProblemCode::TooManyInstances])
        .immediate(|api, context, params| api.acknowledge_renewal(context, &params.gateway())),

    Operation::new(Get, "/v1/tokens", Access::Read, ("listTokens", "List tokens, newest first"),
        &[(200, Content::page_of::<TokenInfo>())], |api, context, _| api.list_tokens(context))
        .query(&[LIMIT, TOKEN_CURSOR,
            Parameter::new("active", ParameterType::Boolean, "Only tokens that are, or are not, active."),
            Parameter::new("type", ParameterType::Enum(&["access", "gateway", "bootstrap"]), "Only tokens of this kind."),
            Parameter::new("gateway", ParameterType::Text, "Only tokens for the gateway with this id or name.")])
        .errors(&[ProblemCode::NotFound]),
    Operation::new(Post, "/v1/tokens", Access::Admin, ("createToken", "Create a token; only this response contains its secret"),
        &[(201, Content::of::<IssuedToken>())], |api, context, _| api.create_token(context))
        .body(Content::of::<CreateTokenRequest>()).idempotent().errors(&[ProblemCode::NotFound, ProblemCode::Gone]),
    Operation::new(Get, "/v1/tokens/{token_id}", Access::Read, ("inspectToken", "Show a token, without its secret"),
        &[(200, Content::of::<TokenInfo>())], |api, _, params| api.inspect_token(params.get(0))),
    Operation::new(Delete, "/v1/tokens/{token_id}", Access::Admin, ("revokeToken", "Revoke a token, with immediate effect"),
        &[(200, Content::of::<TokenInfo>())], |api, context, params| api.revoke_token(context, params.get(0)))
        .idempotent(),
    Operation::new(Post, "/v1/tokens/{token_id}/rotate", Access::Admin, ("rotateToken", "Replace a token with a new one of the same scope"),
        &[(201, Content::of::<IssuedToken>())], |api, context, params| api.rotate_token(context, params.get(0)))
        .optional_body(Content::of::<RotateTokenRequest>()).idempotent().errors(&[ProblemCode::TokenInactive]),

    Operation::new(Post, "/v1/admin/backup", Access::Admin, ("backUp", "Back the store up, into a directory of the server"),
        &[(201, Content::of::<BackupInfo>())], |api, context, _| api.create_backup(context))
        .optional_body(Content::of::<BackupRequest>()).blocking().errors(&[ProblemCode::NeedsFile, ProblemCode::NeedsServer]),

    Operation::new(Get, "/v1/audit", Access::Read, ("listAudit", "List the audit log, newest first"),
        &[(200, Content::page_of::<AuditEntry>())], |api, context, _| api.list_audit(context))
        .query(&[LIMIT, SEQ_CURSOR, TARGET, ACTOR, ACTION, SINCE, UNTIL,
            Parameter::new("order", ParameterType::Enum(&["newest", "oldest"]), "Whether the `newest` (the default) or the `oldest` row comes first.")]),
    Operation::new(Get, "/v1/audit/export", Access::Read, ("exportAudit", "Export the whole audit log, oldest first"),
        &[(200, Content::AuditLines)], |api, context, _| api.export_audit(context)).streaming()
        .query(&[TARGET, ACTOR, ACTION, SINCE, UNTIL]),
];
