//! Services under a real systemd, in the private namespaces of a rig: a user
//! manager alone for what a service lives through, and the whole of it, booted,
//! for sessions, lingering and reboots.

mod boot;
mod lifecycle;
mod reported_problems;
mod rig;

pub(crate) use rig::rig;
