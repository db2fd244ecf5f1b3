//! Every order of the steps of those who write, keep, remove and read files, and every point where one may be killed, in
//! small cases. A step is what the system does at once: a name is listed, given or taken away, a file that is open is
//! read. The order of stores into one file is looked at in `orders` and `values`.
//!
//! | here | there |
//! |---|---|
//! | [`departed`] | `mmstats/src/departed/keeper.rs` and `dead.rs`, against `gather` in `exposition/src/removed.rs` |
//! | [`folded`] | `mmstats/src/write/fold.rs`, against `files/src/folds.rs` and `each_once` in `exposition/src/ahead.rs` |
//! | [`named`] | `mmstats/src/write/file/publish.rs`, one writer against another, and against a reader that lists names |
//!
//! Each protocol is also weakened in one place, and then the same model must find it failing: otherwise it could not
//! find anything.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod departed;
mod folded;
mod named;

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

/// A state of everything, from which somebody goes a step further.
trait World: Clone + Debug + Eq + Hash {
    /// All states that may come next. None: everybody is done.
    fn next(&self) -> Vec<Self>;

    /// What has come out so far: whether it was right.
    fn verdict(&self) -> Option<bool>;
}

/// How many states there are with something right in them, and with something wrong; and one of the latter.
fn explore<W: World>(first: W) -> (u64, u64, Option<W>) {
    let (mut right, mut wrong, mut example) = (0, 0, None);
    let mut known = HashSet::from([first.clone()]);
    let mut to_do = vec![first];
    while let Some(world) = to_do.pop() {
        match world.verdict() {
            Some(true) => right += 1,
            Some(false) => {
                wrong += 1;
                example.get_or_insert_with(|| world.clone());
            }
            None => {}
        }
        to_do.extend(world.next().into_iter().filter(|next| known.insert(next.clone())));
    }
    println!("{} states, {right} right, {wrong} wrong", known.len());
    (right, wrong, example)
}

fn holds<W: World>(first: W) {
    let (right, _, example) = explore(first);
    assert!(right > 0, "nothing comes out");
    assert_eq!(example, None);
}

fn fails<W: World>(first: W) {
    assert!(explore(first).1 > 0, "the model finds nothing");
}
