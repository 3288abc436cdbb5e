//! Whole-product tests live in `e2e`.
