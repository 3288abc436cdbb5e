//! libFuzzer's entry of the target `canonical_json` in `tests/src/fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kt_fuzz::check("canonical_json", input));
