//! The order of a video encoder: a B-frame is coded from the frames before and *after* it, so it waits until the next
//! I- or P-frame has been taken. Frames come in the order in which they are shown, and leave in that in which they are
//! coded; the frames themselves are coded several at a time.

#![forbid(unsafe_code)]

use std::process;

use taskflow_std::{Executor, PipelineBuilder, RunError, Token};

const LINES: usize = 4;
const SIDE: usize = 64;
/// Types of frames as they are shown; the pattern repeats.
const GROUP: &[u8] = b"IBBPBBPBB";
/// Frames of the video. The last group is cut off, so that its B-frames wait for what never comes.
const FRAMES: u64 = 50;

fn frame_type(index: u64) -> u8 {
    GROUP[usize::try_from(index % GROUP.len() as u64).expect("a group is short")]
}

/// The next frame that a B-frame is coded from.
fn next_anchor(index: u64) -> u64 {
    (index..)
        .find(|index| frame_type(*index) != b'B')
        .expect("each group has one")
}

/// A picture that moves.
fn picture(index: u64) -> Vec<u8> {
    let shift = usize::try_from(index).expect("few frames");
    (0..SIDE * SIDE)
        .map(|at| {
            let (x, y) = (at % SIDE + shift, at / SIDE);
            u8::try_from((x * 7 + y * 3) % 256).expect("below 256")
        })
        .collect()
}

/// Runs of equal differences, the coarsest of codes.
fn code(picture: &[u8]) -> Vec<(u8, u32)> {
    let mut runs: Vec<(u8, u32)> = Vec::new();
    let mut before = 0u8;
    for pixel in picture {
        let difference = pixel.wrapping_sub(before);
        before = *pixel;
        match runs.last_mut() {
            Some((last, count)) if *last == difference => *count += 1,
            _ => runs.push((difference, 1)),
        }
    }
    runs
}

fn decode(runs: &[(u8, u32)]) -> Vec<u8> {
    let mut picture = Vec::new();
    let mut before = 0u8;
    for (difference, count) in runs {
        for _ in 0..*count {
            before = before.wrapping_add(*difference);
            picture.push(before);
        }
    }
    picture
}

/// The first pipe: takes frame after frame, and lets B-frames wait.
fn take(token: &Token) -> taskflow_std::Feed<u64> {
    let index = token.index();
    if index == FRAMES {
        return token.stop();
    }
    if frame_type(index) == b'B' && token.deferrals() == 0 {
        return token.defer_until(next_anchor(index));
    }
    token.emit(index)
}

fn run() -> Result<(), RunError> {
    let encoder = PipelineBuilder::source(LINES, take)
        .parallel(|index| (index, code(&picture(index))))
        .name("encoder")
        .collect();
    Executor::new(0).run_and_wait(&encoder)?;
    let stream = encoder.take();

    // The order of a real encoder: each anchor, and then the B-frames before it.
    let mut expected = Vec::new();
    let mut waiting = Vec::new();
    for index in 0..FRAMES {
        if frame_type(index) == b'B' {
            waiting.push(index);
        } else {
            expected.push(index);
            expected.append(&mut waiting);
        }
    }
    expected.append(&mut waiting);
    let order: Vec<u64> = stream.iter().map(|(index, _)| *index).collect();
    assert_eq!(order, expected);
    for (index, runs) in &stream {
        assert_eq!(decode(runs), picture(*index), "frame {index}");
    }
    let text: Vec<String> = order
        .iter()
        .take(GROUP.len() + 1)
        .map(|index| format!("{}{index}", char::from(frame_type(*index))))
        .collect();
    println!(
        "{} frames, coded in the order {} ...",
        stream.len(),
        text.join(" ")
    );
    Ok(())
}

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        process::exit(1);
    }
}
