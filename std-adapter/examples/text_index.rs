//! An index of words over files: one pipe reads file after file, any number of them are split into words at a
//! time, and the last pipe puts them into one index, in the order of the files. At most as many files are in memory as
//! there are lines.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use taskflow_std::{Executor, Pipe, PipelineBuilder};

const LINES: usize = 4;

/// For each word the files that have it, by number, and how often.
type Index = BTreeMap<String, Vec<(usize, usize)>>;

/// What one file has.
type Words = BTreeMap<String, usize>;

fn words(text: &str) -> Words {
    let mut words = Words::new();
    let letters = |letter: char| !letter.is_alphanumeric() && letter != '_';
    for word in text.split(letters).filter(|word| !word.is_empty()) {
        *words.entry(word.to_lowercase()).or_default() += 1;
    }
    words
}

fn enter(index: &mut Index, file: usize, words: Words) {
    for (word, count) in words {
        index.entry(word).or_default().push((file, count));
    }
}

/// The Rust files below a folder, sorted.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The index by a pipeline.
fn piped(files: &[PathBuf]) -> Result<Index, Box<dyn Error>> {
    let mut index = Index::new();
    {
        let pipeline = PipelineBuilder::from_iter(LINES, files.iter().enumerate())
            .pipe(Pipe::try_serial(|(number, path): (usize, &PathBuf)| {
                Ok((number, fs::read_to_string(path)?))
            }))
            .parallel(|(number, text)| (number, words(&text)))
            .serial(|(number, words)| enter(&mut index, number, words))
            .name("index of words")
            .build();
        Executor::new(0).run_and_wait(&pipeline)?;
    }
    Ok(index)
}

/// The index by a loop.
fn looped(files: &[PathBuf]) -> io::Result<Index> {
    let mut index = Index::new();
    for (number, path) in files.iter().enumerate() {
        enter(&mut index, number, words(&fs::read_to_string(path)?));
    }
    Ok(index)
}

fn run() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::args_os()
        .nth(1)
        .map_or_else(|| here.to_owned(), PathBuf::from);
    let files = files(&folder)?;
    let index = piped(&files)?;
    assert_eq!(index, looped(&files)?, "a loop makes the same index");
    let most = index.iter().max_by_key(|(_, places)| places.len());
    if let Some((word, places)) = most {
        println!("{} words in {} files", index.len(), files.len());
        println!("\"{word}\" is in {} of them", places.len());
    }
    Ok(())
}

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        process::exit(1);
    }
}
