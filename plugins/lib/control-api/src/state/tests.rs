use super::*;
use crate::{Applied, InstanceId, ProcessIdentity, Rejection, Source, Timestamp};

fn hash(byte: u8) -> ContentHash {
    ContentHash::from_bytes([byte; 32])
}

fn desired() -> Desired {
    Desired {
        version: 2,
        generation: 5,
        sha256: hash(2),
    }
}

fn instance(applied: Option<(u64, u8)>) -> Instance {
    let at = Timestamp::UNIX_EPOCH;
    let applied = applied.map(|(generation, byte)| Applied {
        version: None,
        sha256: hash(byte),
        generation,
        at,
    });
    Instance {
        instance_id: InstanceId::random(),
        process: ProcessIdentity::default(),
        started_at: at,
        seen_at: at,
        lease_until: at,
        live: true,
        binary: None,
        listen: None,
        source: Source::ControlPlane,
        observed: None,
        applied,
        rejection: None,
        state: State::Unknown,
    }
}

fn rejecting(generation: u64) -> Instance {
    let mut refusing = instance(Some((4, 1)));
    refusing.rejection = Some(Rejection {
        code: "bad".to_owned(),
        message: "bad".to_owned(),
        pointer: None,
        file: None,
        line: None,
        column: None,
        version: Some(2),
        generation,
        at: Timestamp::UNIX_EPOCH,
    });
    refusing
}

fn state(instance: &Instance) -> State {
    State::of_instance(Some(&desired()), 5, instance)
}

#[test]
fn an_instance_stands_as_its_last_report_says() {
    assert_eq!(state(&instance(Some((5, 2)))), State::InSync);
    assert_eq!(state(&instance(Some((5, 9)))), State::Drifted);
    assert_eq!(
        state(&instance(Some((4, 2)))),
        State::Pending,
        "not yet acknowledged"
    );
    assert_eq!(state(&instance(None)), State::Pending);
    assert_eq!(state(&rejecting(5)), State::Rejected);
    assert_eq!(
        state(&rejecting(4)),
        State::Pending,
        "an older refusal says nothing of this one"
    );
    let dead = Instance {
        live: false,
        ..instance(Some((5, 2)))
    };
    assert_eq!(state(&dead), State::Offline);
}

#[test]
fn without_anything_desired_there_is_nothing_to_compare() {
    assert_eq!(
        State::of_instance(None, 0, &instance(Some((0, 2)))),
        State::Unknown
    );
    assert_eq!(State::of_instance(None, 0, &instance(None)), State::Unknown);
}

#[test]
fn a_gateway_stands_as_its_worst_live_instance() {
    let good = instance(Some((5, 2)));
    let late = instance(Some((4, 1)));
    let dead = Instance {
        live: false,
        ..rejecting(5)
    };
    let of = |instances: &[Instance]| State::of_gateway(Some(&desired()), 5, instances);
    assert_eq!(of(&[]), State::Offline);
    assert_eq!(of(std::slice::from_ref(&dead)), State::Offline);
    assert_eq!(
        of(&[good.clone(), dead]),
        State::InSync,
        "the dead have no say"
    );
    assert_eq!(of(&[good.clone(), late.clone()]), State::Pending);
    assert_eq!(of(&[late, rejecting(5), good]), State::Rejected);
}

#[test]
fn words_read_back() {
    for state in [
        State::InSync,
        State::Pending,
        State::Rejected,
        State::Drifted,
        State::Offline,
    ] {
        assert_eq!(State::from_word(state.as_str()), Some(state));
        assert_eq!(
            serde_json::to_string(&state).unwrap(),
            format!("\"{state}\"")
        );
    }
    assert_eq!(State::from_word("fine"), None);
}
