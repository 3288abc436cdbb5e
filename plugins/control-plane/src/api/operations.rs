//! Every operation of the API: the one list from which requests are routed, and from which the
//! description of the API is made.

use kt_control_api::Method::{Delete, Get, Patch, Post, Put};
use kt_control_api::{
    ActionResponse, AuditEntry, BackupInfo, BackupRequest, ConfigVersion, CreateGatewayRequest,
    CreateGatewayResponse, CreateTokenRequest, DesiredResponse, Gateway, GatewayPatch, IssuedToken,
    ProblemCode, PruneRequest, PruneResponse, PublishRequest, ReconcileRequest, ReloadRequest,
    RevertRequest, RolloutStatus, RotateTokenRequest, ServiceVersion, StatusReport, StatusResponse,
    TokenInfo, VersionDiff, WhoAmI,
};
use serde_json::json;

use super::Api;
use super::document::{Content, Kind, Parameter, document};
use super::operation::{Access, Operation};
use super::respond::json as answer;
use super::{problems, verdict};

const STATES: &[&str] = &[
    "in-sync", "pending", "rejected", "drifted", "offline", "unknown",
];
const LIMIT: Parameter =
    Parameter::new("limit", Kind::Number(1, 200, 50), "Most items of the page.");
const NAME_CURSOR: Parameter =
    Parameter::new("cursor", Kind::Text, "`next_cursor` of the page before.");
const SEQ_CURSOR: Parameter =
    Parameter::new("cursor", Kind::Count, "`next_cursor` of the page before.");
const TOKEN_CURSOR: Parameter = Parameter::new(
    "cursor",
    Kind::Id("tok_"),
    "`next_cursor` of the page before.",
);
const TARGET: Parameter = Parameter::new("target", Kind::Text, "Only changes of what has this id.");
const ACTOR: Parameter = Parameter::new("actor", Kind::Text, "Only changes by this actor.");
const ACTION: Parameter = Parameter::new(
    "action",
    Kind::Text,
    "Only changes of this kind, such as `config.publish`.",
);
const SINCE: Parameter = Parameter::new("since", Kind::Time, "Only changes at or after this time.");
const UNTIL: Parameter = Parameter::new("until", Kind::Time, "Only changes before this time.");
const WAIT: Parameter =
    Parameter::new("wait", Kind::Number(0, 300, 0), "Seconds to wait for news.");
const EPOCH: Parameter = Parameter::new("epoch", Kind::Text, "`epoch` of the last answer.");
const INDEX: Parameter = Parameter::new(
    "index",
    Kind::Count,
    "`index` of the last answer; 0 to be told now.",
);
const INSTANCE: Parameter = Parameter::new(
    "instance",
    Kind::Id("in_"),
    "The asking instance, which is not told again of what it refused.",
);

/// `key=value`, and more after commas.
const LABELS: &str =
    "^([A-Za-z0-9][A-Za-z0-9._-]{0,62}=[^,]*(,[A-Za-z0-9][A-Za-z0-9._-]{0,62}=[^,]*)*)?$";

/// Every operation.
#[rustfmt::skip] // To be read as the table it is.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(Get, "/healthz", Access::Open, ("health", "Say that the process runs"),
        &[(200, Content::any())], |_, _, _| answer(200, &json!({"status": "ok"}))),
    Operation::new(Get, "/readyz", Access::Open, ("readiness", "Say that the store can be read and written"),
        &[(200, Content::any())], |api, _, _| api.ready()),
    Operation::new(Get, "/openapi.json", Access::Open, ("description", "Describe the API"),
        &[(200, Content::any())], |_, _, _| answer(200, &document())),
    Operation::new(Get, "/problems/{slug}", Access::Open, ("explainProblem", "Explain a type of problem, for people"),
        &[(200, Content::Text("text/plain"))], |_, _, at| problems::explain(at.segment(0))),
    Operation::new(Get, "/metrics", Access::Near, ("metrics", "Say what the server measures of itself"),
        &[(200, Content::Text("application/openmetrics-text"))], |api, _, _| api.scrape()).fails(&[ProblemCode::NeedsServer]),
    Operation::new(Get, "/v1/version", Access::Open, ("version", "Say what the control plane is"),
        &[(200, Content::of::<ServiceVersion>())], |api, _, _| api.version()),
    Operation::new(Get, "/v1/whoami", Access::Known, ("whoami", "Say who the caller is"),
        &[(200, Content::of::<WhoAmI>())], |_, call, _| Api::who_am_i(call)),

    Operation::new(Get, "/v1/gateways", Access::Read, ("listGateways", "List gateways by name"),
        &[(200, Content::page_of::<Gateway>())], |api, call, _| api.list(call))
        .query(&[LIMIT, NAME_CURSOR,
            Parameter::new("name_prefix", Kind::Text, "Only names that begin so."),
            Parameter::new("state", Kind::Word(STATES), "Only gateways that stand so."),
            Parameter::new("label", Kind::Form(LABELS), "Only gateways with all these labels: `key=value,…`.")]),
    Operation::new(Post, "/v1/gateways", Access::Register, ("createGateway", "Register a gateway"),
        &[(201, Content::of::<CreateGatewayResponse>())], |api, call, _| api.create(call))
        .body(Content::of::<CreateGatewayRequest>()).holds(verdict::of_creation).once().fails(&[ProblemCode::NameTaken]),
    Operation::new(Get, "/v1/gateways/{gateway}", Access::See, ("inspectGateway", "Show a gateway"),
        &[(200, Content::of::<Gateway>())], |api, call, at| api.inspect(call, &at.gateway())),
    Operation::new(Patch, "/v1/gateways/{gateway}", Access::Admin, ("updateGateway", "Change name, description or labels"),
        &[(200, Content::of::<Gateway>())], |api, call, at| api.update(call, &at.gateway()))
        .may_say(Content::patch_of::<GatewayPatch>()).conditional().once().fails(&[ProblemCode::NameTaken]),
    Operation::new(Delete, "/v1/gateways/{gateway}", Access::Admin, ("deleteGateway", "Delete a gateway; its history stays"),
        &[(204, Content::Nothing)], |api, call, at| api.delete(call, &at.gateway()))
        .conditional().once(),

    Operation::new(Get, "/v1/gateways/{gateway}/config-versions", Access::See, ("listVersions", "List versions, the newest first"),
        &[(200, Content::page_of::<ConfigVersion>())], |api, call, at| api.versions(call, &at.gateway()))
        .query(&[LIMIT, SEQ_CURSOR]),
    Operation::new(Post, "/v1/gateways/{gateway}/config-versions", Access::Act, ("publish", "Publish a version and make it desired"),
        &[(200, Content::of::<ActionResponse>()), (201, Content::of::<ActionResponse>())],
        |api, call, at| api.publish(call, &at.gateway()))
        .body(Content::of_or_yaml::<PublishRequest>()).holds(verdict::of_publication).conditional().once(),
    Operation::new(Get, "/v1/gateways/{gateway}/config-versions/{version}", Access::See, ("inspectVersion", "Show a version"),
        &[(200, Content::of::<ConfigVersion>())],
        |api, call, at| api.config_version(call, &at.gateway(), at.segment(1))),
    Operation::new(Get, "/v1/gateways/{gateway}/config-versions/{version}/content", Access::See, ("versionContent", "Return a version as it was published"),
        &[(200, Content::Yaml), (206, Content::Part("application/yaml")), (304, Content::Nothing)],
        |api, call, at| api.config_content(call, &at.gateway(), at.segment(1))).cached().divisible().fails(&[ProblemCode::ContentPruned]),

    Operation::new(Get, "/v1/gateways/{gateway}/config-versions/{version}/diff", Access::See, ("compareVersion", "Say what changes to this version from another one"),
        &[(200, Content::of::<VersionDiff>())], |api, call, at| api.compare(call, &at.gateway(), at.segment(1)))
        .query(&[Parameter::new("against", Kind::Form("^(applied|desired|[1-9][0-9]{0,17})$"),
            "What to compare with: what is applied, what is desired, or a version by its number; `desired` by default.")])
        .fails(&[ProblemCode::ValidationFailed, ProblemCode::ContentPruned]),

    Operation::new(Put, "/v1/gateways/{gateway}/config-versions/{version}/pin", Access::Admin, ("pinVersion", "Pin a version, whose content is then kept"),
        &[(200, Content::of::<ConfigVersion>())], |api, call, at| api.pin(call, &at.gateway(), at.segment(1), true))
        .once().fails(&[ProblemCode::ContentPruned]),
    Operation::new(Delete, "/v1/gateways/{gateway}/config-versions/{version}/pin", Access::Admin, ("unpinVersion", "Pin a version no longer"),
        &[(200, Content::of::<ConfigVersion>())], |api, call, at| api.pin(call, &at.gateway(), at.segment(1), false))
        .once(),

    Operation::new(Post, "/v1/gateways/{gateway}/actions/prune", Access::Admin, ("prune", "Give up the contents of old versions"),
        &[(200, Content::of::<PruneResponse>())], |api, call, at| api.prune(call, &at.gateway()))
        .body(Content::of::<PruneRequest>()).once(),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/reload", Access::Admin, ("reload", "Publish a configuration, or have the source taken again"),
        &[(200, Content::of::<ActionResponse>()), (201, Content::of::<ActionResponse>())],
        |api, call, at| api.reload(call, &at.gateway()))
        .may_say(Content::of::<ReloadRequest>()).holds(verdict::of_reload).conditional().once(),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/revert", Access::Admin, ("revert", "Publish an older version again"),
        &[(200, Content::of::<ActionResponse>()), (201, Content::of::<ActionResponse>())],
        |api, call, at| api.revert(call, &at.gateway()))
        .body(Content::of::<RevertRequest>()).conditional().once().fails(&[ProblemCode::ContentPruned]),
    Operation::new(Post, "/v1/gateways/{gateway}/actions/reconcile", Access::Admin, ("reconcile", "Make what is applied equal what is desired"),
        &[(200, Content::of::<ActionResponse>())], |api, call, at| api.reconcile(call, &at.gateway()))
        .may_say(Content::of::<ReconcileRequest>()).conditional().once()
        .fails(&[ProblemCode::NoConfiguration, ProblemCode::NothingApplied, ProblemCode::AppliedDiffers, ProblemCode::ContentUnknown]),
    Operation::new(Get, "/v1/gateways/{gateway}/rollout", Access::See, ("rollout", "Wait until every live instance has answered"),
        &[(200, Content::of::<RolloutStatus>())], |api, call, at| api.rollout(call, &at.gateway()))
        .query(&[Parameter::new("generation", Kind::Count, "The generation to wait for.").required(),
            Parameter::new("version", Kind::Count, "Also end when another version becomes desired."), WAIT]),

    Operation::new(Get, "/v1/gateways/{gateway}/desired", Access::See, ("desired", "Wait for what is desired to be newer"),
        &[(200, Content::of::<DesiredResponse>()), (304, Content::Nothing)], |api, call, at| api.desired(call, &at.gateway()))
        .query(&[EPOCH, INDEX, WAIT, INSTANCE]),
    Operation::new(Get, "/v1/gateways/{gateway}/desired/stream", Access::See, ("followDesired", "Send what is desired now and each time it changes"),
        &[(200, Content::Events)], |api, call, at| api.follow(call, &at.gateway())).streamed()
        .query(&[EPOCH, INDEX, INSTANCE]),
    Operation::new(Post, "/v1/gateways/{gateway}/status", Access::Act, ("report", "Report how an instance stands"),
        &[(200, Content::of::<StatusResponse>())], |api, call, at| api.status(call, &at.gateway()))
        .body(Content::of::<StatusReport>()),

    Operation::new(Get, "/v1/tokens", Access::Read, ("listTokens", "List tokens, the newest first"),
        &[(200, Content::page_of::<TokenInfo>())], |api, call, _| api.list_tokens(call))
        .query(&[LIMIT, TOKEN_CURSOR,
            Parameter::new("active", Kind::Flag, "Only tokens that are, or are not, accepted."),
            Parameter::new("type", Kind::Word(&["access", "gateway", "bootstrap"]), "Only tokens of this kind."),
            Parameter::new("gateway", Kind::Text, "Only tokens for the gateway with this id or name.")])
        .fails(&[ProblemCode::NotFound]),
    Operation::new(Post, "/v1/tokens", Access::Admin, ("createToken", "Make a token; the answer has it this once"),
        &[(201, Content::of::<IssuedToken>())], |api, call, _| api.create_token(call))
        .body(Content::of::<CreateTokenRequest>()).once().fails(&[ProblemCode::NotFound, ProblemCode::Gone]),
    Operation::new(Get, "/v1/tokens/{token_id}", Access::Read, ("inspectToken", "Show a token, without what makes it one"),
        &[(200, Content::of::<TokenInfo>())], |api, _, at| api.inspect_token(at.segment(0))),
    Operation::new(Delete, "/v1/tokens/{token_id}", Access::Admin, ("revokeToken", "Revoke a token: it is refused at once"),
        &[(200, Content::of::<TokenInfo>())], |api, call, at| api.revoke_token(call, at.segment(0)))
        .once(),
    Operation::new(Post, "/v1/tokens/{token_id}/rotate", Access::Admin, ("rotateToken", "Replace a token by one that allows the same"),
        &[(201, Content::of::<IssuedToken>())], |api, call, at| api.rotate_token(call, at.segment(0)))
        .may_say(Content::of::<RotateTokenRequest>()).once().fails(&[ProblemCode::TokenInactive]),

    Operation::new(Post, "/v1/admin/backup", Access::Admin, ("backUp", "Copy the store, in a folder of the server"),
        &[(201, Content::of::<BackupInfo>())], |api, call, _| api.back_up(call))
        .may_say(Content::of::<BackupRequest>()).apart().fails(&[ProblemCode::NeedsFile, ProblemCode::NeedsServer]),

    Operation::new(Get, "/v1/audit", Access::Read, ("listAudit", "List who changed what, the newest first"),
        &[(200, Content::page_of::<AuditEntry>())], |api, call, _| api.audit(call))
        .query(&[LIMIT, SEQ_CURSOR, TARGET, ACTOR, ACTION, SINCE, UNTIL,
            Parameter::new("order", Kind::Word(&["newest", "oldest"]), "Which rows come first; `newest` by default.")]),
    Operation::new(Get, "/v1/audit/export", Access::Read, ("exportAudit", "Send the whole trail, the oldest row first"),
        &[(200, Content::Lines)], |api, call, _| api.export(call)).streamed()
        .query(&[TARGET, ACTOR, ACTION, SINCE, UNTIL]),
];
