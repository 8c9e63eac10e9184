//! How many requests a platform lets us make: what its headers say, and how long to rest because of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// No header makes us rest for longer.
const LONGEST_REST: TimeDelta = TimeDelta::hours(1);
/// Of the requests so many are left to others who use the same account.
const LEFT_TO_OTHERS: u64 = 5;

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestLimit {
    /// Requests that may be made in a stretch of time.
    pub most: Option<u64>,
    /// Of them, those that may still be made.
    pub remaining: u64,
    /// When the next stretch begins.
    pub resets_at: Option<DateTime<Utc>>,
}

impl RequestLimit {
    /// How long to rest before a look that makes so many requests; nothing when they are left.
    pub fn rest(&self, requests: u64, now: DateTime<Utc>) -> Duration {
        if self.remaining >= requests.saturating_add(LEFT_TO_OTHERS.min(self.most.unwrap_or(0) / 4)) {
            return Duration::ZERO;
        }
        let left = self.resets_at.map_or(TimeDelta::zero(), |at| (at - now).min(LONGEST_REST));
        left.to_std().unwrap_or(Duration::ZERO)
    }
}

/// When a stretch of time begins anew: a time in ISO 8601, or seconds since 1970. Sources differ about which one Vimeo sends. `None` for
/// what is neither, and for what lies further away than a platform would say.
pub fn resets_at(header: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = header.trim();
    let unix = || DateTime::from_timestamp(text.parse::<i64>().ok()?, 0);
    let iso = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let at = unix().or_else(iso)?;
    (at - now <= TimeDelta::days(1) && now - at <= TimeDelta::days(1)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-29T10:00:00Z".parse().expect("a time")
    }

    #[test]
    fn both_forms_of_the_header_are_read_and_nonsense_is_not() {
        for (header, wanted) in [
            ("2026-11-29T10:00:30+00:00", Some(30)),
            ("2026-11-29T10:00:30Z", Some(30)),
            ("2026-11-29T11:00:30+01:00", Some(30)),
            (" 1795946430 ", Some(30)),
            ("1795946399", Some(-1)),
            ("60", None),
            ("99999999999999999999", None),
            ("soon", None),
            ("", None),
        ] {
            let found = resets_at(header, now()).map(|at| (at - now()).num_seconds());
            assert_eq!(found, wanted, "{header:?}");
        }
    }

    #[test]
    fn the_last_requests_are_not_used() {
        let at = |remaining, most, seconds: Option<i64>| RequestLimit {
            most,
            remaining,
            resets_at: seconds.map(|seconds| now() + TimeDelta::seconds(seconds)),
        };
        for (limit, requests, wanted) in [
            (at(100, Some(100), Some(30)), 10, 0),
            (at(15, Some(100), Some(30)), 10, 0),
            (at(14, Some(100), Some(30)), 10, 30),
            (at(0, Some(100), Some(30)), 1, 30),
            // An account with few requests keeps fewer back.
            (at(3, Some(8), Some(30)), 1, 0),
            (at(2, Some(8), Some(30)), 1, 30),
            (at(0, Some(100), Some(-5)), 1, 0),
            (at(0, Some(100), None), 1, 0),
            (at(0, Some(100), Some(80_000)), 1, 3_600),
        ] {
            assert_eq!(limit.rest(requests, now()), Duration::from_secs(wanted), "{limit:?} {requests}");
        }
    }
}
