//! As much of protocol buffers as a transaction and a watch of etcd take
//! (protobuf.dev, "Encoding"; field numbers from etcd's `rpc.proto`, version 3).

/// A field with a number.
pub(crate) fn number(field: u8, value: u64) -> Vec<u8> {
    let mut out = vec![field << 3];
    varint(&mut out, value);
    out
}

/// A field with bytes, or with another message.
pub(crate) fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    varint(&mut out, value.len() as u64);
    out.extend_from_slice(value);
    out
}

/// Puts everything if the revision of `key` is still that one; 0 for a key that is not there.
pub(crate) fn compare_and_put(key: &[u8], revision: u64, puts: &[(&[u8], &[u8])]) -> Vec<u8> {
    // Compare: result EQUAL (0, the default), target MOD (2), key, mod_revision.
    let mut all = bytes(
        1,
        &[number(2, 2), bytes(3, key), number(6, revision)].concat(),
    );
    for (key, value) in puts {
        let put = [bytes(1, key), bytes(2, value)].concat();
        all.extend_from_slice(&bytes(2, &bytes(2, &put)));
    }
    all
}

/// A look at one key.
pub(crate) fn range(key: &[u8]) -> Vec<u8> {
    bytes(1, key)
}

/// The revision of the key that was looked at; 0 when it is not there.
pub(crate) fn revision(response: &[u8]) -> Option<u64> {
    let Some(Value::Bytes(pair)) = member(response, 2)? else {
        return Some(0);
    };
    match member(pair, 3)? {
        Some(Value::Number(revision)) => Some(revision),
        _ => None,
    }
}

/// The first value of a field.
fn member(message: &[u8], wanted: u64) -> Option<Option<Value<'_>>> {
    let mut all = fields(message)?.into_iter();
    Some(all.find_map(|(field, value)| (field == wanted).then_some(value)))
}

/// A watch of one key.
pub(crate) fn watch(key: &[u8]) -> Vec<u8> {
    bytes(1, &bytes(1, key))
}

/// Whether a transaction succeeded, and the revision it led to.
pub(crate) fn outcome(response: &[u8]) -> Option<(bool, u64)> {
    let mut succeeded = false;
    let mut revision = 0;
    for (field, value) in fields(response)? {
        match (field, value) {
            (1, Value::Bytes(header)) => {
                for (field, value) in fields(header)? {
                    if let (3, Value::Number(number)) = (field, value) {
                        revision = number;
                    }
                }
            }
            (2, Value::Number(flag)) => succeeded = flag == 1,
            _ => {}
        }
    }
    Some((succeeded, revision))
}

/// Whether a message of a watch carries events.
pub(crate) fn has_events(response: &[u8]) -> bool {
    let found = fields(response).unwrap_or_default();
    found.iter().any(|(field, _)| *field == 11)
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn fields(mut message: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        let value = match tag & 7 {
            0 => Value::Number(take_varint(&mut message)?),
            2 => {
                let length = usize::try_from(take_varint(&mut message)?).ok()?;
                let (value, rest) = message.split_at_checked(length)?;
                message = rest;
                Value::Bytes(value)
            }
            _ => return None,
        };
        found.push((tag >> 3, value));
    }
    Some(found)
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
