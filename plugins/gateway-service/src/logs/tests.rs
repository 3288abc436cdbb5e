use super::{Range, read};
use crate::fake::{World, desk, wanted};

const DIR: &str = "/state/service/default";

fn line(second: u32, message: &str) -> String {
    format!(
        "{{\"ts\":\"2026-01-01T00:00:{second:02}.5Z\",\"level\":\"info\",\"target\":\"x\",\"message\":\"{message}\"}}\n"
    )
}

fn texts(world: &World, lines: u32, since: Option<i64>) -> Vec<String> {
    let desk = desk(world);
    let range = Range { lines, since };
    let read = read(&desk, &wanted().record.spec, range).unwrap();
    read.iter().map(|l| l.message.clone()).collect()
}

#[test]
fn parts_are_joined_oldest_first_and_only_the_last_lines_are_kept() {
    let world = World::new();
    world.put(&format!("{DIR}/log.jsonl.2"), &line(1, "a"));
    world.put(&format!("{DIR}/log.jsonl.1"), &line(2, "b"));
    world.put(&format!("{DIR}/log.jsonl"), &(line(3, "c") + &line(4, "d")));
    world.put(&format!("{DIR}/log.jsonl.old"), &line(9, "not a part"));
    assert_eq!(texts(&world, 50, None), ["a", "b", "c", "d"]);
    assert_eq!(texts(&world, 3, None), ["b", "c", "d"]);
    // 2026-01-01T00:00:03Z
    assert_eq!(texts(&world, 50, Some(1_767_225_603)), ["c", "d"]);
}

#[test]
fn what_the_manager_says_is_sorted_in() {
    let world = World::new();
    world.put(
        &format!("{DIR}/log.jsonl"),
        &(line(1, "a") + "cut off by a cra\n" + &line(5, "b")),
    );
    world.put(
        "/manager",
        "2026-01-01T00:00:03.000001+0000 host toy[1]: main process exited\n",
    );
    let found = texts(&world, 50, None);
    let expected = [
        "a",
        "cut off by a cra",
        "host toy[1]: main process exited",
        "b",
    ];
    assert_eq!(found, expected);
}

#[test]
fn without_a_log_of_its_own_the_managers_is_shown() {
    let world = World::new();
    world.put("/log", "plain one\nplain two\n");
    assert_eq!(texts(&world, 1, None), ["plain two"]);
}
