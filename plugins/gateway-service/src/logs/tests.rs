use super::{LogRange, read};
use crate::context::fixtures::service_context;
use crate::record::fixtures::sample_record;
use crate::system::fake_system::FakeSystem;

const DIR: &str = "/state/service/default";

fn line(second: u32, message: &str) -> String {
    format!(
        "{{\"ts\":\"2026-01-01T00:00:{second:02}.5Z\",\"level\":\"info\",\"target\":\"x\",\"message\":\"{message}\"}}\n"
    )
}

fn messages(system: &FakeSystem, lines: u32, since: Option<i64>) -> Vec<String> {
    let service = service_context(system);
    let range = LogRange { lines, since };
    let read = read(&service, &sample_record().spec, range).unwrap();
    read.iter().map(|l| l.message.clone()).collect()
}

#[test]
fn rotated_files_are_joined_oldest_first_and_limited() {
    let system = FakeSystem::new();
    system.put(&format!("{DIR}/log.jsonl.2"), &line(1, "a"));
    system.put(&format!("{DIR}/log.jsonl.1"), &line(2, "b"));
    system.put(&format!("{DIR}/log.jsonl"), &(line(3, "c") + &line(4, "d")));
    system.put(&format!("{DIR}/log.jsonl.old"), &line(9, "not a log file"));
    assert_eq!(messages(&system, 50, None), ["a", "b", "c", "d"]);
    assert_eq!(messages(&system, 3, None), ["b", "c", "d"]);
    // 2026-01-01T00:00:03Z
    assert_eq!(messages(&system, 50, Some(1_767_225_603)), ["c", "d"]);
}

#[test]
fn lines_of_the_manager_are_merged_by_time() {
    let system = FakeSystem::new();
    system.put(
        &format!("{DIR}/log.jsonl"),
        &(line(1, "a") + "truncated by a cra\n" + &line(5, "b")),
    );
    system.put(
        "/manager",
        "2026-01-01T00:00:03.000001+0000 host fake[1]: main process exited\n",
    );
    let merged = messages(&system, 50, None);
    let expected = [
        "a",
        "truncated by a cra",
        "host fake[1]: main process exited",
        "b",
    ];
    assert_eq!(merged, expected);
}

#[test]
fn the_log_of_the_manager_is_read_without_a_gateway_log() {
    let system = FakeSystem::new();
    system.put("/log", "plain one\nplain two\n");
    assert_eq!(messages(&system, 1, None), ["plain two"]);
}
