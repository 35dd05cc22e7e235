//! Named branches, and a loop with a limit: each of some orders is sent to a service that often fails. A
//! refused order is given up at once, a lost one is sent again, four times at most.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU32, Ordering};

use taskflow_std::{Executor, RunError, Taskflow};

const ORDERS: u32 = 200;
const TRIES_MAX: u32 = 4;

/// What the service answers.
enum Answer {
    Accepted,
    Refused,
    Lost,
}

/// A service that answers by the number of the order and of the try.
fn send(order: u32, tries: u32) -> Answer {
    let mixed = (order * 31 + tries).wrapping_mul(2_654_435_761) >> 16;
    match mixed % 10 {
        0..3 => Answer::Accepted,
        3 => Answer::Refused,
        _ => Answer::Lost,
    }
}

/// How many orders ended how, and how many tries that took.
#[derive(Debug, Default)]
struct Tally {
    delivered: AtomicU32,
    given_up: AtomicU32,
    tries: AtomicU32,
}

impl Tally {
    fn read(&self) -> [u32; 3] {
        // Ordering: Relaxed; the run has ended.
        [&self.delivered, &self.given_up, &self.tries].map(|count| count.load(Ordering::Relaxed))
    }
}

fn add(count: &AtomicU32) {
    // Ordering: Relaxed; read when the run has ended.
    count.fetch_add(1, Ordering::Relaxed);
}

fn main() -> Result<(), RunError> {
    let tally = &Tally::default();
    let flow = Taskflow::with_name("orders");
    let open = flow.placeholder().name("open");
    for order in 0..ORDERS {
        let attempt = flow.emplace(move || add(&tally.tries));
        let mut tries = 0;
        let sent = flow.emplace_condition(move || {
            tries += 1;
            match send(order, tries) {
                Answer::Accepted => "delivered",
                Answer::Lost if tries < TRIES_MAX => "again",
                Answer::Lost | Answer::Refused => "given up",
            }
        });
        let delivered = flow.emplace(move || add(&tally.delivered));
        let given_up = flow.emplace(move || add(&tally.given_up));
        open.precede(attempt);
        attempt.precede(sent);
        sent.branch("again", attempt)
            .branch("delivered", delivered)
            .branch("given up", given_up);
    }
    Executor::new(0).run_and_wait(&flow)?;

    let mut expected = [0; 3];
    for order in 0..ORDERS {
        for tries in 1..=TRIES_MAX {
            expected[2] += 1;
            match send(order, tries) {
                Answer::Accepted => {
                    expected[0] += 1;
                    break;
                }
                Answer::Lost if tries < TRIES_MAX => {}
                Answer::Lost | Answer::Refused => {
                    expected[1] += 1;
                    break;
                }
            }
        }
    }
    let [delivered, given_up, tries] = tally.read();
    println!("{delivered} orders delivered, {given_up} given up, in {tries} tries");
    assert_eq!([delivered, given_up, tries], expected);
    assert!(delivered > 0 && given_up > 0 && tries > ORDERS);
    Ok(())
}
