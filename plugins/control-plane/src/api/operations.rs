//! Every operation of the API: the one list from which requests are routed, and from which what
//! is said about the API is made.

use kt_control_api::Method::{self, Delete, Get, Patch, Post};
use serde_json::json;

use super::Api;
use super::operation::{Access, Handler, Operation};
use super::respond::json as answer;

const fn operation(
    method: Method,
    path: &'static str,
    access: Access,
    query: &'static [&'static str],
    run: Handler,
) -> Operation {
    Operation {
        method,
        path,
        access,
        query,
        run,
    }
}

/// Every operation.
#[rustfmt::skip] // One line each, to be read as the table it is.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(Get, "/healthz", Access::Open, &[], |_, _, _| answer(200, &json!({"status": "ok"}))),
    operation(Get, "/readyz", Access::Open, &[], |api, _, _| api.ready()),
    operation(Get, "/v1/version", Access::Open, &[], |api, _, _| api.version()),
    operation(Get, "/v1/whoami", Access::Known, &[], |_, call, _| Api::who_am_i(call)),

    operation(Get, "/v1/gateways", Access::Read, &["limit", "cursor", "name_prefix", "state", "label"],
        |api, call, _| api.list(call)),
    operation(Post, "/v1/gateways", Access::Admin, &[], |api, call, _| api.create(call)),
    operation(Get, "/v1/gateways/{gateway}", Access::See, &[],
        |api, call, at| api.inspect(call, &at.gateway())),
    operation(Patch, "/v1/gateways/{gateway}", Access::Admin, &[],
        |api, call, at| api.update(call, &at.gateway())),
    operation(Delete, "/v1/gateways/{gateway}", Access::Admin, &[],
        |api, call, at| api.delete(call, &at.gateway())),

    operation(Get, "/v1/gateways/{gateway}/config-versions", Access::See, &["limit", "cursor"],
        |api, call, at| api.versions(call, &at.gateway())),
    operation(Post, "/v1/gateways/{gateway}/config-versions", Access::Act, &[],
        |api, call, at| api.publish(call, &at.gateway())),
    operation(Get, "/v1/gateways/{gateway}/config-versions/{version}", Access::See, &[],
        |api, call, at| api.config_version(call, &at.gateway(), at.segment(1))),
    operation(Get, "/v1/gateways/{gateway}/config-versions/{version}/content", Access::See, &[],
        |api, call, at| api.config_content(call, &at.gateway(), at.segment(1))),

    operation(Post, "/v1/gateways/{gateway}/actions/reload", Access::Admin, &[],
        |api, call, at| api.reload(call, &at.gateway())),
    operation(Post, "/v1/gateways/{gateway}/actions/revert", Access::Admin, &[],
        |api, call, at| api.revert(call, &at.gateway())),
    operation(Post, "/v1/gateways/{gateway}/actions/reconcile", Access::Admin, &[],
        |api, call, at| api.reconcile(call, &at.gateway())),
    operation(Get, "/v1/gateways/{gateway}/rollout", Access::See, &["generation", "version", "wait"],
        |api, call, at| api.rollout(call, &at.gateway())),

    operation(Get, "/v1/gateways/{gateway}/desired", Access::See, &["epoch", "index", "wait", "instance"],
        |api, call, at| api.desired(call, &at.gateway())),
    operation(Post, "/v1/gateways/{gateway}/status", Access::Act, &[],
        |api, call, at| api.status(call, &at.gateway())),

    operation(Get, "/v1/tokens", Access::Read, &["limit", "cursor", "active", "type", "gateway"],
        |api, call, _| api.list_tokens(call)),
    operation(Post, "/v1/tokens", Access::Admin, &[], |api, call, _| api.create_token(call)),
    operation(Get, "/v1/tokens/{token}", Access::Read, &[],
        |api, _, at| api.inspect_token(at.segment(0))),
    operation(Delete, "/v1/tokens/{token}", Access::Admin, &[],
        |api, call, at| api.revoke_token(call, at.segment(0))),
    operation(Post, "/v1/tokens/{token}/rotate", Access::Admin, &[],
        |api, call, at| api.rotate_token(call, at.segment(0))),

    operation(Get, "/v1/audit", Access::Read, &["limit", "cursor", "target", "actor", "since"],
        |api, call, _| api.audit(call)),
];
