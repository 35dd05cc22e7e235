//! A question that is about something else than the time of a call: no statistics, but its table.

use std::env;

use taskflow_benches::{Effort, Question, answer_if_asked, missing, page};

/// Asks it and prints the table.
pub(crate) fn print(question: Question) {
    if answer_if_asked() {
        return;
    }
    let quick = env::args().any(|argument| argument == "--quick" || argument == "--test");
    let rounds = if quick { 2 } else { 7 };
    let effort = Effort {
        side: 1 << 10,
        rounds,
    };
    println!("{}", page(&[question.ask(effort)], &missing()));
}
