//! Help out of documentation comments.

use crate::write::field::{Spec, cut};

/// The longest help that a documentation comment gives, in bytes.
const LONGEST: usize = 255;

/// What [`stats!`](crate::stats) makes of a field's documentation comment, one line for each attribute; `None` is
/// an attribute of another kind.
#[doc(hidden)]
pub fn documented<S: Spec>(spec: S, lines: &[Option<&str>]) -> S {
    let help = first_paragraph(lines.iter().copied().flatten());
    if help.is_empty() { spec } else { spec.document(&help) }
}

/// The lines up to the first empty one, in one line; cut between two words if that is too long.
fn first_paragraph<'a>(comments: impl Iterator<Item = &'a str>) -> String {
    // A block comment is one attribute of several lines.
    let lines =
        comments.flat_map(|comment| comment.split('\n')).map(|line| line.trim().trim_start_matches("* "));
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let mut help = String::new();
    let is_break = |character: char| character.is_whitespace() || character.is_control();
    for word in paragraph.flat_map(|line| line.split(is_break)).filter(|word| !word.is_empty()) {
        if help.is_empty() {
            help.push_str(cut(word, LONGEST));
        } else if help.len() + 1 + word.len() <= LONGEST {
            help.push(' ');
            help.push_str(word);
        } else {
            break;
        }
    }
    help
}

#[cfg(test)]
mod tests {
    use super::first_paragraph;

    #[test]
    fn the_first_paragraph_is_one_line() {
        let help = |comment: &[&str]| first_paragraph(comment.iter().copied());
        assert_eq!(
            help(&[" Answers with a status", " from 200 to 299.", "", " More."]),
            "Answers with a status from 200 to 299."
        );
        assert_eq!(help(&["", " Late. "]), "Late.");
        assert_eq!(help(&["\n * One\t line\n * and another.\n *\n"]), "One line and another. *");
        assert_eq!(help(&[]), "");
        assert_eq!(help(&["  "]), "");
    }

    #[test]
    fn a_long_one_is_cut_between_words() {
        let long = vec![" nine char"; 40].join("");
        let help = first_paragraph([&*long].into_iter());
        assert!(help.len() <= 255 && help.len() > 240, "{}", help.len());
        assert!(help.ends_with("nine") || help.ends_with("char"));
        assert_eq!(first_paragraph(["é".repeat(200).as_str()].into_iter()), "é".repeat(127));
    }
}
