use kt_control_api::{ErrorClass, Etag, ProblemCode, PruneRequest, RevertRequest, VersionRange};

use crate::fixture::TestApi;

fn keeping(keep: u64) -> PruneRequest {
    PruneRequest {
        keep,
        ..PruneRequest::default()
    }
}

#[test]
fn pruned_contents_are_reported_as_pruned_everywhere() {
    let test_api = TestApi::with_three_versions();
    let client = test_api.client();
    assert!(client.pin_version("edge", 1, true).unwrap().pinned);
    let dry = PruneRequest {
        dry_run: true,
        ..keeping(1)
    };
    let planned = client.prune_versions("edge", &dry, None).unwrap();
    assert_eq!(planned.versions, [VersionRange { from: 2, to: 2 }]);
    assert_eq!((planned.count, planned.bytes), (1, 4));
    assert_eq!(client.config_content("edge", 2).unwrap(), "two\n");
    assert_eq!(
        client.prune_versions("edge", &keeping(1), None).unwrap(),
        planned
    );

    let revert = RevertRequest {
        version: 2,
        reason: None,
    };
    let refusals = [
        client.config_content("edge", 2).map(drop),
        client.revert("edge", &revert, None).map(drop),
        client.pin_version("edge", 2, true).map(drop),
    ];
    for rejected in refusals {
        let rejected = rejected.unwrap_err();
        assert_eq!(
            (rejected.class, rejected.code),
            (ErrorClass::NotFound, Some(ProblemCode::ContentPruned))
        );
        assert!(
            rejected.detail.contains("version 2 was pruned at 20"),
            "{rejected}"
        );
    }
    assert!(
        client
            .config_version("edge", 2)
            .unwrap()
            .pruned_at
            .is_some()
    );
    assert_eq!(client.config_content("edge", 1).unwrap(), "one\n");
    assert!(!client.pin_version("edge", 1, false).unwrap().pinned);
}

#[test]
fn the_newest_version_is_never_pruned() {
    let test_api = TestApi::with_three_versions();
    for none in [0, u64::MAX] {
        let rejected = test_api
            .client()
            .prune_versions("edge", &keeping(none), None);
        assert_eq!(
            rejected.unwrap_err().code,
            Some(ProblemCode::ValidationFailed)
        );
    }
    let all = test_api
        .client()
        .prune_versions("edge", &keeping(9), None)
        .unwrap();
    assert_eq!((all.versions, all.count, all.bytes), (vec![], 0, 0));
}

#[test]
fn a_prune_can_require_the_revision() {
    let test_api = TestApi::with_three_versions();
    let client = test_api.client();
    let tag = client.gateway("edge").unwrap().etag();
    let other = Etag(tag.0 + 1);
    let refused = client.prune_versions("edge", &keeping(1), Some(other));
    assert_eq!(refused.unwrap_err().class, ErrorClass::Conflict);
    let pruned = client
        .prune_versions("edge", &keeping(1), Some(tag))
        .unwrap();
    assert_eq!(pruned.count, 2);
}
