//! The past of streams and hosts beyond the raw samples: buckets of one and of ten minutes with min, mean, max and last of every
//! number, how they are packed into rows, and how a chart's points are made of them. Pure.
//!
//! A number is kept within 1 %, small ones exactly ([`code`]). A row holds the buckets of one series, tier and stretch of time
//! ([`packed`]). What was not measured is absent: no bucket, or a bucket without that metric, never a zero.

mod aggregate;
mod bits;
mod bucket;
mod buffer;
mod code;
mod downsample;
mod gap;
mod metric;
mod packed;
mod tier;

pub use aggregate::{Aggregate, Reading};
pub use bucket::{Bucket, CodeBand, NotLive, merge};
pub use buffer::Buffer;
pub use downsample::{Band, Point, downsample};
pub use gap::{Gap, GapReason, gaps};
pub use metric::Metric;
pub use packed::{pack, unpack};
pub use tier::{SeriesKey, SeriesKind, Tier};
