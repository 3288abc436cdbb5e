//! Mutations of inputs.

use super::random::Random;

/// Longer inputs find little more and take longer.
const MAX_INPUT: usize = 64 * 1024;
/// The most mutations of one input.
const MAX_MUTATIONS: usize = 6;
/// The most bytes that a mutation copies, inserts or removes.
const MAX_SLICE: usize = 256;
/// Bytes at the edges of ranges, which parsers treat differently.
const BYTES: [u8; 12] = [
    0, 1, b'\n', b'\r', b'\t', b'"', b'\\', 0x7f, 0x80, 0xc3, 0xfe, 0xff,
];

/// Returns a mutation of one of `seeds`; `words` are parts of the format.
pub(super) fn mutate(random: &mut Random, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = random.choose(seeds).cloned().unwrap_or_default();
    for _ in 0..=random.below(MAX_MUTATIONS) {
        let at = random.below(input.len() + 1);
        let length = random.below(MAX_SLICE).min(input.len() - at);
        match random.below(8) {
            0 => set(&mut input, at, random.byte()),
            1 => set(&mut input, at, *random.choose(&BYTES).unwrap_or(&0)),
            2 => flip(&mut input, at, random.below(8)),
            3 => drop(input.drain(at..at + length)),
            4 => {
                let slice = input[at..at + length].to_vec();
                let target = random.below(input.len() + 1);
                insert(&mut input, target, &slice);
            }
            5 => {
                let word = random.choose(words).copied().unwrap_or_default();
                insert(&mut input, at, word.as_bytes());
            }
            6 => input.truncate(at),
            _ => {
                // Ends as another seed does.
                let other = random.choose(seeds).map_or(&[][..], Vec::as_slice);
                let from = random.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
        input.truncate(MAX_INPUT);
    }
    input
}

fn set(input: &mut [u8], at: usize, byte: u8) {
    if let Some(target) = input.get_mut(at) {
        *target = byte;
    }
}

fn flip(input: &mut [u8], at: usize, bit: usize) {
    if let Some(target) = input.get_mut(at) {
        *target ^= 1 << bit;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let tail = input.split_off(at);
    input.extend_from_slice(bytes);
    input.extend(tail);
}
