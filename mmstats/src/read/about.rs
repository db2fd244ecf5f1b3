//! What a field of version 2 says of itself besides its types, without a copy of it.

use crate::format::bytes::double;
use crate::format::item::{
    self, HELP, MERGE, MODEL, QUANTILES, SCALE, UNIT, check_help, check_model, check_quantiles, check_scale,
    check_unit,
};
use crate::format::kind::MergeRule;

/// The items of a field: none, in version 1. What an item must not say is passed over.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a>(pub(crate) &'a [u8]);

impl<'a> Said<'a> {
    /// What `read` makes of the first item of this id that it can read.
    fn find<T>(self, id: u16, read: impl Fn(&'a [u8]) -> Option<T>) -> Option<T> {
        let items = item::walk(self.0).map_while(Result::ok).filter(|item| item.id == id);
        items.filter_map(|item| read(item.bytes)).next()
    }

    fn text<E>(self, id: u16, check: fn(&str) -> Result<(), E>) -> Option<&'a str> {
        self.find(id, |bytes| std::str::from_utf8(bytes).ok().filter(|text| check(text).is_ok()))
    }

    pub(crate) fn unit(self) -> Option<&'a str> {
        self.text(UNIT, check_unit)
    }

    pub(crate) fn help(self) -> Option<&'a str> {
        self.text(HELP, check_help)
    }

    pub(crate) fn model(self) -> Option<&'a str> {
        self.text(MODEL, check_model)
    }

    pub(crate) fn merge(self) -> Option<MergeRule> {
        self.find(MERGE, |bytes| MergeRule::from_id(<[u8; 1]>::try_from(bytes).ok()?[0]))
    }

    /// 1 where none is said.
    pub(crate) fn scale(self) -> f64 {
        let scale = |bytes: &[u8]| {
            let scale = f64::from_ne_bytes(bytes.try_into().ok()?);
            check_scale(scale).is_ok().then_some(scale)
        };
        self.find(SCALE, scale).unwrap_or(1.0)
    }

    /// The bytes of the quantiles to show, `f64` by `f64`.
    pub(crate) fn quantile_bytes(self) -> &'a [u8] {
        let are_right = |bytes: &[u8]| {
            bytes.len() % 8 == 0 && !bytes.is_empty() && check_quantiles(&numbers(bytes)).is_ok()
        };
        self.find(QUANTILES, |bytes| are_right(bytes).then_some(bytes)).unwrap_or_default()
    }

    pub(crate) fn quantiles(self) -> Vec<f64> {
        numbers(self.quantile_bytes())
    }
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|number| double(number, 0)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::item::Items;

    fn is_as_parsed(bytes: &[u8]) {
        let (items, about) = (Items::parse(bytes).0, Said(bytes));
        assert_eq!(about.unit(), items.unit.as_deref());
        assert_eq!(about.help(), items.help.as_deref());
        assert_eq!(about.model(), items.model.as_deref());
        assert_eq!(about.merge(), items.merge);
        assert_eq!(about.scale(), items.scale.unwrap_or(1.0));
        assert_eq!(about.quantiles(), items.quantiles);
    }

    proptest! {
        #[test]
        fn what_is_borrowed_is_what_is_parsed(
            items in prop::collection::vec((0..8_u16, 0..18_u16, prop::collection::vec(any::<u8>(), 0..18)), 0..6)
        ) {
            let mut bytes = Vec::new();
            for (id, size, inside) in items {
                bytes.extend(id.to_ne_bytes());
                bytes.extend(if size % 2 == 0 { size } else { inside.len() as u16 }.to_ne_bytes());
                bytes.extend(inside);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            is_as_parsed(&bytes);
        }

        #[test]
        fn what_is_written_is_borrowed(
            unit in "[!-~]{1,63}", help in "[a-zé ]{1,20}", scale in 1e-12..1e12_f64, cut in 0..200_usize,
            quantiles in prop::collection::vec(0.0..=1.0_f64, 1..5), merge in 0..6_u8
        ) {
            let (unit, help, model) = (Some(unit), Some(help.clone()), Some(help));
            let (scale, merge) = (Some(scale), MergeRule::from_id(merge));
            let bytes = Items { unit, help, merge, scale, quantiles, model }.encode().unwrap();
            is_as_parsed(&bytes);
            is_as_parsed(&bytes[..cut.min(bytes.len())]);
        }
    }
}
