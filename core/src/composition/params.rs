//! Parameters known by name when the program runs.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use super::CompositionError;

/// The largest magnitude up to which every integer is a number of 64-bit floating point: 2^53.
const EXACT_MAX: u64 = 1 << 53;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// An integer.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    String(String),
    /// True or false.
    Bool(bool),
}

impl ParamValue {
    /// Its type.
    #[must_use]
    pub fn param_type(&self) -> ParamType {
        match self {
            Self::Int(_) => ParamType::Int,
            Self::Float(_) => ParamType::Float,
            Self::String(_) => ParamType::String,
            Self::Bool(_) => ParamType::Bool,
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::String(value) => value.fmt(f),
            Self::Bool(value) => value.fmt(f),
        }
    }
}

macro_rules! values_from {
    ($($from:ty => $variant:ident;)+) => {$(
        impl From<$from> for ParamValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}

values_from! {
    i64 => Int;
    i32 => Int;
    u32 => Int;
    f64 => Float;
    f32 => Float;
    String => String;
    &str => String;
    bool => Bool;
}

/// The type of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamType {
    /// [`ParamValue::Int`].
    Int,
    /// [`ParamValue::Float`].
    Float,
    /// [`ParamValue::String`].
    String,
    /// [`ParamValue::Bool`].
    Bool,
}

impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "an integer",
            Self::Float => "a number",
            Self::String => "a text",
            Self::Bool => "`true` or `false`",
        })
    }
}

/// Parameters by name, for graphs that are chosen from outside of the program: by a file, a command line, a
/// dialog. Inside of it a struct is better, which the compiler checks
/// ([`ParameterizedComposition`](crate::ParameterizedComposition) takes either).
///
/// # Examples
///
/// ```
/// use taskflow_core::{CompositionError, CompositionParams};
///
/// let mut params = CompositionParams::new().with("size", 64).with("rate", 0.5).with("title", "none");
/// for text in ["size=128", "rate=2", "title=1984"] {
///     params.assign(text)?;
/// }
/// assert_eq!((params.int("size")?, params.float("rate")?), (128, 2.0));
/// assert_eq!(params.string("title")?, "1984");
/// assert_eq!(
///     params.assign("size=large").unwrap_err().to_string(),
///     "the parameter \"size\" is a text; it should be an integer"
/// );
/// # Ok::<(), CompositionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompositionParams {
    values: BTreeMap<Box<str>, ParamValue>,
}

impl CompositionParams {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a parameter a value, of any type. The value it had comes back.
    pub fn set(
        &mut self,
        name: impl Into<Box<str>>,
        value: impl Into<ParamValue>,
    ) -> Option<ParamValue> {
        self.values.insert(name.into(), value.into())
    }

    /// As [`set`](Self::set), for building.
    #[must_use]
    pub fn with(mut self, name: impl Into<Box<str>>, value: impl Into<ParamValue>) -> Self {
        self.set(name, value);
        self
    }

    /// Gives a parameter a value by a text `name=value`. Spaces around the two are dropped.
    ///
    /// A parameter that has a value keeps its type: what is set first, as a default, says how to read the
    /// text. For any other, `true` and `false` are `Bool`, what looks like an integer is `Int`, like a number
    /// `Float`, and all else is `String`.
    ///
    /// # Errors
    ///
    /// [`NotAnAssignment`](CompositionError::NotAnAssignment) without a name or without `=`,
    /// [`WrongType`](CompositionError::WrongType) for a text that cannot be read as the parameter's type, and
    /// [`OutOfRange`](CompositionError::OutOfRange). Nothing is changed then.
    pub fn assign(&mut self, text: &str) -> Result<(), CompositionError> {
        let parts = text.split_once('=');
        let parts = parts.map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) = parts.filter(|(name, _)| !name.is_empty()) else {
            return Err(CompositionError::NotAnAssignment { text: text.into() });
        };
        let expected = self.values.get(name).map(ParamValue::param_type);
        let value = read(name, value, expected)?;
        self.set(name, value);
        Ok(())
    }

    /// The value of a parameter, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.values.get(name)
    }

    /// The value of an integer.
    ///
    /// # Errors
    ///
    /// [`Missing`](CompositionError::Missing) or [`WrongType`](CompositionError::WrongType).
    pub fn int(&self, name: &str) -> Result<i64, CompositionError> {
        match self.value(name)? {
            ParamValue::Int(value) => Ok(*value),
            other => Err(wrong_type(name, ParamType::Int, other)),
        }
    }

    /// The value of a number. An integer is one if floating point holds it exactly, as it does up to 2^53.
    ///
    /// # Errors
    ///
    /// [`Missing`](CompositionError::Missing) or [`WrongType`](CompositionError::WrongType).
    pub fn float(&self, name: &str) -> Result<f64, CompositionError> {
        match self.value(name)? {
            ParamValue::Float(value) => Ok(*value),
            ParamValue::Int(value) if value.unsigned_abs() <= EXACT_MAX => Ok(*value as f64),
            other => Err(wrong_type(name, ParamType::Float, other)),
        }
    }

    /// The value of a text.
    ///
    /// # Errors
    ///
    /// [`Missing`](CompositionError::Missing) or [`WrongType`](CompositionError::WrongType).
    pub fn string(&self, name: &str) -> Result<&str, CompositionError> {
        match self.value(name)? {
            ParamValue::String(value) => Ok(value),
            other => Err(wrong_type(name, ParamType::String, other)),
        }
    }

    /// The value of a switch.
    ///
    /// # Errors
    ///
    /// [`Missing`](CompositionError::Missing) or [`WrongType`](CompositionError::WrongType).
    pub fn bool(&self, name: &str) -> Result<bool, CompositionError> {
        match self.value(name)? {
            ParamValue::Bool(value) => Ok(*value),
            other => Err(wrong_type(name, ParamType::Bool, other)),
        }
    }

    /// Refuses parameters that are none of `known`, so that misspelt ones do not pass in silence.
    ///
    /// # Errors
    ///
    /// [`Unknown`](CompositionError::Unknown), for the first in alphabetical order.
    pub fn expect_only(&self, known: &[&str]) -> Result<(), CompositionError> {
        match self.values.keys().find(|name| !known.contains(&&***name)) {
            None => Ok(()),
            Some(name) => Err(CompositionError::Unknown {
                name: name.clone(),
                known: known.iter().map(|name| (*name).into()).collect(),
            }),
        }
    }

    /// All parameters, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParamValue)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }

    /// How many parameters have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no parameter has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn value(&self, name: &str) -> Result<&ParamValue, CompositionError> {
        let missing = || CompositionError::Missing { name: name.into() };
        self.values.get(name).ok_or_else(missing)
    }
}

impl<N: Into<Box<str>>, V: Into<ParamValue>> Extend<(N, V)> for CompositionParams {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, values: I) {
        for (name, value) in values {
            self.set(name, value);
        }
    }
}

impl<N: Into<Box<str>>, V: Into<ParamValue>> FromIterator<(N, V)> for CompositionParams {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let mut params = Self::new();
        params.extend(values);
        params
    }
}

fn wrong_type(name: &str, expected: ParamType, found: &ParamValue) -> CompositionError {
    CompositionError::WrongType {
        name: name.into(),
        expected,
        found: found.param_type(),
    }
}

/// Reads a value as the type that is expected, or as the one that it looks like.
fn read(
    name: &str,
    text: &str,
    expected: Option<ParamType>,
) -> Result<ParamValue, CompositionError> {
    let exact = match expected {
        Some(ParamType::String) => Some(text.into()),
        Some(ParamType::Float) => text.parse::<f64>().ok().map(ParamValue::Float),
        _ => None,
    };
    let value = exact.map_or_else(|| guess(name, text), Ok)?;
    match expected {
        Some(expected) if value.param_type() != expected => Err(wrong_type(name, expected, &value)),
        _ => Ok(value),
    }
}

fn guess(name: &str, text: &str) -> Result<ParamValue, CompositionError> {
    if let Ok(value) = text.parse::<bool>() {
        return Ok(value.into());
    }
    if let Ok(value) = text.parse::<i64>() {
        return Ok(value.into());
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // As floating point it would become another number.
        return Err(CompositionError::OutOfRange {
            name: name.into(),
            text: text.into(),
        });
    }
    match text.parse::<f64>() {
        // Words that mean a number to the parser, as `infinity` does, are texts.
        Ok(value) if text.bytes().any(|byte| byte.is_ascii_digit()) => Ok(value.into()),
        _ => Ok(text.into()),
    }
}
