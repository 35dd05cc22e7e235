//! The first pipe lets a token wait for an earlier or a later one.

use core::future::poll_fn;
use core::task::Poll;
use std::sync::{Arc, Mutex};

use taskflow_std::{Executor, PipelineBuilder, RunError, Token, TypeSafePipeline};

use crate::support::dice::Dice;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::watchdog::within_a_minute;

/// Tokens up to `tokens`, of which `wait` says which ones wait for which, the first time they come.
fn deferring(
    lines: usize,
    tokens: u64,
    wait: impl Fn(u64) -> Option<u64> + Send + 'static,
) -> TypeSafePipeline<'static, u64> {
    PipelineBuilder::source(lines, move |token| match wait(token.index()) {
        _ if token.index() == tokens => token.stop(),
        Some(other) if token.deferrals() == 0 => token.defer_until(other),
        _ => token.emit(token.index()),
    })
    .parallel(|index| index)
    .serial(|index| index)
    .collect()
}

/// What a loop would do that keeps a list of those that wait.
fn oracle(tokens: u64, wait: impl Fn(u64) -> Option<u64>) -> Vec<u64> {
    let (mut out, mut waiting): (Vec<u64>, Vec<(u64, u64)>) = (Vec::new(), Vec::new());
    let mut ready = std::collections::VecDeque::new();
    let mut next = 0;
    loop {
        let (token, again) = if let Some(token) = ready.pop_front() {
            (token, true)
        } else if next < tokens {
            next += 1;
            (next - 1, false)
        } else {
            // In vain: for what never comes, then for one another.
            let lost = waiting.iter().filter(|(until, _)| *until >= tokens);
            let lost = lost.min_by_key(|(_, token)| *token);
            let Some(one) = lost.or_else(|| waiting.iter().min_by_key(|(_, token)| *token)) else {
                return out;
            };
            let one = *one;
            waiting.retain(|other| *other != one);
            (one.1, true)
        };
        if let Some(until) = wait(token).filter(|_| !again) {
            if out.contains(&until) {
                ready.push_back(token);
            } else {
                waiting.push((until, token));
            }
            continue;
        }
        out.push(token);
        waiting.sort_unstable();
        waiting.retain(|(until, other)| {
            if *until == token {
                ready.push_back(*other);
            }
            *until != token
        });
    }
}

#[test]
fn a_token_comes_after_the_earlier_or_later_one_that_it_waits_for() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for (token, other) in [(5, 2), (5, 4), (2, 5), (0, 1), (0, 9), (7, 9)] {
                    let wait = move |index| (index == token).then_some(other);
                    let pipeline = deferring(lines, 10, wait);
                    rig.run(&*pipeline).expect("no pipe fails");
                    let order = pipeline.take();
                    assert_eq!(
                        order,
                        oracle(10, wait),
                        "{lines} lines, {token} behind {other}"
                    );
                    let place = |of| order.iter().position(|index| *index == of);
                    assert!(place(token) > place(other));
                }
            }
        });
    });
}

#[test]
fn any_pattern_of_waits_gives_the_order_that_a_loop_gives() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in 1..=4 {
            let rig = Rig::threads(workers);
            for _ in 0..100 {
                let tokens = 1 + dice.below(30);
                let waits: Vec<Option<u64>> = (0..tokens)
                    .map(|_| (dice.below(3) == 0).then(|| dice.below(tokens + 3) as u64))
                    .collect();
                let waits = Arc::new(waits);
                let wait = move |index: u64| waits.get(index as usize).copied().flatten();
                let pipeline = deferring(1 + dice.below(4), tokens as u64, wait.clone());
                for _ in 0..2 {
                    rig.run(&*pipeline).expect("each token waits once");
                    let expected = oracle(tokens as u64, &wait);
                    assert_eq!(expected.len(), tokens);
                    assert_eq!(pipeline.take(), expected);
                }
            }
        }
    });
}

#[test]
fn tokens_that_wait_when_the_stream_stops_are_not_lost() {
    on_each_rig(|rig| {
        for lines in 1..=4 {
            // For one that never comes, for itself, and in a circle.
            for until in [|_| Some(1000), Some::<u64>, |index| Some(index ^ 1)] {
                let pipeline = deferring(lines, 6, until);
                rig.run(&*pipeline).expect("no pipe fails");
                let mut order = pipeline.take();
                order.sort_unstable();
                assert_eq!(order, [0, 1, 2, 3, 4, 5]);
            }
        }
    });
}

#[test]
fn a_token_that_waits_again_when_the_stream_has_stopped_fails_the_pipeline_by_name() {
    on_each_rig(|rig| {
        let source = |token: &Token| match token.index() {
            4 => token.stop(),
            2 => token.defer_until(9),
            index => token.emit(index),
        };
        let pipeline = PipelineBuilder::source(2, source).collect();
        let error = rig.run(&*pipeline).expect_err("token 2 never goes on");
        let RunError::Failed { error, .. } = &error else {
            panic!("{error}");
        };
        let text = error.get().to_string();
        assert!(text.contains("token 2 is deferred until token 9"), "{text}");
        // Token 3 may be on its way on the other line, and stops there.
        let order = pipeline.take();
        assert!(order == [0, 1] || order == [0, 1, 3], "{order:?}");
    });
}

#[test]
fn a_token_is_told_how_often_it_was_deferred() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::clone(&seen);
    let pipeline = PipelineBuilder::source(3, move |token| {
        calls
            .lock()
            .expect("no panic")
            .push((token.index(), token.deferrals()));
        match (token.index(), token.deferrals()) {
            (6, _) => token.stop(),
            (1, times @ 0..3) => token.defer_until(2 + u64::from(times)),
            (index, _) => token.emit(index),
        }
    })
    .collect();
    Executor::new(2)
        .run_and_wait(&*pipeline)
        .expect("no pipe fails");
    assert_eq!(pipeline.take(), [0, 2, 3, 4, 1, 5]);
    let seen = seen.lock().expect("no panic");
    let of_one: Vec<_> = seen.iter().filter(|(index, _)| *index == 1).collect();
    assert_eq!(of_one, [&(1, 0), &(1, 1), &(1, 2), &(1, 3)]);
}

#[test]
fn a_deferred_token_that_stops_the_stream_is_left_out() {
    on_each_rig(|rig| {
        let pipeline =
            PipelineBuilder::source(2, |token| match (token.index(), token.deferrals()) {
                (1, 0) => token.defer_until(3),
                (2, 0) => token.defer_until(1),
                (1, _) => token.stop(),
                (index, _) => token.emit(index),
            })
            .collect();
        rig.run(&*pipeline).expect("no pipe fails");
        assert_eq!(pipeline.take(), [0, 3, 2]);
        assert_eq!(pipeline.num_tokens(), 4);
    });
}

#[test]
fn a_future_defers_tokens_as_a_call_does() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                // For an earlier one, a later one, one that comes at once, and one that never comes.
                for (token, other) in [(5, 2), (2, 5), (0, 9), (7, 8), (3, 1000)] {
                    let wait = move |index| (index == token).then_some(other);
                    let pipeline = PipelineBuilder::source_async(lines, move |token| {
                        let (token, mut left) = (token.clone(), token.index() % 3);
                        async move {
                            // Pending now and then, before it says anything.
                            poll_fn(|context| {
                                if left == 0 {
                                    return Poll::Ready(());
                                }
                                left -= 1;
                                context.waker().wake_by_ref();
                                Poll::Pending
                            })
                            .await;
                            match wait(token.index()) {
                                _ if token.index() == 10 => token.stop(),
                                Some(other) if token.deferrals() == 0 => token.defer_until(other),
                                _ => token.emit(token.index()),
                            }
                        }
                    })
                    .parallel(|index| index)
                    .serial(|index| index)
                    .collect();
                    for _ in 0..2 {
                        rig.run(&*pipeline).expect("no pipe fails");
                        let expected = oracle(10, wait);
                        assert_eq!(pipeline.take(), expected, "{token} behind {other}");
                        assert_eq!(pipeline.num_tokens(), 10);
                    }
                }
            }
        });
    });
}

#[test]
fn a_future_that_defers_its_token_in_vain_fails_the_pipeline() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let pipeline = PipelineBuilder::source_async(2, |token| {
                let token = token.clone();
                async move {
                    match token.index() {
                        4 => token.stop(),
                        2 => token.defer_until(9),
                        index => token.emit(index),
                    }
                }
            })
            .collect();
            match rig.run(&*pipeline) {
                Err(RunError::Failed { error, .. }) => {
                    let text = error.get().to_string();
                    assert!(text.contains("token 2 is deferred until token 9"), "{text}");
                }
                other => panic!("{other:?}"),
            }
        });
    });
}
