//! `data-routing-policy`: the upstreams that may receive requests, by what they do with data.

mod policy;
mod settings;

pub(crate) use settings::DataRoutingPolicy;
