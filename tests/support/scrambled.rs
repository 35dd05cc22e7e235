//! What there is to be sorted.

/// Numbers without any order, with equal ones among them.
pub(crate) fn scrambled(len: usize) -> Vec<u32> {
    let number = |index: u32| index.wrapping_mul(0x9E37_79B9).rotate_left(7) % 1000;
    (0..).map(number).take(len).collect()
}
