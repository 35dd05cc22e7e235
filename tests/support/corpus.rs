//! The committed inputs of a fuzz target.

use std::fs;
use std::path::Path;

/// Calls `check` with each input of the target, and prints which one it was if that panics.
#[track_caller]
pub(crate) fn each_input(target: &str, check: impl Fn(&[u8])) {
    struct Named(String);
    impl Drop for Named {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("this was {}", self.0);
            }
        }
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .parent()
        .expect("a crate lies one folder below the root");
    let folder = root.join("tests/fuzz/corpus").join(target);
    let inputs = fs::read_dir(&folder).expect("the corpus can be read");
    let mut count = 0;
    for input in inputs {
        let path = input.expect("the corpus can be read").path();
        let _named = Named(path.display().to_string());
        check(&fs::read(&path).expect("the corpus can be read"));
        count += 1;
    }
    assert!(count > 0, "there is no input in {}", folder.display());
}
