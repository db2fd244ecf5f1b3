//! Writers of the values of version 2 that take more than one word: what each update stores, and in which
//! order.
//!
//! The unsafe part is [`words`]: it gives a value's memory as atomic words. What is built on it is safe
//! code. A writer is `Send` and not `Sync`: one thread at a time updates a value. Those of [`shared`] are `Sync`, too:
//! several threads update them at once. Readers are other processes that copy the words in any order;
//! `proof/races/tests/values/` tries the orders.
//!
//! All zero is a valid empty value, but for a few words that never change: those are what `initial` of a
//! type gives. The store writes them before it publishes the record.

pub(crate) mod histogram;
pub(crate) mod mean;
pub(crate) mod recent;
pub(crate) mod second;
pub(crate) mod shared;
pub(crate) mod text;
pub(crate) mod window;
pub(crate) mod words;

#[cfg(test)]
mod costs;
#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    #[test]
    fn writers_move_between_threads() {
        fn is_send<T: Send>() {}
        is_send::<super::histogram::Histogram>();
        is_send::<super::mean::Mean>();
        is_send::<super::recent::Recent>();
        is_send::<super::text::Text>();
        is_send::<super::window::Window>();
    }

    #[test]
    fn those_that_threads_share_are_used_at_once() {
        fn is_shared<T: Send + Sync>() {}
        is_shared::<super::shared::Histogram>();
        is_shared::<super::shared::Number>();
    }
}
