//! Recall, false alarms, split independence and cost. Secrets are made from the formats, so that
//! no file holds any.

mod forms;
mod samples;
mod values;
