//! The tiers, and whose past a series is.

/// A tier of the history in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Buckets of one minute.
    Minute,
    /// Buckets of ten minutes.
    TenMinutes,
}

impl Tier {
    /// Both, the finer first.
    pub const ALL: [Self; 2] = [Self::Minute, Self::TenMinutes];

    /// The word of databases and of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::TenMinutes => "10m",
        }
    }

    /// Seconds of a bucket.
    pub fn step(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::TenMinutes => 600,
        }
    }

    /// Seconds of a row: six hours or two days, so that writing a row again each ten minutes stays cheap.
    pub fn span(self) -> i64 {
        match self {
            Self::Minute => 6 * 3_600,
            Self::TenMinutes => 48 * 3_600,
        }
    }

    /// Buckets of a row.
    pub fn buckets(self) -> usize {
        usize::try_from(self.span() / self.step()).unwrap_or(0)
    }

    /// The start of the bucket that a time (seconds since 1970) falls into.
    pub fn bucket_of(self, second: i64) -> i64 {
        second.div_euclid(self.step()) * self.step()
    }

    /// The start of the row that a time (seconds since 1970) falls into.
    pub fn row_of(self, second: i64) -> i64 {
        second.div_euclid(self.span()) * self.span()
    }
}

/// What a series is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeriesKind {
    /// A stream of a media server.
    Stream,
    /// A host with an agent.
    Host,
    /// A media server: live while it answers.
    Server,
    /// An endpoint of the network: live while it answers.
    Endpoint,
}

impl SeriesKind {
    /// The word of databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Host => "host",
            Self::Server => "server",
            Self::Endpoint => "endpoint",
        }
    }

    /// Whether somebody listens to its minutes: what is looked at for anomalies.
    pub(super) fn is_heard(self) -> bool {
        matches!(self, Self::Stream | Self::Endpoint)
    }
}

/// Whose past it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey {
    /// A stream or a host.
    pub kind: SeriesKind,
    /// Name of the stream's server; empty for everything else.
    pub server: String,
    /// Its name.
    pub name: String,
}

impl SeriesKey {
    /// Of a stream.
    pub fn stream(server: &str, name: &str) -> Self {
        Self { kind: SeriesKind::Stream, server: server.to_owned(), name: name.to_owned() }
    }

    /// Of a host.
    pub fn host(name: &str) -> Self {
        Self::of(SeriesKind::Host, name)
    }

    /// Of anything that has a name of its own: everything but a stream.
    pub fn of(kind: SeriesKind, name: &str) -> Self {
        Self { kind, server: String::new(), name: name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_buckets_and_rows() {
        for (tier, second, bucket, row) in [
            (Tier::Minute, 1_800_000_059, 1_800_000_000, 1_799_992_800),
            (Tier::Minute, 1_800_000_060, 1_800_000_060, 1_799_992_800),
            (Tier::TenMinutes, 1_800_000_599, 1_800_000_000, 1_799_884_800),
            (Tier::Minute, -1, -60, -21_600),
        ] {
            assert_eq!((tier.bucket_of(second), tier.row_of(second)), (bucket, row), "{tier:?} {second}");
        }
        assert_eq!(Tier::ALL.map(Tier::buckets), [360, 288]);
    }
}
