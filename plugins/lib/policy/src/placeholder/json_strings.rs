//! [`JsonStrings`]: how deep in strings of JSON a text is.

/// How deep JSON in strings of JSON is followed: there, every quote has 255 backslashes.
pub(super) const MAX_DEPTH: usize = 8;

/// Follows the strings of a text that may be JSON, and JSON inside of them.
pub(super) struct JsonStrings {
    form: Form,
    state: State,
    /// The last character between the quotes, without its escape.
    last: Option<char>,
    /// What the current string is, if it is JSON itself.
    inner: Option<Box<JsonStrings>>,
    level: usize,
}

/// Whether the text is JSON.
enum Form {
    /// Only blanks have arrived; whether a string or number is JSON too.
    Blank {
        any_value: bool,
    },
    /// The first bracket.
    Bracket(char),
    Json,
    Plain,
}

enum State {
    Outside,
    Inside,
    /// Behind a backslash.
    Escape,
    /// So many hexadecimal digits of `\u`.
    Unit(usize),
}

impl JsonStrings {
    /// Returns the state at the beginning of a text. A string alone is JSON only if `any_value`.
    pub(super) fn new(any_value: bool) -> Self {
        Self::at(Form::Blank { any_value }, 0)
    }

    /// Returns the state at the beginning of JSON.
    pub(super) fn json() -> Self {
        Self::at(Form::Json, 0)
    }

    fn at(form: Form, level: usize) -> Self {
        Self {
            form,
            state: State::Outside,
            last: None,
            inner: None,
            level,
        }
    }

    /// Takes the next characters.
    pub(super) fn push(&mut self, text: &str) {
        for c in text.chars() {
            if matches!(self.form, Form::Plain) {
                return;
            }
            self.push_char(c);
        }
    }

    /// In how many strings the text is: so often a value is escaped.
    pub(super) fn depth(&self) -> usize {
        if !matches!(self.form, Form::Json) || matches!(self.state, State::Outside) {
            return 0;
        }
        1 + self.inner.as_ref().map_or(0, |inner| inner.depth())
    }

    /// The character that stands before the next one, in a string of JSON.
    pub(super) fn before(&self) -> Option<char> {
        let inner = self.inner.as_ref().filter(|inner| inner.depth() > 0);
        match inner {
            Some(inner) => inner.before(),
            None => self.last,
        }
    }

    fn push_char(&mut self, c: char) {
        match self.form {
            Form::Blank { .. } | Form::Bracket(_) if is_blank(c) => return,
            Form::Blank { .. } if matches!(c, '{' | '[') => {
                self.form = Form::Bracket(c);
                return;
            }
            Form::Blank { any_value } => {
                let is_value = matches!(c, '"' | '-' | '0'..='9');
                self.form = if any_value && is_value {
                    Form::Json
                } else {
                    Form::Plain
                };
            }
            Form::Bracket(open) => {
                let is_value = match open {
                    '{' => matches!(c, '"' | '}'),
                    _ => matches!(c, '{' | '[' | ']' | '"' | '-' | '0'..='9' | 't' | 'f' | 'n'),
                };
                self.form = if is_value { Form::Json } else { Form::Plain };
            }
            Form::Json | Form::Plain => {}
        }
        if matches!(self.form, Form::Json) {
            self.push_json(c);
        }
    }

    fn push_json(&mut self, c: char) {
        let decoded = match (&self.state, c) {
            (State::Outside, '"') => {
                self.state = State::Inside;
                self.last = None;
                let form = Form::Blank { any_value: false };
                self.inner =
                    (self.level < MAX_DEPTH).then(|| Box::new(Self::at(form, self.level + 1)));
                return;
            }
            (State::Outside, _) => return,
            (State::Inside, '"') => {
                self.state = State::Outside;
                self.inner = None;
                return;
            }
            (State::Inside, '\\') => {
                self.state = State::Escape;
                return;
            }
            (State::Inside, c) => c,
            (State::Escape, 'u') => {
                self.state = State::Unit(0);
                return;
            }
            (State::Escape, c) => match c {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' | 'f' => ' ',
                c => c,
            },
            (State::Unit(digits), _) if *digits < 3 => {
                self.state = State::Unit(digits + 1);
                return;
            }
            // Whichever it is, it is no sign of JSON.
            (State::Unit(_), _) => char::REPLACEMENT_CHARACTER,
        };
        self.state = State::Inside;
        self.last = Some(decoded);
        if let Some(inner) = &mut self.inner {
            inner.push_char(decoded);
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::JsonStrings;

    #[test]
    fn the_depth_is_that_of_the_strings() {
        for (text, depth) in [
            ("", 0),
            ("\"a", 0),
            ("[EMAIL_1] said \"hi", 0),
            ("{name} said \"hi", 0),
            ("{\"a\": ", 0),
            ("{\"a\": \"", 1),
            (" [\"a\", \"b\\\"", 1),
            ("[\"a\\u0022", 1),
            ("[\"{x} \\\"", 1),
            ("[\"{\\\"a\\\": ", 1),
            ("[\"{\\\"a\\\": \\\"", 2),
            (r#"["[\"{\\\"a\\\":\\\""#, 3),
            (r#"["[\"{\\\"a\\\":\\\"x\\\"}\"]"#, 1),
        ] {
            let mut strings = JsonStrings::new(false);
            strings.push(text);
            assert_eq!(strings.depth(), depth, "{text}");
        }
        let mut strings = JsonStrings::new(true);
        strings.push("\"a\\n");
        assert_eq!((strings.depth(), strings.before()), (1, Some('\n')));
    }
}
