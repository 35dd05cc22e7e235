//! Tells the code of a Rust file from its comments and literals, so that a rule about code does not
//! trip over a comment, and a rule about comments does not trip over a string.

/// Whether `c` can be part of an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// What the scanner is inside of.
#[derive(Clone, Copy)]
enum State {
    Code,
    LineComment,
    /// With the number of comments open around this place.
    BlockComment(usize),
    Text,
    /// With the number of `#` that close it.
    RawText(usize),
}

/// The code and the comments of `text`, each as long as `text`: what is not its own stands as spaces.
pub(crate) fn split(text: &str) -> (String, String) {
    let mut code = String::with_capacity(text.len());
    let mut comments = String::with_capacity(text.len());
    let mut state = State::Code;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, next) = match state {
            State::Code => step_in_code(rest, code.chars().next_back()),
            State::LineComment if c == '\n' => (1, State::Code),
            State::BlockComment(depth) if rest.starts_with("/*") => {
                (2, State::BlockComment(depth + 1))
            }
            State::BlockComment(1) if rest.starts_with("*/") => (2, State::Code),
            State::BlockComment(depth) if rest.starts_with("*/") => {
                (2, State::BlockComment(depth - 1))
            }
            State::Text if c == '\\' => (
                1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                state,
            ),
            State::Text if c == '"' => (1, State::Code),
            State::RawText(hashes) if closes_raw_text(rest, hashes) => (1 + hashes, State::Code),
            _ => (c.len_utf8(), state),
        };
        let (taken, after) = rest.split_at(length);
        let in_comment = |state| matches!(state, State::LineComment | State::BlockComment(_));
        let in_text = |state| matches!(state, State::Text | State::RawText(_));
        for c in taken.chars() {
            let quote = in_text(state) != in_text(next);
            let comment = in_comment(state) || in_comment(next);
            let is_char_literal = matches!((state, next), (State::Code, State::Code)) && length > 1;
            let to_code = !comment && (quote || !in_text(state)) && !is_char_literal;
            push(&mut code, c, to_code);
            push(&mut comments, c, comment);
        }
        state = next;
        rest = after;
    }
    (code, comments)
}

/// How many bytes the next piece of code takes, and what follows it. A character literal is one piece.
fn step_in_code(rest: &str, previous: Option<char>) -> (usize, State) {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    if rest.starts_with("//") {
        return (2, State::LineComment);
    }
    if rest.starts_with("/*") {
        return (2, State::BlockComment(1));
    }
    if rest.starts_with('"') {
        return (1, State::Text);
    }
    if let Some(literal) = rest.strip_prefix('\'') {
        return (
            character_length(literal).map_or(1, |length| length + 2),
            State::Code,
        );
    }
    if !previous.is_some_and(is_word) {
        let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
            rest.starts_with(prefix) && rest[prefix.len()..].starts_with(['#', '"'])
        });
        if let Some(prefix) = prefix {
            let behind = &rest[prefix.len()..];
            let hashes = behind.len() - behind.trim_start_matches('#').len();
            if behind[hashes..].starts_with('"') {
                return (prefix.len() + hashes + 1, State::RawText(hashes));
            }
        }
    }
    (first, State::Code)
}

/// The length of a character literal's inside; `None` for a lifetime.
fn character_length(literal: &str) -> Option<usize> {
    let mut characters = literal.chars();
    let first = characters.next()?;
    if first == '\\' {
        let escaped = 1 + characters.next()?.len_utf8();
        return Some(escaped + literal[escaped..].find('\'')?);
    }
    (characters.next()? == '\'').then(|| first.len_utf8())
}

fn closes_raw_text(rest: &str, hashes: usize) -> bool {
    rest.strip_prefix('"')
        .is_some_and(|behind| behind.bytes().take(hashes).filter(|&b| b == b'#').count() == hashes)
}

fn push(into: &mut String, c: char, keep: bool) {
    if keep || c == '\n' {
        into.push(c);
    } else {
        into.extend(core::iter::repeat_n(' ', c.len_utf8()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of `text` in words, and its comments in words.
    fn parts(text: &str) -> (String, String) {
        let (code, comments) = split(text);
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        (squeeze(&code), squeeze(&comments))
    }

    #[test]
    fn comments_are_not_code() {
        let (code, comments) = parts("a / b // c \"d\n/* e /* f */ 'g */ h /// i\n*j");
        assert_eq!(code, "a / b h *j");
        assert_eq!(comments, "// c \"d /* e /* f */ 'g */ /// i");
    }

    #[test]
    fn the_inside_of_a_literal_is_neither() {
        for (text, expected) in [
            (r#"a "b // \" c" d"#, r#"a " " d"#),
            ("a r#\"b \" // c\"# d", "a r#\" \"# d"),
            ("a br\"\\\" d", "a br\" \" d"),
            ("a '\"' b '\\'' c '\\u{1f}' d", "a b c d"),
            ("r#type<'a>(&'a x) //", "r#type<'a>(&'a x)"),
        ] {
            assert_eq!(parts(text).0, expected, "{text}");
        }
    }
}
