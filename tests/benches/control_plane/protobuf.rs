//! The part of protocol buffers that transactions and watches of etcd need (protobuf.dev,
//! "Encoding"; field numbers from etcd's `rpc.proto`, version 3).

/// Encodes a field with a number.
pub(crate) fn number(field: u8, value: u64) -> Vec<u8> {
    let mut out = vec![field << 3];
    varint(&mut out, value);
    out
}

/// Encodes a field with bytes, or with another message.
pub(crate) fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    varint(&mut out, value.len() as u64);
    out.extend_from_slice(value);
    out
}

/// Encodes a transaction that puts all pairs if `key` has the revision; 0 if it does not exist.
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

/// Encodes a read of one key.
pub(crate) fn range(key: &[u8]) -> Vec<u8> {
    bytes(1, key)
}

/// Returns the revision in the response to a read; 0 if the key does not exist.
pub(crate) fn revision(response: &[u8]) -> Option<u64> {
    let Some(Value::Bytes(pair)) = field(response, 2)? else {
        return Some(0);
    };
    match field(pair, 3)? {
        Some(Value::Number(revision)) => Some(revision),
        _ => None,
    }
}

/// Returns the first value of a field.
fn field(message: &[u8], number: u64) -> Option<Option<Value<'_>>> {
    let mut all = fields(message)?.into_iter();
    Some(all.find_map(|(field, value)| (field == number).then_some(value)))
}

/// Encodes a watch of one key.
pub(crate) fn watch(key: &[u8]) -> Vec<u8> {
    bytes(1, &bytes(1, key))
}

/// Returns whether a transaction succeeded, and the resulting revision.
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

/// Returns whether a message of a watch contains events.
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
