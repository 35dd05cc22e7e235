//! Lines, words and bytes of a text, counted in parts that know nothing of one another.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError};

const PART_BYTES: usize = 1 << 14;

/// What is known of a part. A word that goes on in the next part is counted in both, until they are joined.
#[derive(Clone, Copy, Default)]
struct Count {
    lines: usize,
    words: usize,
    bytes: usize,
    begins_in_word: bool,
    ends_in_word: bool,
}

fn count(text: &[u8]) -> Count {
    let in_word = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_whitespace());
    Count {
        lines: text.iter().filter(|byte| **byte == b'\n').count(),
        words: text
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .count(),
        bytes: text.len(),
        begins_in_word: in_word(text.first()),
        ends_in_word: in_word(text.last()),
    }
}

/// The count of two parts that follow one another.
fn join(left: Count, right: Count) -> Count {
    if left.bytes == 0 {
        return right;
    }
    Count {
        lines: left.lines + right.lines,
        words: left.words + right.words - usize::from(left.ends_in_word && right.begins_in_word),
        bytes: left.bytes + right.bytes,
        begins_in_word: left.begins_in_word,
        ends_in_word: right.ends_in_word,
    }
}

fn main() -> Result<(), RunError> {
    let text = include_str!("word_count.rs").repeat(500);
    let parts: Vec<&[u8]> = text.as_bytes().chunks(PART_BYTES).collect();
    let all = Executor::new(0).transform_reduce(
        &parts[..],
        Count::default(),
        |part| count(part),
        join,
    )?;
    assert_eq!(all.lines, text.lines().count());
    assert_eq!(all.words, text.split_ascii_whitespace().count());
    assert_eq!(all.bytes, text.len());
    println!("{:8} {:8} {:8}", all.lines, all.words, all.bytes);
    Ok(())
}
