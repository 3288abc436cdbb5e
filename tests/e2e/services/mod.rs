//! Services under a real systemd, in the private namespaces of a rig: a user manager alone
//! for the life cycle of a service, and a booted system for sessions, lingering and reboots.

mod boot;
mod lifecycle;
mod reported_problems;
mod rig;
mod supervisord;

pub(crate) use rig::rig;
