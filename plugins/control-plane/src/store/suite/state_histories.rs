//! Random histories of gateways whose states change.

use kt_control_api::ProcessIdentity;
use proptest::prelude::*;

/// A report, and what it contains.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) instance: usize,
    pub(super) lease: u32,
    pub(super) content: AnswerContent,
    pub(super) process: Process,
    /// Whether it is stored later if it only extends the lease.
    pub(super) is_stored_later: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum AnswerContent {
    Nothing,
    InSync,
    Drifted,
    Rejected,
    /// As before, so that only the lease changes.
    Same,
    Stopping,
    /// Of a generation that the gateway does not have yet, as after a restore.
    Ahead,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Process {
    Elsewhere,
    Running,
    Ended,
}

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Report(usize, Answer),
    Publish(usize, u8),
    Reload(usize),
    Halt(usize, Option<u64>),
    Unhalt(usize),
    Rename(usize),
    Label(usize),
    Delete(usize),
    Settle,
    /// Leases are stored that were renewed.
    StoreLeases,
    /// The store is opened again, and leases that were renewed and not stored are lost.
    Restart,
    /// A statement of an older kt, which knows nothing of stored states.
    ReportOfOlder(usize, usize),
    Advance(u64),
}

pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let content = prop_oneof![
        1 => Just(AnswerContent::Nothing),
        3 => Just(AnswerContent::InSync),
        1 => Just(AnswerContent::Drifted),
        1 => Just(AnswerContent::Rejected),
        4 => Just(AnswerContent::Same),
        1 => Just(AnswerContent::Stopping),
        1 => Just(AnswerContent::Ahead),
    ];
    let process = prop_oneof![
        6 => Just(Process::Elsewhere),
        1 => Just(Process::Running),
        1 => Just(Process::Ended),
    ];
    let lease = prop_oneof![Just(3_u32), Just(30), Just(60)];
    let answer = (0_usize..3, lease, content, process, any::<bool>()).prop_map(
        |(instance, lease, content, process, is_stored_later)| Answer {
            instance,
            lease,
            content,
            process,
            is_stored_later,
        },
    );
    let of = || 0_usize..3;
    let operation = prop_oneof![
        10 => (of(), answer).prop_map(|(g, answer)| Operation::Report(g, answer)),
        2 => (of(), 0_u8..3).prop_map(|(g, text)| Operation::Publish(g, text)),
        1 => of().prop_map(Operation::Reload),
        1 => (of(), prop_oneof![Just(None), (1_u64..9).prop_map(Some)])
            .prop_map(|(g, seconds)| Operation::Halt(g, seconds)),
        1 => of().prop_map(Operation::Unhalt),
        1 => of().prop_map(Operation::Rename),
        1 => of().prop_map(Operation::Label),
        1 => of().prop_map(Operation::Delete),
        3 => Just(Operation::Settle),
        1 => Just(Operation::StoreLeases),
        1 => Just(Operation::Restart),
        1 => (of(), 0_usize..3).prop_map(|(g, i)| Operation::ReportOfOlder(g, i)),
        4 => (1_u64..40).prop_map(Operation::Advance),
    ];
    prop::collection::vec(operation, 1..30)
}

impl Process {
    pub(super) fn identity(self) -> ProcessIdentity {
        let current = ProcessIdentity::current();
        match self {
            Self::Elsewhere => ProcessIdentity::default(),
            Self::Running => current,
            // Another process had this id before.
            Self::Ended => ProcessIdentity {
                start_ticks: Some(1),
                ..current
            },
        }
    }
}
