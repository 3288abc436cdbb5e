//! Which bytes a client wants.

use std::ops::Range;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it, also where its range is none that has to be heeded.
    Whole,
    /// These bytes, one at least.
    Part(Range<usize>),
    /// Bytes of which there are none.
    Nothing,
}

/// Reads `Range`, of something that has `size` bytes.
pub(super) fn read(header: &str, size: usize) -> Asked {
    let spec = header.split_once('=').and_then(|(unit, spec)| {
        let bytes = unit.trim().eq_ignore_ascii_case("bytes");
        bytes.then(|| spec.trim())
    });
    match spec.and_then(|spec| spec.split_once('-')) {
        Some((first, last)) => part(first, last, size).unwrap_or(Asked::Whole),
        None => Asked::Whole,
    }
}

/// `None` when it is no range, or several.
fn part(first: &str, last: &str, size: usize) -> Option<Asked> {
    let wanted = if first.is_empty() {
        let length = number(last)?;
        size.saturating_sub(length)..size
    } else {
        let first = number(first)?;
        let last = if last.is_empty() {
            usize::MAX
        } else {
            number(last)?
        };
        if last < first {
            return None;
        }
        first..size.min(last.saturating_add(1))
    };
    Some(if wanted.is_empty() {
        Asked::Nothing
    } else {
        Asked::Part(wanted)
    })
}

/// Reads digits. A number that is too large is behind every end.
fn number(digits: &str) -> Option<usize> {
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUGE: &str = "99999999999999999999999";

    #[test]
    fn one_part_is_cut_to_what_there_is() {
        for (header, part) in [
            ("bytes=0-0".to_owned(), 0..1),
            ("bytes=2-5".to_owned(), 2..6),
            ("Bytes= 2-5 ".to_owned(), 2..6),
            ("bytes=2-".to_owned(), 2..10),
            ("bytes=0-9".to_owned(), 0..10),
            ("bytes=9-10".to_owned(), 9..10),
            (format!("bytes=3-{HUGE}"), 3..10),
            ("bytes=-3".to_owned(), 7..10),
            ("bytes=-10".to_owned(), 0..10),
            (format!("bytes=-{HUGE}"), 0..10),
        ] {
            assert_eq!(read(&header, 10), Asked::Part(part), "{header}");
        }
    }

    #[test]
    fn behind_the_end_there_is_nothing() {
        let huge = format!("bytes={HUGE}-");
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0", huge.as_str()] {
            assert_eq!(read(header, 10), Asked::Nothing, "{header}");
        }
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(read(header, 0), Asked::Nothing, "{header}");
        }
    }

    #[test]
    fn what_is_no_single_range_means_the_whole() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5",
            "bytes=5-2",
            "bytes=0-1,4-5",
            "bytes=0-1, bytes=4-5",
            "bytes=+1-2",
            "bytes=1 - 2",
            "bytes=a-b",
            "lines=0-1",
        ] {
            assert_eq!(read(header, 10), Asked::Whole, "{header}");
        }
    }
}
