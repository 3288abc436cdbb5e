//! Placeholders such as `[EMAIL_1]`: each stands for one value of one request.

mod numbers;
mod suffix;
mod value;

pub(crate) use numbers::Placeholders;
