//! The stores under test, and the objects that the tests store.

use std::time::Duration;

use kt_control_api::{
    ContentHash, CreateGatewayRequest, GatewayId, InstanceId, StatusReport, Timestamp,
    VersionOrigin,
};

use crate::fixture;
use crate::store::{
    ChangeContext, GatewayRef, GatewayRow, IdempotencyKey, NewGateway, NewVersion, Store, Transfer,
};

/// An empty store, which is removed when the value is dropped.
pub(crate) trait StoreFixture: Sync {
    /// Opens the store for another user of it.
    fn open(&self) -> Box<dyn Store>;

    /// Opens the store for export and import.
    fn open_for_transfer(&self) -> Box<dyn Transfer>;

    /// Executes a statement that bypasses the store. Returns whether it succeeded.
    fn tamper(&self, sql: &str) -> bool;

    /// Reads a number, bypassing the store.
    fn count(&self, sql: &str) -> u64;

    /// Returns the name of a table in statements that bypass the store.
    fn table(&self, name: &str) -> String;

    /// Reads a column of text, bypassing the store.
    fn texts(&self, sql: &str) -> Vec<String>;
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn change() -> ChangeContext {
    ChangeContext {
        actor: "test".to_owned(),
        request_id: "req_test".to_owned(),
        now: now(),
        if_match: None,
        idempotency_key: None,
    }
}

/// A change that requires a revision.
pub(crate) fn requiring(rev: u64) -> ChangeContext {
    ChangeContext {
        if_match: Some(rev),
        ..change()
    }
}

/// A change with an idempotency key; requests are distinguished by one byte.
pub(crate) fn keyed(key: &str, request: u8) -> ChangeContext {
    let once = IdempotencyKey {
        key: key.to_owned(),
        fingerprint: [request; 32],
    };
    ChangeContext {
        idempotency_key: Some(once),
        ..change()
    }
}

/// The same change at a later time.
pub(crate) fn after(mut change: ChangeContext, time: Duration) -> ChangeContext {
    change.now += time;
    change
}

/// A version whose hash is its text.
pub(crate) fn version(text: &str) -> NewVersion {
    let mut hash = [0; 32];
    hash[..text.len()].copy_from_slice(text.as_bytes());
    NewVersion {
        content: text.to_owned(),
        sha256: ContentHash::from_bytes(hash),
        origin: VersionOrigin::Reload,
        source: None,
        message: None,
    }
}

/// A gateway with one version.
pub(crate) fn gateway(name: &str) -> NewGateway {
    NewGateway {
        version: Some(NewVersion {
            origin: VersionOrigin::Create,
            ..version("first")
        }),
        ..bare(name)
    }
}

/// A gateway without a version.
pub(crate) fn bare(name: &str) -> NewGateway {
    NewGateway {
        gateway: GatewayRow::new(
            GatewayId::random(),
            &CreateGatewayRequest {
                name: name.to_owned(),
                description: "for tests".to_owned(),
                ..CreateGatewayRequest::default()
            },
        ),
        version: None,
        token: None,
        bootstrap_token: None,
    }
}

pub(crate) fn edge() -> GatewayRef {
    GatewayRef::Name("edge".to_owned())
}

/// The report of one of several instances.
pub(crate) fn report(instance: usize, seq: u64) -> StatusReport {
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    let (first, second) = (letters[instance / 26], letters[instance % 26]);
    let id = format!(
        "in_aaaaaaaaaaaaaa{}{}",
        char::from(first),
        char::from(second)
    );
    StatusReport {
        instance_id: id.parse::<InstanceId>().unwrap(),
        ..fixture::report(seq)
    }
}
