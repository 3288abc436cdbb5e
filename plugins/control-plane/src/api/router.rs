//! Which handler a request belongs to: one flat list.

use kt_control_api::{Method, Slug};
use serde_json::json;

use super::Api;
use super::refusal::{Refusal, refuse};
use super::respond::{Outcome, json as answer};
use super::service::Call;
use crate::store::Key;

impl Api {
    pub(super) fn route(&self, call: &Call<'_>) -> Outcome {
        use Method::{Delete, Get, Patch, Post};
        let path: Vec<&str> = call
            .request
            .path
            .trim_start_matches('/')
            .split('/')
            .collect();
        let gateway = || Key::parse(path[2]);
        match (call.request.method, path.as_slice()) {
            (Get, ["healthz"]) => answer(200, &json!({"status": "ok"})),
            (Get, ["readyz"]) => self.ready(),
            (Get, ["v1", "version"]) => self.version(),
            (Get, ["v1", "whoami"]) => Self::who_am_i(call),
            (Get, ["v1", "gateways"]) => self.list(call),
            (Post, ["v1", "gateways"]) => self.create(call),
            (Get, ["v1", "gateways", _]) => self.inspect(call, &gateway()),
            (Patch, ["v1", "gateways", _]) => self.update(call, &gateway()),
            (Delete, ["v1", "gateways", _]) => self.delete(call, &gateway()),
            (Get, ["v1", "gateways", _, "config-versions"]) => self.versions(call, &gateway()),
            (Post, ["v1", "gateways", _, "config-versions"]) => self.publish(call, &gateway()),
            (Get, ["v1", "gateways", _, "config-versions", n]) => {
                self.config_version(call, &gateway(), n)
            }
            (Get, ["v1", "gateways", _, "config-versions", n, "content"]) => {
                self.config_content(call, &gateway(), n)
            }
            (Post, ["v1", "gateways", _, "actions", "reload"]) => self.reload(call, &gateway()),
            (Post, ["v1", "gateways", _, "actions", "revert"]) => self.revert(call, &gateway()),
            (Post, ["v1", "gateways", _, "actions", "reconcile"]) => {
                self.reconcile(call, &gateway())
            }
            (Get, ["v1", "gateways", _, "rollout"]) => self.rollout(call, &gateway()),
            (Get, ["v1", "gateways", _, "desired"]) => self.desired(call, &gateway()),
            (Post, ["v1", "gateways", _, "status"]) => self.status(call, &gateway()),
            (method, path) => Err(nowhere(method, path)),
        }
    }
}

fn nowhere(method: Method, path: &[&str]) -> Refusal {
    let known = matches!(
        path,
        ["healthz" | "readyz"]
            | ["v1", "version" | "whoami" | "gateways"]
            | ["v1", "gateways", _]
            | [
                "v1",
                "gateways",
                _,
                "config-versions" | "rollout" | "desired" | "status"
            ]
            | ["v1", "gateways", _, "config-versions", _]
            | ["v1", "gateways", _, "config-versions", _, "content"]
            | [
                "v1",
                "gateways",
                _,
                "actions",
                "reload" | "revert" | "reconcile"
            ]
    );
    if known {
        return refuse(
            Slug::MethodNotAllowed,
            format!("{method} is not possible here"),
        );
    }
    refuse(Slug::NotFound, "there is nothing at this path")
}
