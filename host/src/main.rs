//! kt
fn main() {}
