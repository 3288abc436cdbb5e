//! The store in its file: several users, hostile files, and what a kill leaves behind.

mod crash;
mod seals;
mod sharing;
mod trust;

use std::collections::BTreeMap;
use std::path::Path;

use kt_control_api::{ContentHash, GatewayId, Origin, Timestamp};

use crate::store::{Change, DATABASE_FILE, NewGateway, NewVersion, Sqlite};

fn change() -> Change {
    Change {
        actor: "test".to_owned(),
        request_id: "req_test".to_owned(),
        now: Timestamp::UNIX_EPOCH,
        if_match: None,
        once: None,
    }
}

fn version(text: &str) -> NewVersion {
    let mut hash = [0; 32];
    hash[..text.len()].copy_from_slice(text.as_bytes());
    NewVersion {
        content: text.to_owned(),
        sha256: ContentHash::from_bytes(hash),
        origin: Origin::Reload,
        source: None,
        message: None,
    }
}

fn gateway(name: &str) -> NewGateway {
    NewGateway {
        id: GatewayId::random(),
        name: name.to_owned(),
        description: String::new(),
        labels: BTreeMap::new(),
        version: Some(NewVersion {
            origin: Origin::Create,
            ..version("first")
        }),
        token: None,
    }
}

fn open(directory: &Path) -> Sqlite {
    Sqlite::open(&directory.join(DATABASE_FILE)).unwrap()
}
