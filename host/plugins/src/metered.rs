//! What a call cost.

/// The result of a call, and what it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered<T> {
    /// The result.
    pub value: T,
    /// The fuel used: instructions, roughly.
    pub fuel: u64,
    /// The linear memory that it had in the end, in bytes.
    pub memory: usize,
}
