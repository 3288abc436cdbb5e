//! The integrity check.

use std::num::NonZero;

use super::fixture::StoreFixture;
use super::transfer::fill;
use crate::fixture::LineValidator;
use crate::store::{IntegrityReport, StoreError, check_integrity};

pub(crate) fn damage_is_found_with_any_number_of_threads(fixture: &dyn StoreFixture) {
    fill(&*fixture.open());
    let check = |threads| -> IntegrityReport {
        let (store, threads) = (fixture.open_for_transfer(), NonZero::new(threads).unwrap());
        let mut last = 0;
        let mut progress = |versions| {
            last = versions;
            Ok(())
        };
        let (report, done) = check_integrity(&*store, &LineValidator, threads, &mut progress);
        done.unwrap();
        assert_eq!(report.versions, last);
        report
    };
    let before = check(1);
    let total = fixture.open_for_transfer().version_count().unwrap();
    assert_eq!(before.versions, total);
    assert_eq!((before.gateways, before.versions, before.tokens), (4, 8, 3));
    assert!(fixture.tamper("UPDATE gateways SET last_version = 8 WHERE name = 'old'"));
    let damaged = check(1);
    let message = "has 4 versions, not 8";
    assert!(
        damaged.damage.iter().any(|line| line.ends_with(message)),
        "{damaged:?}"
    );
    assert_eq!(damaged.damage.len(), before.damage.len() + 1);
    assert_eq!(check(4), damaged);
}

pub(crate) fn a_check_ends_with_the_error_of_its_progress(fixture: &dyn StoreFixture) {
    fill(&*fixture.open());
    let store = fixture.open_for_transfer();
    let mut cancelled = |_| Err(StoreError::Failed("cancelled".to_owned()));
    let threads = NonZero::<usize>::MIN;
    let (_, done) = check_integrity(&*store, &LineValidator, threads, &mut cancelled);
    assert!(done.unwrap_err().to_string().ends_with("cancelled"));
}
