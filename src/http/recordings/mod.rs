//! `/api/v1/recordings`: the catalogue, playlists over any stretch of time, and the media.
//!
//! Reads the catalogue and the files; never changes either. Playlist text is a rule of `domain::playlist`.

mod catalogue;
pub(super) mod media;
pub(super) mod playlist;
mod range;

pub(super) use catalogue::*;
