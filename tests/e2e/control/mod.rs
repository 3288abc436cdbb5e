//! Commands that administer the control plane.

mod audit;
mod auth;
mod cancellation;
mod contract;
mod description;
mod diff;
mod gateways;
mod limits;
mod logout;
mod maintenance;
mod memory;
mod old_versions;
mod stream;
mod taint;
mod tokens;
