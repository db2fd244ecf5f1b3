//! Whether to colour, and the few colours there are.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;

use owo_colors::{Style, Styled};

use crate::option::word;
use crate::stop::Stop;

/// What `--color` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl When {
    /// Reads the option's value.
    ///
    /// # Errors
    /// [`Stop::Usage`] for anything but `auto`, `always` and `never`.
    pub fn parse(value: &OsStr) -> Result<Self, Stop> {
        word("--color", value, &[("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)])
    }

    /// Decides: the option first, then a non-empty `NO_COLOR`, then `CLICOLOR_FORCE`, then whether
    /// the output is a terminal that can.
    #[must_use]
    pub fn decide(self, is_terminal: bool) -> Color {
        Color(match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => auto(|name| env::var_os(name), is_terminal),
        })
    }
}

fn auto(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
        return true;
    }
    is_terminal && variable("TERM").is_some_and(|term| term != "dumb")
}

/// Colours what it is given, or does not.
#[derive(Clone, Copy, Debug)]
pub struct Color(bool);

impl Color {
    /// Whether there is any.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.0
    }

    /// For the head of a group: a path, a column's name.
    #[must_use]
    pub fn head<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().bold())
    }

    /// For a label.
    #[must_use]
    pub fn label<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().cyan())
    }

    /// For a number that says how something else is to be read: a length, a version.
    #[must_use]
    pub fn number<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().yellow())
    }

    /// For a type code.
    #[must_use]
    pub fn code<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().magenta())
    }

    /// For the part of a value that has changed, as `watch -d` shows it.
    #[must_use]
    pub fn change<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().reversed())
    }

    /// For what counts: a current value.
    #[must_use]
    pub fn value<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().green().bold())
    }

    /// For a value that does not count now.
    #[must_use]
    pub fn spare<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().green())
    }

    /// For what is there and says nothing.
    #[must_use]
    pub fn faint<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().dimmed())
    }

    /// For what is wrong.
    #[must_use]
    pub fn wrong<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, Style::new().red())
    }

    fn styled<T: Display>(self, text: T, style: Style) -> Styled<T> {
        if self.0 { style } else { Style::new() }.style(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_heard_in_order() {
        let decide = |set: &[(&str, &str)], is_terminal| {
            let find = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            auto(find, is_terminal)
        };
        assert!(decide(&[("TERM", "xterm")], true));
        assert!(!decide(&[("TERM", "xterm")], false));
        assert!(!decide(&[("TERM", "dumb")], true));
        assert!(!decide(&[], true));
        assert!(!decide(&[("TERM", "xterm"), ("NO_COLOR", "1")], true));
        assert!(decide(&[("TERM", "xterm"), ("NO_COLOR", "")], true), "empty counts as unset");
        assert!(decide(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!decide(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!decide(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
    }

    #[test]
    fn without_colour_text_stays_as_it_is() {
        assert_eq!(Color(false).head("x").to_string(), "x");
        assert_eq!(Color(true).head("x").to_string(), "\x1b[1mx\x1b[0m");
    }
}
