//! libFuzzer's entry of the target `token` in `tests/src/fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kt_fuzz::check("token", input));
