//! The catalogue of hostile plugins, as data: what each does, its bytes, and how it must end. Tests play it against the
//! sandbox and against the real daemon; the fuzz targets begin with it.

mod channels;
mod ends;
mod entry;
mod files;
mod guest;
mod image;
mod loading;
mod policies;
mod puppet;
mod shapes;

pub use channels::{ECHO, LIARS};
pub use ends::{Ends, Failure, Refusal};
pub use entry::{Entry, Kind};
pub use files::{HostileFile, KEY, files};
pub use guest::{Body, Guest, described};
pub use image::Image;
pub use policies::fuel_short_by_one;
pub use puppet::{PUPPET_FUNCTIONS, answers, puppet};
pub use shapes::{bit_flipped, cut_at_each_section, undescribed};

/// Every plugin of the catalogue. Their names are unique.
#[must_use]
pub fn catalogue() -> Vec<Entry> {
    let mut all = policies::entries();
    all.extend(channels::entries());
    all.extend(loading::entries());
    all
}
