//! What `stats!` checks about its labels while the program is compiled.

use crate::write::field::Field;

/// A field as [`stats!`](crate::stats) lists it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    name: &'static str,
    /// `None` for a model, which has no label of its own.
    label: Option<&'static str>,
}

impl Listed {
    /// A field of type `T` that is called `name` in its struct.
    #[must_use]
    pub const fn new<T: Field>(name: &'static str, label: Option<&'static str>) -> Self {
        let label = match label {
            _ if T::IS_MODEL => None,
            Some(label) => Some(label),
            None => Some(name),
        };
        Self { name, label }
    }

    /// Whether it has a label.
    #[must_use]
    pub const fn is_labelled(&self) -> bool {
        match self.label {
            Some(label) => !label.is_empty(),
            None => true,
        }
    }

    /// Whether it comes after another field of the same label in `fields`, which is all of them.
    #[must_use]
    pub const fn is_repeated(&self, fields: &[Self]) -> bool {
        let Some(label) = self.label else { return false };
        let mut at = 0;
        while at < fields.len() {
            let other = &fields[at];
            if is_same(other.name, self.name) {
                return false;
            }
            if let Some(other) = other.label {
                if is_same(other, label) {
                    return true;
                }
            }
            at += 1;
        }
        false
    }
}

/// Whether two labels are the same, one of them perhaps spelled as a raw identifier (`r#type`).
const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (plain(a), plain(b));
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn plain(name: &str) -> &[u8] {
    match name.as_bytes() {
        [b'r', b'#', plain @ ..] => plain,
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::Listed;
    use crate::Counter;

    #[test]
    fn the_later_one_repeats_a_label() {
        let field = Listed::new::<Counter>;
        let fields = [
            field("a", None),
            field("b", Some("a")),
            field("r#type", None),
            field("kind", Some("type")),
            Listed::new::<()>("a_model", Some("a")),
            field("empty", Some("")),
        ];
        let repeated: Vec<_> = fields.iter().map(|field| field.is_repeated(&fields)).collect();
        assert_eq!(repeated, [false, true, false, true, false, false]);
        let labelled: Vec<_> = fields.iter().map(Listed::is_labelled).collect();
        assert_eq!(labelled, [true, true, true, true, true, false]);
    }
}
