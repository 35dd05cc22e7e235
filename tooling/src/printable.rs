//! Text from a file or a child, made safe to print: one line, no control characters.

use core::fmt;

/// Displays a text with its control characters escaped, everything else as it is.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                fmt::Write::write_char(f, character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_letters_are_not() {
        let shown = Printable("é \u{1b}[31m\n\"q\"").to_string();
        assert_eq!(shown, "é \\u{1b}[31m\\n\"q\"");
    }
}
