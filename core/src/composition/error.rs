//! What is wrong with named parameters.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

use super::ParamType;

/// What is wrong with the parameters of a composition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompositionError {
    /// A parameter has no value.
    Missing {
        /// Its name.
        name: Box<str>,
    },
    /// A parameter has a value of another type.
    WrongType {
        /// Its name.
        name: Box<str>,
        /// The type it should have.
        expected: ParamType,
        /// The type of its value.
        found: ParamType,
    },
    /// A parameter is none of those there are.
    Unknown {
        /// Its name.
        name: Box<str>,
        /// Those there are.
        known: Box<[Box<str>]>,
    },
    /// A text is not of the form `name=value`.
    NotAnAssignment {
        /// The text.
        text: Box<str>,
    },
    /// The text of an integer is none that 64 bits hold.
    OutOfRange {
        /// The name of the parameter.
        name: Box<str>,
        /// The text.
        text: Box<str>,
    },
}

impl fmt::Display for CompositionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "the parameter {name:?} is missing; set it"),
            Self::WrongType {
                name,
                expected,
                found,
            } => write!(
                f,
                "the parameter {name:?} is {found}; it should be {expected}"
            ),
            Self::Unknown { name, known } => {
                write!(f, "there is no parameter {name:?}; there ")?;
                match &known[..] {
                    [] => write!(f, "is none at all"),
                    [one] => write!(f, "is {one:?}"),
                    [first, more @ ..] => {
                        write!(f, "are {first:?}")?;
                        more.iter().try_for_each(|name| write!(f, ", {name:?}"))
                    }
                }
            }
            Self::NotAnAssignment { text } => {
                write!(f, "{text:?} does not set a parameter; write `name=value`")
            }
            Self::OutOfRange { name, text } => write!(
                f,
                "{text}, for the parameter {name:?}, is no integer of 64 bits; give a smaller one"
            ),
        }
    }
}

impl Error for CompositionError {}
