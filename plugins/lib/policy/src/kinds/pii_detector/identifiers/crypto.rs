//! Addresses of crypto currencies.

use sha2::{Digest, Sha256};

use crate::chain::{Match, View};
use crate::text::is_word;

/// The digits of Base58Check.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The digits of Bech32 (BIP 173).
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Shortest and longest address: 20 bytes with version and checksum in base 58, and a hash of 32
/// bytes in Bech32.
pub(super) const MIN_LENGTH: usize = 26;
const MAX_LENGTH: usize = 64;
/// Length of an address of Ethereum: `0x` and 20 bytes.
pub(super) const ETHEREUM_LENGTH: usize = 42;
/// The human-readable parts of Bech32 addresses of the main networks.
const PREFIXES: [&[u8]; 4] = [b"bc1", b"BC1", b"ltc1", b"tb1"];

/// Reads an address of Bitcoin or Litecoin.
pub(super) fn address(view: View<'_>, at: usize) -> Match {
    let rest = &view.text[at..];
    let base58 = matches!(rest[0], b'1' | b'3');
    let possible = base58
        || PREFIXES
            .iter()
            .any(|prefix| rest.iter().zip(prefix.iter()).all(|(a, b)| a == b));
    if !possible {
        return Match::None;
    }
    let head = rest.iter().take(MAX_LENGTH + 1);
    let length = head.take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if length == rest.len() && length <= MAX_LENGTH && !view.complete {
        return Match::Open;
    }
    let follows = rest.get(length).is_some_and(|byte| is_word(*byte));
    if !(MIN_LENGTH..=MAX_LENGTH).contains(&length) || follows {
        return Match::None;
    }
    let valid = if base58 {
        is_base58check(&rest[..length])
    } else {
        is_bech32(&rest[..length])
    };
    if valid {
        Match::End(at + length)
    } else {
        Match::None
    }
}

/// Reads `0x` and 40 hexadecimal digits.
pub(super) fn ethereum(view: View<'_>, at: usize) -> Match {
    let rest = &view.text[at..];
    if rest.get(1).is_some_and(|byte| *byte != b'x') {
        return Match::None;
    }
    let digits = rest.iter().skip(2).take(41);
    let length = 2 + digits.take_while(|byte| byte.is_ascii_hexdigit()).count();
    if length >= rest.len() && length <= ETHEREUM_LENGTH && !view.complete {
        return Match::Open;
    }
    let follows = rest.get(length).is_some_and(|byte| is_word(*byte));
    if length == ETHEREUM_LENGTH && !follows {
        Match::End(at + length)
    } else {
        Match::None
    }
}

/// 21 bytes, and the first four bytes of their double SHA-256.
fn is_base58check(text: &[u8]) -> bool {
    let mut bytes = [0_u8; 25];
    for byte in text {
        let Some(value) = BASE58.iter().position(|known| known == byte) else {
            return false;
        };
        let mut carry = u32::try_from(value).unwrap_or_default();
        for digit in bytes.iter_mut().rev() {
            carry += u32::from(*digit) * 58;
            *digit = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let (payload, check) = bytes.split_at(21);
    matches!(payload[0], 0 | 5) && Sha256::digest(Sha256::digest(payload)).starts_with(check)
}

/// The checksum of Bech32 or Bech32m (BIP 173, BIP 350).
fn is_bech32(text: &[u8]) -> bool {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let Some(separator) = text.iter().position(|byte| *byte == b'1') else {
        return false;
    };
    let (prefix, data) = text.split_at(separator);
    let mut check = 1_u32;
    let mut add = |value: u32| {
        let top = check >> 25;
        check = (check & 0x01ff_ffff) << 5 ^ value;
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if top >> bit & 1 == 1 {
                check ^= generator;
            }
        }
    };
    let prefix = prefix
        .iter()
        .map(|byte| u32::from(byte.to_ascii_lowercase()));
    prefix.clone().for_each(|byte| add(byte >> 5));
    add(0);
    prefix.for_each(|byte| add(byte & 31));
    let upper = text[0].is_ascii_uppercase();
    for byte in &data[1..] {
        let mixed = byte.is_ascii_alphabetic() && byte.is_ascii_uppercase() != upper;
        let lower = byte.to_ascii_lowercase();
        let value = BECH32.iter().position(|known| *known == lower);
        let Some(value) = value.filter(|_| !mixed).and_then(|v| u32::try_from(v).ok()) else {
            return false;
        };
        add(value);
    }
    check == 1 || check == 0x2bc8_30a3
}
