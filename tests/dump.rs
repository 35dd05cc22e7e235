//! A graph as text for Graphviz: the same graph gives the same text, and no name breaks it.

use taskflow_std::{Executor, TaskHandle, Taskflow};

#[test]
fn an_empty_flow_has_a_text() {
    assert_eq!(
        Taskflow::with_name("none").dump(),
        "digraph \"none\" {\n}\n"
    );
}

/// The text of a quoted string of the DOT language, as it would be shown.
fn unquoted(quoted: &str) -> Option<String> {
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut shown = String::new();
    let mut chars = inside.chars();
    while let Some(next) = chars.next() {
        match next {
            '"' => return None,
            '\\' => match chars.next()? {
                'n' => shown.push('\n'),
                other => shown.push(other),
            },
            other => shown.push(other),
        }
    }
    Some(shown)
}

fn quoted_label(dump: &str) -> &str {
    let begin = dump.find("label=").expect("the task has a label") + "label=".len();
    let end = dump[begin..].find("];\n").expect("the line ends") + begin;
    &dump[begin..end]
}

#[test]
fn quotes_and_backslashes_and_letters_of_all_scripts_are_shown_as_they_are() {
    for name in [
        "plain",
        "\"",
        "\\",
        "\\\"",
        "ends with \\",
        "\\n is no new line",
        "\\N \\G \\E",
        "a \"b\" c",
        "ü 漢字 🦀 עברית",
        "<b>no html</b>",
        "];\u{7d} -> {",
    ] {
        let flow = Taskflow::new();
        flow.placeholder().name(name);
        let dump = flow.dump();
        let shown = unquoted(quoted_label(&dump));
        assert_eq!(shown.as_deref(), Some(name), "{dump}");
    }
}

#[test]
fn a_new_line_in_a_name_stays_inside_its_label() {
    let flow = Taskflow::with_name("two\nlines");
    flow.placeholder().name("first\nsecond");
    let dump = flow.dump();
    assert_eq!(dump.lines().count(), 3, "{dump}");
    assert_eq!(
        unquoted(quoted_label(&dump)).as_deref(),
        Some("first\nsecond")
    );
}

#[test]
fn no_control_character_reaches_the_text() {
    let all: String = (0..0x20_u8).chain([0x7f]).map(char::from).collect();
    let flow = Taskflow::with_name(all.clone());
    flow.placeholder().name(all);
    flow.placeholder().name("\u{85}\u{9b}\r\n\0");
    let dump = flow.dump();
    let bad = dump.chars().find(|char| char.is_control() && *char != '\n');
    assert_eq!(bad, None, "{dump:?}");
    assert_eq!(dump.lines().count(), 4, "{dump}");
}

#[test]
fn a_name_in_an_error_shows_no_control_character() {
    let flow = Taskflow::new();
    let task = flow.placeholder().name("\u{1b}[31m\n\"red\"");
    task.precede(task);
    let text = flow.validate().unwrap_err().to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

fn built() -> Taskflow<'static> {
    let flow = Taskflow::with_name("built");
    let tasks: Vec<TaskHandle<'_>> = (0..50)
        .map(|number| flow.emplace(|| {}).name(format!("task {number}")))
        .collect();
    for (at, task) in tasks.iter().enumerate() {
        for step in [7, 3, 11, 3] {
            if let Some(later) = tasks.get(at + step) {
                task.precede(later);
            }
        }
    }
    flow.remove(tasks[13]);
    drop(tasks);
    flow
}

#[test]
fn the_same_graph_gives_the_same_text() {
    let first = built();
    let text = first.dump();
    assert_eq!(text, first.dump());
    assert_eq!(text, built().dump());
    first.validate().unwrap();
    assert_eq!(text, first.dump(), "after a freeze");
    Executor::new(2).run(&first).wait().unwrap();
    assert_eq!(text, first.dump(), "after a run");
    let extra = first.placeholder();
    first.remove(extra);
    assert_eq!(text, first.dump(), "after an edit that was taken back");
}

#[test]
fn every_edge_is_written_once_and_in_order() {
    let flow = Taskflow::new();
    let [a, b, c] = [(); 3].map(|()| flow.placeholder());
    a.precede([c, b, c]);
    b.precede(c);
    let dump = flow.dump();
    let edges: Vec<&str> = dump.lines().filter(|line| line.contains("->")).collect();
    assert_eq!(edges, ["    t0 -> t2;", "    t0 -> t1;", "    t1 -> t2;"]);
}

#[test]
fn removed_tasks_are_not_written() {
    let flow = Taskflow::new();
    let [a, b, c] = [(); 3].map(|()| flow.placeholder());
    flow.linearize([a, b, c]);
    flow.remove(b);
    let dump = flow.dump();
    assert!(dump.contains("t0;") && dump.contains("t2;"), "{dump}");
    assert!(!dump.contains("t1") && !dump.contains("->"), "{dump}");
}

#[test]
fn a_refused_graph_can_be_written() {
    let flow = Taskflow::new();
    let (a, b) = (flow.placeholder(), flow.placeholder());
    a.precede(b).succeed(b).precede(a);
    let dump = flow.dump();
    for edge in ["t0 -> t1;", "t1 -> t0;", "t0 -> t0;"] {
        assert!(dump.contains(edge), "{dump}");
    }
}
