//! The corpus of the fuzz targets of the readers, without a fuzzer: what was once worth looking at stays right.

#![forbid(unsafe_code)]

#[expect(unreachable_pub, reason = "public to the fuzz targets")]
#[path = "../../tests/fuzz/src"]
mod fuzz {
    pub(crate) mod toml;
    pub(crate) mod wfformat;

    mod reading;
}

#[path = "../../tests/support/corpus.rs"]
mod corpus;

use corpus::each_input;

#[test]
fn any_recipe_is_refused_at_a_place_or_says_what_its_toml_says() {
    each_input("toml", fuzz::toml::check);
}

#[test]
fn any_recording_is_refused_at_a_place_or_says_what_its_json_says() {
    each_input("wfformat", fuzz::wfformat::check);
}
