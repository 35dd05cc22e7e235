//! The diamond: one task before two, two before one. Shows borrowing, names, and the result of a run.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError, Taskflow};

fn main() -> Result<(), RunError> {
    let text = "the quick brown fox jumps over the lazy dog";
    let (mut letters, mut words) = (0, 0);
    let executor = Executor::new(0);
    {
        let flow = Taskflow::with_name("diamond");
        let load = flow.emplace(|| println!("counting {text:?}")).name("load");
        let count_letters = flow
            .emplace(|| letters = text.chars().filter(|c| c.is_alphabetic()).count())
            .name("count letters");
        let count_words = flow
            .emplace(|| words = text.split_whitespace().count())
            .name("count words");
        let report = flow.emplace(|| println!("counted")).name("report");
        load.precede([count_letters, count_words]);
        report.succeed([count_letters, count_words]);
        print!("{}", flow.dump());
        let stats = executor.run_and_wait(&flow)?;
        println!("{} tasks in {:?}", stats.tasks, stats.elapsed);
    }
    println!("{letters} letters in {words} words");
    assert_eq!((letters, words), (35, 9));
    Ok(())
}
