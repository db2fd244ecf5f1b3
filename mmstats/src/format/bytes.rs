//! Numbers out of bytes, and into them, in the machine's order.

/// The array of `N` bytes at `at`, if it is there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_ne_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_ne_bytes)
}

/// The word that begins at `at`; 0 where there is none. For bytes whose size was checked.
pub(crate) fn word(bytes: &[u8], at: usize) -> u64 {
    array(bytes, at).map_or(0, u64::from_ne_bytes)
}

/// As [`word`], an IEEE 754 number.
pub(crate) fn double(bytes: &[u8], at: usize) -> f64 {
    f64::from_bits(word(bytes, at))
}

/// The bytes of these words, in order.
pub(crate) fn of_words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// What a file says of a size, as a number to calculate with: an address has at least 32 bits here.
pub(crate) fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
