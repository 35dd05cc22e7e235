use super::*;

fn read(text: &str) -> Result<Workflow, Complaint> {
    parse(Path::new("recorded.json"), text)
}

fn refused(text: &str) -> String {
    read(text).expect_err("it is refused").to_string()
}

/// A recording of these tasks and these executed tasks, each given as JSON without its braces.
fn recording(tasks: &[&str], executed: &[&str]) -> String {
    let list = |items: &[&str]| {
        items
            .iter()
            .map(|item| format!("{{{item}}}"))
            .collect::<Vec<_>>()
    };
    format!(
        r#"{{ "name": "made", "schemaVersion": "1.5", "workflow": {{
            "specification": {{ "tasks": [{}], "files": [] }},
            "execution": {{ "makespanInSeconds": 1, "tasks": [{}] }} }} }}"#,
        list(tasks).join(","),
        list(executed).join(",")
    )
}

const A: &str = r#""id": "a", "name": "same", "children": ["b"], "inputFiles": []"#;
const B: &str = r#""id": "b", "name": "same", "parents": ["a"]"#;
const TIMED_A: &str = r#""id": "a", "runtimeInSeconds": 1.5, "machines": ["m"]"#;
const TIMED_B: &str = r#""id": "b", "runtimeInSeconds": 2"#;

fn recorded(workflow: &Workflow) -> Vec<Duration> {
    let tasks = workflow.tasks().iter();
    tasks
        .map(|task| match task.work {
            Work::Replay { recorded } => recorded,
            Work::Command(_) => panic!("a recording holds recorded times"),
        })
        .collect()
}

#[test]
fn a_recording_is_read_by_id_and_names_may_repeat() {
    let workflow = read(&recording(&[A, B], &[TIMED_B, TIMED_A])).expect("it is right");
    assert_eq!(
        (
            workflow.name(),
            workflow.task_count(),
            workflow.edge_count()
        ),
        ("made", 2, 1)
    );
    assert_eq!(
        recorded(&workflow),
        [Duration::from_millis(1500), Duration::from_secs(2)]
    );
    assert!(workflow.notes().is_empty(), "{:?}", workflow.notes());
    assert_eq!(workflow.task(TaskIndex(1)).name, "same");
}

#[test]
fn disagreeing_parents_and_children_are_united_with_a_note() {
    let a = r#""id": "a", "name": "a", "children": ["b"]"#;
    let b = r#""id": "b", "name": "b""#;
    let c = r#""id": "c", "name": "c", "parents": ["b"]"#;
    let timed_c = r#""id": "c", "runtimeInSeconds": 0"#;
    let workflow = read(&recording(&[a, b, c], &[TIMED_A, TIMED_B, timed_c])).expect("it is right");
    assert_eq!(workflow.edge_count(), 2);
    let wanted = "parents and children disagree on 2 of the edges, and all are kept: \
                  \"a\" -> \"b\", \"b\" -> \"c\"";
    assert_eq!(workflow.notes(), [wanted]);
}

#[test]
fn a_missing_or_null_runtime_is_zero_with_a_note() {
    let null = r#""id": "a", "runtimeInSeconds": null"#;
    let workflow = read(&recording(&[A, B], &[null])).expect("it is right");
    assert_eq!(recorded(&workflow), [Duration::ZERO; 2]);
    let wanted = "2 tasks have no recorded runtime, which counts as zero: \"a\", \"b\"";
    assert_eq!(workflow.notes(), [wanted]);
}

#[test]
fn a_recording_without_an_execution_replays_in_no_time() {
    let text = r#"{ "schemaVersion": "1.5", "workflow":
        { "specification": { "tasks": [ { "id": "a" } ] } } }"#;
    let workflow = read(text).expect("it is right");
    assert_eq!(recorded(&workflow), [Duration::ZERO]);
    assert_eq!(
        (workflow.name(), workflow.task(TaskIndex(0)).name.as_str()),
        ("recorded", "a")
    );
}

#[test]
fn recorded_strangers_are_left_out_with_a_note() {
    let stranger = r#""id": "z", "runtimeInSeconds": 9"#;
    let workflow = read(&recording(&[A, B], &[TIMED_A, TIMED_B, stranger])).expect("it is right");
    assert_eq!(workflow.task_count(), 2);
    assert!(
        workflow.notes()[0].contains("1 recorded tasks are not in the specification"),
        "{:?}",
        workflow.notes()
    );
}

#[test]
fn other_versions_are_refused_or_noted() {
    let text = |version: &str| recording(&[A, B], &[TIMED_A, TIMED_B]).replace("\"1.5\"", version);
    assert!(refused(&text("\"2.0\"")).contains("is WfFormat \"2.0\", and only 1.x"));
    assert!(refused(&text("\"10.1\"")).contains("only 1.x"));
    assert!(read(&text("\"1.4\"")).is_ok());
    let unversioned = read(&text("null")).expect("it is right");
    assert!(unversioned.notes()[0].contains("no schemaVersion"));
    let old = r#"{ "schemaVersion": "1.4", "workflow": { "tasks": [] } }"#;
    assert!(refused(old).contains("has no `workflow.specification`"));
}

#[test]
fn each_fault_names_the_task() {
    let cases = [
        (
            vec![r#""id": "a", "name": "x", "parents": ["q"]"#],
            vec![],
            r#"task "a" names "q" in `parents`"#,
        ),
        (
            vec![r#""id": "a", "name": "x", "children": ["q"]"#],
            vec![],
            r#"task "a" names "q" in `children`"#,
        ),
        (
            vec![r#""id": "a", "name": "x", "children": ["a"]"#],
            vec![],
            r#"task "a" depends on itself"#,
        ),
        (vec![A, A], vec![], r#"there are two tasks "a""#),
        (
            vec![A, B],
            vec![TIMED_A, TIMED_A],
            r#"there are two tasks "a""#,
        ),
        (vec![r#""id": """#], vec![], "a task has an empty name"),
        (vec![], vec![], "lists no task"),
        (
            vec![A, r#""id": "b", "parents": ["a"], "children": ["a"]"#],
            vec![],
            "tasks wait for each other: ",
        ),
        (
            vec![A, B],
            vec![r#""id": "a", "runtimeInSeconds": -0.5"#],
            r#"task "a": `runtimeInSeconds` is -0.5; a time is not negative"#,
        ),
        (
            vec![A, B],
            vec![r#""id": "a", "runtimeInSeconds": 1e300"#],
            r#"task "a": `runtimeInSeconds` is 1"#,
        ),
    ];
    for (tasks, executed, wanted) in cases {
        let complaint = refused(&recording(&tasks, &executed));
        assert!(complaint.contains(wanted), "{tasks:?} gave {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[test]
fn malformed_json_is_told_with_line_and_column() {
    let cases = [
        ("{ \"workflow\": }", "recorded.json:1:15: expected value"),
        (
            "{\n \"workflow\": 3 }",
            "recorded.json:2:14: invalid type: integer `3`",
        ),
        ("{}", "missing field `workflow`"),
        ("{ \"workflow\": {} } x", "trailing characters"),
        ("[]", "recorded.json:1:"),
        ("NaN", "recorded.json:1:1: expected value"),
    ];
    for (text, wanted) in cases {
        let complaint = refused(text);
        assert!(complaint.contains(wanted), "{text:?} gave {complaint}");
        assert!(!complaint.contains(" at line "), "{complaint}");
    }
    for number in ["NaN", "Infinity", "1e999", "\"1\""] {
        let executed = format!(r#""id": "a", "runtimeInSeconds": {number}"#);
        let complaint = read(&recording(&[A, B], &[&executed])).expect_err(number);
        assert!(complaint.position().is_some(), "{complaint}");
    }
}

#[test]
fn ten_megabytes_of_brackets_are_refused_and_not_followed() {
    let brackets = "[".repeat(10 << 20);
    for text in [
        brackets.clone(),
        format!("{{ \"workflow\": {brackets}"),
        format!("{{ \"passed over\": {brackets}"),
    ] {
        let complaint = read(&text).expect_err("it is refused");
        assert!(matches!(complaint.error(), ToolingError::Malformed(_)));
    }
}

#[test]
fn a_long_note_names_a_few_and_counts_all() {
    let tasks: Vec<String> = (0..9).map(|task| format!(r#""id": "t{task}""#)).collect();
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let workflow = read(&recording(&tasks, &[])).expect("it is right");
    let wanted = "9 tasks have no recorded runtime, which counts as zero: \
                  \"t0\", \"t1\", \"t2\", \"t3\", \"t4\", ...";
    assert_eq!(workflow.notes(), [wanted]);
}
