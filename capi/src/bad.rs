//! What was chosen and makes no sense.

/// What makes no sense, for the call that uses it. Each option is judged by what was chosen for it last.
#[derive(Clone, Debug)]
pub(crate) struct Bad<K>(Vec<(K, &'static str)>);

impl<K> Default for Bad<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Bad<K> {
    /// Notes what is wrong with what was just chosen for an option, or that nothing is.
    pub(crate) fn judge(&mut self, option: K, wrong: Option<&'static str>) {
        self.0.retain(|(other, _)| *other != option);
        self.0.extend(wrong.map(|wrong| (option, wrong)));
    }

    /// What is wrong.
    pub(crate) fn first(&self) -> Option<&'static str> {
        self.0.first().map(|&(_, wrong)| wrong)
    }
}
