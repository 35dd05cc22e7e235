//! Pipelines between channels and iterators, with bounds on both sides.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread;

use taskflow_std::{Executor, Pipe, PipelineBuilder, RunError};

use crate::support::counter::Counter;
use crate::support::rig::on_each_rig;
use crate::support::watchdog::within_a_minute;

#[test]
fn a_pipeline_drains_into_a_bounded_channel_in_order_and_runs_ahead_by_its_lines_at_most() {
    within_a_minute(|| {
        for workers in 1..=4 {
            for lines in 1..=4 {
                for bound in [0, 1, 3] {
                    let executor = Executor::new(workers);
                    let (drain, drained) = sync_channel(bound);
                    let begun = Counter::default();
                    let count = begun.clone();
                    let pipeline = PipelineBuilder::from_iter(lines, 0..200_usize)
                        .serial(move |number| {
                            count.add();
                            number
                        })
                        .parallel(|number| number)
                        .serial(move |number| drain.send(number).expect("somebody listens"))
                        .build();
                    let run = executor.run(&pipeline);
                    drop(pipeline);
                    for (number, drained) in drained.iter().enumerate() {
                        assert_eq!(drained, number);
                        // What was taken, what is in the channel, and one token on each line.
                        let most = number + 1 + bound + lines;
                        let begun = begun.get();
                        assert!(begun <= most, "{begun} at {number}: {lines} by {bound}");
                    }
                    run.wait().expect("no pipe fails");
                    assert_eq!(begun.get(), 200);
                }
            }
        }
    });
}

#[test]
fn pipelines_hand_on_through_bounded_channels() {
    within_a_minute(|| {
        // (Each of the three may hold a worker at its channel.)
        let executor = Executor::new(4);
        let (first_out, first_in) = sync_channel(1);
        let (second_out, second_in) = sync_channel(1);
        let (third_out, third_in) = sync_channel(1);
        let one = PipelineBuilder::from_iter(2, 0..500_u64)
            .serial(move |number| first_out.send(number).expect("somebody listens"))
            .build();
        let other = PipelineBuilder::from_iter(3, first_in)
            .parallel(|number| number * number)
            .serial(move |number| second_out.send(number).expect("somebody listens"))
            .build();
        let last = PipelineBuilder::from_iter(1, second_in)
            .serial(move |number| third_out.send(number + 1).expect("somebody listens"))
            .build();
        let runs = [&one, &other, &last].map(|pipeline| executor.run(pipeline));
        drop((one, other, last));
        let expected = (0..500_u64).map(|number| number * number + 1);
        assert!(third_in.iter().eq(expected));
        for run in runs {
            run.wait().expect("no pipe fails");
        }
    });
}

#[test]
fn a_pipeline_that_nobody_listens_to_any_more_ends_with_the_error_of_its_channel() {
    within_a_minute(|| {
        for lines in 1..=4 {
            let executor = Executor::new(2);
            let (drain, drained) = sync_channel(2);
            let send = Pipe::try_serial(move |number| Ok(drain.send(number)?));
            let pipeline = PipelineBuilder::source(lines, |token| token.emit(token.index()))
                .pipe(send)
                .build();
            let run = executor.run(&pipeline);
            assert!(drained.iter().take(10).eq(0..10));
            drop(drained);
            let ended = run.wait();
            assert!(matches!(ended, Err(RunError::Failed { .. })), "{ended:?}");
        }
    });
}

#[test]
fn a_pipeline_is_fed_by_whatever_gives_items() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=3 {
                let text = "one two three four five";
                let lengths = PipelineBuilder::from_iter(lines, text.split(' '))
                    .parallel(str::len)
                    .collect();
                rig.run(&*lengths).expect("no pipe fails");
                assert_eq!(lengths.take(), [3, 3, 5, 4, 4]);

                let (feed, fed) = channel();
                (0..20).for_each(|number| feed.send(number).expect("it is kept"));
                drop(feed);
                let pairs = fed
                    .into_iter()
                    .zip(100..)
                    .filter(|(number, _)| number % 3 == 0);
                let sums = PipelineBuilder::from_iter(lines, pairs)
                    .serial(|(one, other)| one + other)
                    .collect();
                rig.run(&*sums).expect("no pipe fails");
                assert_eq!(sums.take(), [100, 106, 112, 118, 124, 130, 136]);
                // A receiver that has given all gives no more.
                rig.run(&*sums).expect("no pipe fails");
                assert!(sums.take().is_empty());
            }
        });
    });
}

/// The numbers that come, and how often they were asked for.
struct Asked(Receiver<u32>, Counter);

impl Iterator for Asked {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.1.add();
        self.0.recv().ok()
    }
}

#[test]
fn a_feed_is_asked_once_for_each_token_and_once_at_its_end() {
    within_a_minute(|| {
        for lines in 1..=4 {
            let executor = Arc::new(Executor::new(3));
            let (feed, fed) = sync_channel(1);
            let asked = Counter::default();
            let pipeline = PipelineBuilder::from_iter(lines, Asked(fed, asked.clone()))
                .parallel(|number| number + 1)
                .collect();
            let run = executor.run(&*pipeline);
            let feeder = thread::spawn(move || {
                (0..300).for_each(|number| feed.send(number).expect("the pipeline takes all"));
            });
            run.wait().expect("no pipe fails");
            feeder.join().expect("it does not panic");
            assert_eq!((pipeline.num_tokens(), asked.get()), (300, 301));
            assert!(pipeline.take().into_iter().eq(1..=300));
        }
    });
}
