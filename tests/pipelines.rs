//! Streams of tokens go through pipes, several tokens at a time, in order where that is said.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod bell;
    pub(crate) mod counter;
    pub(crate) mod dice;
    pub(crate) mod drops;
    pub(crate) mod gate;
    pub(crate) mod rig;
    pub(crate) mod stepped;
    pub(crate) mod throwing;
    pub(crate) mod watchdog;
}

mod streams {
    mod deferrals;
    mod ends;
    mod futures;
    mod patterns;
    mod uses;
    mod values;
}
