//! Values in memory, as the writer stores them.

use super::*;

fn home(size: usize) -> Arc<Segment> {
    Arc::new(Segment::private(0, size).unwrap())
}

#[test]
fn a_number_is_stored_in_place_and_nothing_beside_it() {
    let home = home(24);
    let slot = WordSlot::new(Arc::clone(&home), 16, ForkMark::always_home());
    slot.set(1.5_f64);
    slot.set(-2.0_f64);
    assert_eq!(memory(&home, 0, 24), [&[0; 16][..], &(-2.0_f64).to_ne_bytes()].concat());
    let slot = WordSlot::new(Arc::clone(&home), 7, ForkMark::always_home());
    slot.set(-5_i8);
    assert_eq!(memory(&home, 6, 3), [0, 251, 0]);
}

#[test]
#[should_panic(expected = "a number off its boundary")]
fn a_number_off_its_boundary_is_refused() {
    WordSlot::<u64>::new(home(24), 4, ForkMark::always_home());
}

#[test]
fn text_alternates_and_the_index_names_the_spare() {
    let home = home(16);
    let slot = TextSlot::new(Arc::clone(&home), 1, 2, ForkMark::always_home());
    slot.set(b"ab");
    assert_eq!(memory(&home, 0, 6), [0, 1, b'a', b'b', 0, 0]);
    slot.set(b"c");
    assert_eq!(memory(&home, 0, 6), [0, 0, b'a', b'b', b'c', 0]);
    assert_eq!(slot.bytes(), b"c\0");
}

#[test]
fn text_is_cut_and_ends_in_nul_where_there_is_room() {
    let slot = TextSlot::new(home(16), 7, 4, ForkMark::always_home());
    slot.set(b"abcdef");
    assert_eq!(slot.bytes(), b"abcd");
    slot.set(b"wxyz");
    slot.set(b"p");
    assert_eq!(slot.bytes(), b"p\0cd");
}

#[test]
fn text_with_room_carries_a_count() {
    let slot = TextSlot::new(home(32), 7, 8, ForkMark::always_home());
    slot.set(b"abc");
    slot.set(b"abc");
    assert_eq!(slot.bytes(), [&b"abc\0"[..], &2_u32.to_ne_bytes()].concat());
}

#[test]
fn one_that_left_home_goes_on_in_memory_of_its_own() {
    let home = home(32);
    let number = WordSlot::new(Arc::clone(&home), 8, ForkMark::always_home());
    number.set(1_u64);
    number.place.leave(0, 8);
    number.set(2_u64);
    assert_eq!(memory(&home, 8, 8), 1_u64.to_ne_bytes());
    let text = TextSlot::new(Arc::clone(&home), 16, 3, ForkMark::always_home());
    text.set(b"old");
    text.place.leave(1, 7);
    text.set(b"new");
    assert_eq!(text.bytes(), b"new");
    assert_eq!(memory(&home, 17, 3), b"old");
}
