//! The typed form of `kt.service/1`.
