use super::*;

fn shell(script: &str) -> CommandLine {
    CommandLine {
        program: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: Vec::new(),
        folder: None,
        timeout: None,
        retries: 0,
    }
}

fn run_alone(command: &CommandLine) -> (Ending, String) {
    let (ending, output) = run(command, &Cancellation::new());
    (
        ending,
        String::from_utf8_lossy(&output.to_bytes()).into_owned(),
    )
}

#[test]
fn both_streams_arrive_in_the_order_they_were_written() {
    let (ending, output) = run_alone(&shell("echo one; echo two >&2; echo three"));
    assert_eq!(
        (ending, output.as_str()),
        (Ending::Succeeded, "one\ntwo\nthree\n")
    );
}

#[test]
fn a_child_has_no_input_and_its_own_environment_and_folder() {
    let command = CommandLine {
        environment: vec![("TASKFLOW_TEST".into(), "here".into())],
        folder: Some("/".into()),
        ..shell("cat; echo $TASKFLOW_TEST; pwd")
    };
    assert_eq!(run_alone(&command).1, "here\n/\n");
}

#[test]
fn each_way_to_fail_has_its_words() {
    assert_eq!(
        run_alone(&shell("exit 3")).0,
        Ending::Failed("exited with status 3".into())
    );
    assert_eq!(
        run_alone(&shell("kill -9 $$")).0,
        Ending::Failed("was ended by signal 9".into())
    );
    let missing = CommandLine {
        program: "no-such-program-here".into(),
        ..shell("")
    };
    let Ending::Failed(reason) = run_alone(&missing).0 else {
        panic!("a missing program cannot succeed")
    };
    assert!(
        reason.starts_with("cannot start \"no-such-program-here\": "),
        "{reason}"
    );
    let nowhere = CommandLine {
        folder: Some("/no/such/folder".into()),
        ..shell("true")
    };
    assert_eq!(
        run_alone(&nowhere).0,
        Ending::Failed("cannot start in /no/such/folder: no such folder".into())
    );
}

#[test]
fn output_larger_than_any_buffer_does_not_block_the_child() {
    let (ending, output) = run_alone(&shell(
        "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i + 1)); done; echo end",
    ));
    assert_eq!(ending, Ending::Succeeded);
    assert_eq!(output.len(), super::super::tail::KEPT_BYTES);
    assert!(output.ends_with("\nend\n"));
}

#[test]
fn a_timeout_ends_a_child_and_keeps_what_it_printed() {
    let command = CommandLine {
        timeout: Some(Duration::from_millis(50)),
        ..shell("echo before; sleep 1000; echo after")
    };
    let (ending, output) = run_alone(&command);
    assert_eq!(ending, Ending::Failed("timed out after 50ms".into()));
    assert_eq!(output, "before\n");
}

#[test]
fn a_child_that_ignores_the_request_is_killed() {
    let command = CommandLine {
        timeout: Some(Duration::from_millis(50)),
        ..shell("trap '' TERM; while :; do sleep 1000; done")
    };
    assert_eq!(
        run_alone(&command).0,
        Ending::Failed("timed out after 50ms".into())
    );
}

#[test]
fn what_holds_the_pipe_in_the_background_ends_with_its_leader() {
    let started = Instant::now();
    let (ending, output) = run_alone(&shell("sleep 60 & echo started"));
    assert_eq!((ending, output.as_str()), (Ending::Succeeded, "started\n"));
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_left_the_group_and_holds_the_pipe_is_not_waited_for() {
    if Command::new("setsid").arg("true").status().is_err() {
        println!("NOT RUN: this system has no `setsid`, by which a child could leave its group");
        return;
    }
    let file = std::env::temp_dir().join(format!("taskflow-escape-{}", std::process::id()));
    // The leader ends only when the other has left and said so.
    let script = format!(
        "setsid sh -c 'echo $$ > {0}; exec sleep 60' & until [ -s {0} ]; do :; done; echo left",
        file.display()
    );
    let started = Instant::now();
    let (ending, output) = run_alone(&shell(&script));
    let took = started.elapsed();
    let escaped = std::fs::read_to_string(&file).expect("the leader waited for the file");
    std::fs::remove_file(&file).expect("the file is ours");
    let escaped = escaped.trim().parse().ok().and_then(Pid::from_raw);
    let escaped = escaped.expect("the file holds a process id");
    rustix::process::kill_process(escaped, Signal::KILL).expect("it is still there");
    assert_eq!((ending, output.as_str()), (Ending::Succeeded, "left\n"));
    assert!(took < Duration::from_secs(30), "it took {took:?}");
}

#[test]
fn a_cancel_ends_a_running_child_and_one_that_starts_after_it() {
    let cancellation = Cancellation::new();
    let file = std::env::temp_dir().join(format!("taskflow-running-{}", std::process::id()));
    let (raised, sign) = (cancellation.clone(), file.clone());
    let canceller = thread::spawn(move || {
        while !sign.exists() {
            thread::yield_now();
        }
        raised.cancel();
    });
    let command = shell(&format!("echo > {}; sleep 1000", file.display()));
    assert_eq!(run(&command, &cancellation).0, Ending::Cancelled);
    canceller.join().expect("the canceller does not panic");
    std::fs::remove_file(&file).expect("the file is ours");
    let late = run(&shell("sleep 1000"), &cancellation);
    assert_eq!(late.0, Ending::Cancelled);
}
