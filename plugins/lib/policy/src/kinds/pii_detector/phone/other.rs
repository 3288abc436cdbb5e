//! Numbers that are no phone numbers: dates, versions, books, and addresses of the network.

/// A day: `2024-05-17` (RFC 3339 §5.6), whatever follows, `17.05.2024`, `5/17/2024`.
pub(super) fn is_date(text: &[u8]) -> bool {
    let sign = text.iter().find(|byte| !byte.is_ascii_digit());
    let Some(sign) = sign.filter(|sign| matches!(sign, b'-' | b'.' | b'/' | b' ')) else {
        return false;
    };
    let mut parts = text.split(|byte| byte == sign).map(|part| {
        let digits = part.iter().take_while(|byte| byte.is_ascii_digit());
        let value = digits.fold(0_u32, |sum, b| {
            sum.saturating_mul(10).saturating_add(u32::from(b - b'0'))
        });
        (part.len(), value)
    });
    let (Some(first), Some(second), Some(third)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let year = |(length, value): (usize, u32)| length == 4 && (1900..2100).contains(&value);
    let short = |(length, value): (usize, u32)| length <= 2 && (1..=31).contains(&value);
    let starts = year(first) && second.0 == 2 && short(second) && third.0 >= 2;
    let ends = short(first) && short(second) && (first.1 <= 12 || second.1 <= 12);
    starts && short((third.0.min(2), third.1 % 100))
        || ends && year(third) && parts.next().is_none()
}

/// `2000-2001`, as in notices of copyright, whatever follows.
pub(super) fn is_range_of_years(text: &[u8]) -> bool {
    let year = |part: &[u8]| {
        matches!(part, [b'1', b'9', ..] | [b'2', b'0', ..]) && part.iter().all(u8::is_ascii_digit)
    };
    match text {
        [a, b, c, d, b'-' | b' ', rest @ ..] => {
            year(&[*a, *b, *c, *d]) && rest.len() >= 4 && year(&rest[..4])
        }
        _ => false,
    }
}

/// `20240517`, without separators.
pub(super) fn is_compact_date(text: &[u8]) -> bool {
    let ([b'1', b'9', ..] | [b'2', b'0', ..]) = text else {
        return false;
    };
    let pair = |at: usize| {
        text.get(at..at + 2)
            .map(|two| (two[0] - b'0') * 10 + two[1] - b'0')
    };
    let digits = text.len() == 8 && text.iter().all(u8::is_ascii_digit);
    digits && matches!((pair(4), pair(6)), (Some(1..=12), Some(1..=31)))
}

/// An ISBN of 13 digits, by its check digit.
pub(super) fn is_isbn(digits: &[u8]) -> bool {
    let book = digits.len() == 13 && (digits.starts_with(b"978") || digits.starts_with(b"979"));
    let weights = [1_u32, 3].into_iter().cycle();
    let sum: u32 = digits
        .iter()
        .zip(weights)
        .map(|(d, w)| u32::from(d - b'0') * w)
        .sum();
    book && sum.is_multiple_of(10)
}

/// Whether several groups between dots have one digit, as in `1.2.840.113549.1.1`.
pub(super) fn has_single_digits(text: &[u8]) -> bool {
    let groups = text.split(|byte| *byte == b'.');
    text.contains(&b'.') && groups.filter(|group| group.len() == 1).count() > 1
}

pub(super) fn is_dotted_quad(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.parse::<std::net::Ipv4Addr>().is_ok()
}
