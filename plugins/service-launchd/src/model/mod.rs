//! A model of `launchctl` in memory: **modelled, not macOS**.
//!
//! It has what the steps depend on: sessions that may be absent, agents that
//! are disabled for good, an earlier agent that lingers after `bootout` (exit
//! codes 5 and 37, then 0), `kickstart` of an unloaded agent (113), `KeepAlive`
//! after failures only, processes that do not end as they should, and lists
//! that are refused when others cannot read them. Time passes only in pauses.

mod job;
mod launchctl;
mod tests;
mod trouble;
mod world;
