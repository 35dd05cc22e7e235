use super::*;

fn read(text: &str) -> Result<Workflow, Complaint> {
    parse(Path::new("folder/made.toml"), text)
}

fn refused(text: &str) -> String {
    read(text).expect_err("it is refused").to_string()
}

fn command(workflow: &Workflow, task: usize) -> &CommandLine {
    match &workflow.task(TaskIndex(task)).work {
        Work::Command(command) => command,
        Work::Replay { .. } => panic!("a recipe holds commands"),
    }
}

#[test]
fn every_field_arrives() {
    let text = r#"
        name = "all"

        [[task]]
        name = "first"
        run = "echo 1; echo 2"

        [[task]]
        name = "second"
        run = ["prog", "a b", ""]
        needs = ["first", "first"]
        timeout = "1m 30s"
        retries = 2
        env = { B = "2", A = "1" }
        cwd = "sub"
    "#;
    let workflow = read(text).expect("the recipe is right");
    assert_eq!(
        (
            workflow.name(),
            workflow.task_count(),
            workflow.edge_count()
        ),
        ("all", 2, 1)
    );
    let first = command(&workflow, 0);
    assert_eq!(
        (first.program.as_str(), first.arguments.as_slice()),
        (
            "sh",
            ["-c".to_owned(), "echo 1; echo 2".to_owned()].as_slice()
        )
    );
    assert_eq!(
        (&first.folder, first.timeout, first.retries),
        (&None, None, 0)
    );
    let second = command(&workflow, 1);
    assert_eq!(second.program, "prog");
    assert_eq!(second.arguments, ["a b", ""]);
    assert_eq!(second.timeout, Some(Duration::from_secs(90)));
    assert_eq!(second.retries, 2);
    assert_eq!(second.folder.as_deref(), Some(Path::new("folder/sub")));
    let environment = [("A", "1"), ("B", "2")].map(|(key, value)| (key.into(), value.into()));
    assert_eq!(second.environment, environment);
}

#[test]
fn a_recipe_without_a_name_has_that_of_its_file() {
    let workflow = read("task = [{ name = \"a\", run = \"true\" }]").expect("it is right");
    assert_eq!(workflow.name(), "made");
}

#[test]
fn an_absolute_cwd_stays_as_it_is() {
    let text = "[[task]]\nname = \"a\"\nrun = \"true\"\ncwd = \"/\"";
    let workflow = read(text).expect("it is right");
    assert_eq!(
        command(&workflow, 0).folder.as_deref(),
        Some(Path::new("/"))
    );
}

#[test]
fn each_fault_is_told_with_its_place() {
    let task = "[[task]]\nname = \"a\"\n";
    let cases = [
        ("[[task]", ":1:8: "),
        ("x = 1", ":1:1: unknown field `x`"),
        (
            "[[task]]\nname = \"a\"\nrun = \"b\"\nneed = []",
            ":4:1: unknown field `need`",
        ),
        ("[[task]]\nrun = \"b\"", "missing field `name`"),
        (task, "missing field `run`"),
        ("name = \"x\"", "lists no task"),
        (
            "[[task]]\nname = \" \"\nrun = \"b\"",
            ":2:8: a task has an empty name",
        ),
        ("[[task]]\nname = \"a\"\nrun = 7", ":3:7: invalid type"),
        (
            "[[task]]\nname = \"a\"\nrun = [\"b\", 7]",
            ": invalid type: integer `7`",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \" \"",
            ":3:7: task \"a\" has an empty `run`",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = []",
            ":3:7: task \"a\" has an empty `run`",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = [\"\", \"x\"]",
            ":3:7: task \"a\" has an empty `run`",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"b\\u0000\"",
            ":3:7: task \"a\": `run` holds a NUL",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"b\"\nneeds = [\"a\"]",
            ":4:10: task \"a\" depends on itself",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"b\"\nneeds = [\"c\"]",
            ":4:10: task \"a\" names \"c\" in `needs`",
        ),
    ];
    for (text, wanted) in cases {
        let complaint = refused(text);
        assert!(complaint.contains(wanted), "{text:?} gave {complaint}");
        assert!(complaint.starts_with("folder/made.toml:"), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[test]
fn each_bad_value_names_its_task_and_field() {
    let cases = [
        ("timeout = \"0s\"", "`timeout` is zero"),
        ("timeout = \"soon\"", "`timeout` is \"soon\""),
        ("timeout = \"-1s\"", "`timeout` is \"-1s\""),
        ("timeout = \"99999999999999999999s\"", "`timeout` is"),
        ("retries = -1", "`retries` is -1; give a number from 0"),
        ("retries = 4294967296", "`retries` is 4294967296"),
        (
            "env = { \"A=B\" = \"c\" }",
            "`env` has the variable \"A=B\"",
        ),
        ("env = { \"\" = \"c\" }", "`env` has the variable \"\""),
        ("env = { A = \"\\u0000\" }", "`env` has the variable \"A\""),
        ("cwd = \"\"", "`cwd` names no folder"),
    ];
    for (field, wanted) in cases {
        let complaint = refused(&format!("[[task]]\nname = \"a\"\nrun = \"b\"\n{field}"));
        assert!(
            complaint.contains(":4:") && complaint.contains(&format!("task \"a\": {wanted}")),
            "{field:?} gave {complaint}"
        );
    }
}

#[test]
fn two_tasks_of_one_name_are_refused_at_the_second() {
    let text = "[[task]]\nname = \"a\"\nrun = \"b\"\n[[task]]\nname = \"a\"\nrun = \"b\"";
    assert!(refused(text).contains(":5:8: there are two tasks \"a\""));
}

#[test]
fn a_cycle_is_listed_task_by_task_at_its_first() {
    let mut text = String::new();
    for (name, need) in [("x", "c"), ("a", "c"), ("b", "a"), ("c", "b")] {
        text += &format!("[[task]]\nname = \"{name}\"\nrun = \"t\"\nneeds = [\"{need}\"]\n");
    }
    let complaint = refused(&text);
    let rings = [
        r#""a" -> "b" -> "c" -> "a""#,
        r#""b" -> "c" -> "a" -> "b""#,
        r#""c" -> "a" -> "b" -> "c""#,
    ];
    assert!(
        rings.iter().any(|ring| complaint.contains(ring)),
        "{complaint}"
    );
    assert!(!complaint.contains("\"x\""), "{complaint}");
}

#[test]
fn ten_megabytes_of_brackets_are_refused_and_not_followed() {
    let text = format!("a = {}", "[".repeat(10 << 20));
    let complaint = read(&text).expect_err("it is refused");
    assert!(matches!(complaint.error(), ToolingError::Malformed(_)));
}
