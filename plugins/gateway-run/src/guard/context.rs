//! [`JudgeContext`].

use crate::metrics::Metrics;
use crate::upstream::ConnectionPool;
use kt_policy::Direction;
use std::rc::Rc;
use std::sync::Arc;

/// What the texts belong to.
#[derive(Clone)]
pub(crate) struct JudgeContext {
    pub(crate) request_id: String,
    /// The requested model.
    pub(crate) model: String,
    /// The caller, if it is known.
    pub(crate) consumer: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) metrics: Arc<Metrics>,
    /// The connections to services.
    pub(crate) pool: Rc<ConnectionPool>,
}
