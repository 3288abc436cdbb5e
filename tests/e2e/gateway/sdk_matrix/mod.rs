//! Unmodified client SDKs against a gateway with the full chain and a scripted
//! upstream; `docs/gateway-clients.md` has the results.

mod clients;
mod row;
mod run;
mod styles;
mod upstream;
