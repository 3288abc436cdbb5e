//! A model of `launchctl` in memory: **modelled, not macOS**.
//!
//! It has what the steps depend on: sessions that may be absent, agents that
//! are disabled for good, an earlier agent that lingers after `bootout` (exit
//! codes 5 and then 0), `kickstart` of an unloaded agent (113), `KeepAlive`
//! after failures only, and lists that are refused when others cannot read
//! them. Time passes only in pauses.

mod tests;
mod world;
