//! Lines, words and bytes of texts, counted in parts that know nothing of one another.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;
use std::{fs, io};

use taskflow_std::Executor;

const PART_BYTES: usize = 1 << 10;

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

/// The texts of all sources in a folder and below it.
fn texts_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            texts.extend(texts_in(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(path)?);
        }
    }
    Ok(texts)
}

fn main() -> Result<(), Box<dyn Error>> {
    let texts = texts_in(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let executor = Executor::new(0);
    // Texts beside one another, and the parts of each.
    let mut counts: Vec<_> = texts.iter().map(|_| Ok(Count::default())).collect();
    executor.transform(&texts[..], &mut counts, |text| {
        let parts: Vec<&[u8]> = text.as_bytes().chunks(PART_BYTES).collect();
        executor.transform_reduce(&parts[..], Count::default(), |part| count(part), join)
    })?;

    let mut all = [0; 3];
    for (text, count) in texts.iter().zip(counts) {
        let count = count?;
        assert_eq!(count.lines, text.matches('\n').count());
        assert_eq!(count.words, text.split_ascii_whitespace().count());
        assert_eq!(count.bytes, text.len());
        for (sum, number) in all.iter_mut().zip([count.lines, count.words, count.bytes]) {
            *sum += number;
        }
    }
    assert!(texts.len() > 10 && all[2] > 10 * PART_BYTES);
    println!(
        "{:8} {:8} {:8} in {} files",
        all[0],
        all[1],
        all[2],
        texts.len()
    );
    Ok(())
}
