use crate::{
    AppliedVersion, ConfigSource, ContentHash, DesiredVersion, Instance, InstanceId,
    ProcessIdentity, Rejection, SyncState, Timestamp,
};

fn hash(byte: u8) -> ContentHash {
    ContentHash::from_bytes([byte; 32])
}

fn desired() -> DesiredVersion {
    DesiredVersion {
        version: 2,
        generation: 5,
        sha256: hash(2),
    }
}

fn instance(applied: Option<(u64, u8)>) -> Instance {
    let at = Timestamp::UNIX_EPOCH;
    let applied = applied.map(|(generation, byte)| AppliedVersion {
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
        source: ConfigSource::ControlPlane,
        observed: None,
        applied,
        rejection: None,
        halt: None,
        state: SyncState::Unknown,
    }
}

fn rejecting(generation: u64) -> Instance {
    let mut rejecting_instance = instance(Some((4, 1)));
    rejecting_instance.rejection = Some(Rejection {
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
    rejecting_instance
}

fn state(instance: &Instance) -> SyncState {
    SyncState::of_instance(Some(&desired()), 5, instance)
}

#[test]
fn the_state_of_an_instance_follows_its_last_report() {
    assert_eq!(state(&instance(Some((5, 2)))), SyncState::InSync);
    assert_eq!(state(&instance(Some((5, 9)))), SyncState::Drifted);
    assert_eq!(
        state(&instance(Some((4, 2)))),
        SyncState::Pending,
        "not yet acknowledged"
    );
    assert_eq!(state(&instance(None)), SyncState::Pending);
    assert_eq!(state(&rejecting(5)), SyncState::Rejected);
    assert_eq!(
        state(&rejecting(4)),
        SyncState::Pending,
        "an older rejection is not one of this generation"
    );
    let dead = Instance {
        live: false,
        ..instance(Some((5, 2)))
    };
    assert_eq!(state(&dead), SyncState::Offline);
}

#[test]
fn without_a_desired_version_the_state_is_unknown() {
    assert_eq!(
        SyncState::of_instance(None, 0, &instance(Some((0, 2)))),
        SyncState::Unknown
    );
    assert_eq!(
        SyncState::of_instance(None, 0, &instance(None)),
        SyncState::Unknown
    );
}

#[test]
fn a_gateway_has_the_most_severe_state_of_its_live_instances() {
    let good = instance(Some((5, 2)));
    let late = instance(Some((4, 1)));
    let dead = Instance {
        live: false,
        ..rejecting(5)
    };
    let of = |instances: &[Instance]| SyncState::of_gateway(Some(&desired()), 5, instances);
    assert_eq!(of(&[]), SyncState::Offline);
    assert_eq!(of(std::slice::from_ref(&dead)), SyncState::Offline);
    assert_eq!(
        of(&[good.clone(), dead]),
        SyncState::InSync,
        "instances that are not live do not count"
    );
    assert_eq!(of(&[good.clone(), late.clone()]), SyncState::Pending);
    assert_eq!(of(&[late, rejecting(5), good]), SyncState::Rejected);
}

#[test]
fn values_round_trip() {
    for state in [
        SyncState::InSync,
        SyncState::Pending,
        SyncState::Rejected,
        SyncState::Drifted,
        SyncState::Offline,
    ] {
        assert_eq!(SyncState::parse(state.as_str()), Some(state));
        assert_eq!(
            serde_json::to_string(&state).unwrap(),
            format!("\"{state}\"")
        );
    }
    assert_eq!(SyncState::parse("fine"), None);
}
