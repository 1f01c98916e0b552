//! An answer as it lies in a plugin's memory, by the canonical ABI: a record, and behind it what it points to.

/// The bytes of an answer, from its address on.
#[derive(Clone, Debug)]
pub struct Image {
    base: u32,
    bytes: Vec<u8>,
}

impl Image {
    /// A record of so many zeros at that address.
    #[must_use]
    pub fn new(base: u32, size: usize) -> Self {
        Self { base, bytes: vec![0; size] }
    }

    /// Where it begins.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A record of these bytes.
    #[must_use]
    pub fn of(base: u32, bytes: Vec<u8>) -> Self {
        Self { base, bytes }
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Puts a byte in: a discriminant, an enum, a flag.
    #[must_use]
    pub fn byte(self, at: usize, byte: u8) -> Self {
        self.put(at, &[byte])
    }

    /// Puts a number in.
    #[must_use]
    pub fn word(self, at: usize, word: u32) -> Self {
        self.put(at, &word.to_le_bytes())
    }

    /// Puts a large number in.
    #[must_use]
    pub fn long(self, at: usize, long: u64) -> Self {
        self.put(at, &long.to_le_bytes())
    }

    /// Puts a pointer and a length in.
    #[must_use]
    pub fn list(self, at: usize, pointer: u32, length: u32) -> Self {
        self.word(at, pointer).word(at + 4, length)
    }

    /// Puts a text in, which lies behind.
    #[must_use]
    pub fn text(self, at: usize, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        let length = u32::try_from(text.len()).expect("a short text");
        let (image, pointer) = self.behind(text);
        image.list(at, pointer, length)
    }

    /// Puts bytes behind what there is, aligned; returns where they are.
    #[must_use]
    pub fn behind(mut self, bytes: &[u8]) -> (Self, u32) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.base + u32::try_from(self.bytes.len()).expect("a small image");
        self.bytes.extend_from_slice(bytes);
        (self, at)
    }

    /// Puts a list of equal elements in, which lies behind.
    #[must_use]
    pub fn elements(self, at: usize, element: &[u8], count: u32) -> Self {
        let (image, pointer) = self.behind(&element.repeat(count as usize));
        image.list(at, pointer, count)
    }
}
