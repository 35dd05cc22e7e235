//! How short may tasks be before half of the time is lost?
//!
//! Prints the table of this question alone. `--quick` takes fewer samples.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod printed;
}

use taskflow_benches::Question;

fn main() {
    support::printed::print(Question::Metg);
}
