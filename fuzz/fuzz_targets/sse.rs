//! libFuzzer's entry of the target `sse` in `tests/src/fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kt_fuzz::check("sse", input));
