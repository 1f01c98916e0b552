//! Where memory is placed in the sandbox: an instance lives for one call, and its memory goes with it.
//!
//! Pieces are handed out from front to back. Only the last one can be taken back, or grow where it lies. The first pages
//! are those that the module's own data leaves free, so that a usual call need not ask the host for any.

/// What is free: from `next` to `end`, as addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Free {
    next: usize,
    end: usize,
}

/// A piece, and what is free behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Placed {
    at: usize,
    next: usize,
}

impl Free {
    /// Where a piece of this size and alignment goes. `None` is beyond the last address.
    fn place(self, size: usize, align: usize) -> Option<Placed> {
        let at = self.next.checked_next_multiple_of(align)?;
        Some(Placed { at, next: at.checked_add(size)? })
    }

    /// Whether the piece is the last one that was handed out.
    fn ends_with(self, at: usize, size: usize) -> bool {
        at.checked_add(size) == Some(self.next)
    }
}

#[cfg(target_family = "wasm")]
pub use in_sandbox::OneCall;

#[cfg(target_family = "wasm")]
#[allow(unsafe_code, reason = "an allocator is unsafe by its nature")]
mod in_sandbox {
    use core::alloc::{GlobalAlloc, Layout};
    use core::arch::wasm32::{memory_grow, memory_size};
    use core::cell::Cell;
    use core::ptr;

    use super::Free;

    /// The size of a page of WebAssembly.
    const PAGE: usize = 1 << 16;

    unsafe extern "C" {
        /// The linker's name for the end of the module's own data.
        static __heap_base: u8;
    }

    /// The allocator of an instance that is called once.
    #[derive(Debug)]
    pub struct OneCall(Cell<Option<Free>>);

    // SAFETY: a policy has no threads.
    unsafe impl Sync for OneCall {}

    impl OneCall {
        /// An allocator that has handed out nothing.
        #[must_use]
        pub const fn new() -> Self {
            Self(Cell::new(None))
        }

        fn free(&self) -> Free {
            self.0.get().unwrap_or_else(|| Free {
                next: (&raw const __heap_base).addr(),
                end: memory_size(0).saturating_mul(PAGE),
            })
        }

        /// A piece of memory, or null where the host gives no more.
        fn take(&self, size: usize, align: usize) -> *mut u8 {
            let mut free = self.free();
            let Some(placed) = free.place(size, align) else {
                return ptr::null_mut();
            };
            if let Some(missing) = placed.next.checked_sub(free.end).filter(|missing| *missing > 0) {
                let pages = missing.div_ceil(PAGE);
                if memory_grow(0, pages) == usize::MAX {
                    return ptr::null_mut();
                }
                free.end = free.end.saturating_add(pages.saturating_mul(PAGE));
            }
            self.0.set(Some(Free { next: placed.next, ..free }));
            ptr::with_exposed_provenance_mut(placed.at)
        }

        /// Takes back the last piece.
        fn give_back(&self, at: usize, size: usize) {
            let free = self.free();
            if free.ends_with(at, size) {
                self.0.set(Some(Free { next: at, ..free }));
            }
        }
    }

    // SAFETY: pieces do not overlap: each begins where the one before it ends, and only the last is taken back. Each is
    // aligned as asked, and within the memory.
    unsafe impl GlobalAlloc for OneCall {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.take(layout.size(), layout.align())
        }

        unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
            self.give_back(piece.addr(), layout.size());
        }

        unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            let before = self.0.get();
            self.give_back(piece.addr(), layout.size());
            // If it was the last, its place is free again, and it grows or shrinks there.
            let moved = self.take(size, layout.align());
            if moved.is_null() {
                // The caller keeps the old piece.
                self.0.set(before);
            } else if moved != piece {
                // SAFETY: the caller vouches for the old piece; the new one begins behind it.
                unsafe { ptr::copy_nonoverlapping(piece, moved, layout.size().min(size)) };
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_aligned_and_do_not_overlap() {
        let mut free = Free { next: 13, end: 100 };
        let first = free.place(5, 1).unwrap();
        assert_eq!(first, Placed { at: 13, next: 18 });
        free.next = first.next;
        let second = free.place(8, 8).unwrap();
        assert_eq!(second, Placed { at: 24, next: 32 });
        assert_eq!(free.place(0, 16), Some(Placed { at: 32, next: 32 }));
    }

    #[test]
    fn only_the_last_piece_is_taken_back() {
        let free = Free { next: 32, end: 100 };
        assert!(free.ends_with(24, 8));
        assert!(!free.ends_with(13, 5));
        assert!(!free.ends_with(usize::MAX, 5));
    }

    #[test]
    fn there_is_an_end_of_addresses() {
        let free = Free { next: usize::MAX - 10, end: usize::MAX };
        assert_eq!(free.place(5, 1), Some(Placed { at: usize::MAX - 10, next: usize::MAX - 5 }));
        assert_eq!(free.place(11, 1), None);
        assert_eq!(free.place(1, 64), None);
    }
}
