//! `kt.service/1`. placeholder
