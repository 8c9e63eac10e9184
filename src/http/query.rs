//! Query parameters: every fault names its parameter.

use std::str::FromStr;

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};

use crate::base::{Error, Result};

/// The parameters of one request that have not been taken yet.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query string.
    pub(super) fn of(request: &HttpRequest) -> Result<Self> {
        web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map(|pairs| Self(pairs.into_inner()))
            .map_err(|_| Error::invalid("query", "the query string cannot be read; percent-encode names and values"))
    }

    /// Names of those that are left.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The text of a parameter. An empty one is refused: a script that has lost its `after` would begin anew for ever.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        let (ours, rest): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|(key, _)| key == name);
        self.0 = rest;
        if ours.len() > 1 {
            return Err(Error::invalid(name, format!("is given {} times; give it once", ours.len())));
        }
        match ours.into_iter().next() {
            Some((_, value)) if value.is_empty() => Err(Error::invalid(name, "is empty; give a value or leave it out")),
            given => Ok(given.map(|(_, value)| value)),
        }
    }

    /// A time, RFC 3339.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<DateTime<Utc>>> {
        self.parsed(name, "a time like 2027-01-31T12:00:00Z")
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, name: &str, least: u32, most: u32) -> Result<Option<u32>> {
        let wanted = format!("a number from {least} to {most}");
        match self.parsed::<u32>(name, &wanted)? {
            Some(number) if !(least..=most).contains(&number) => Err(wrong(name, &wanted)),
            number => Ok(number),
        }
    }

    /// Anything that has a text form; `wanted` completes "must be ...".
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, wanted: &str) -> Result<Option<T>> {
        self.text(name)?.map(|text| text.parse().map_err(|_| wrong(name, wanted))).transpose()
    }
}

fn wrong(name: &str, wanted: &str) -> Error {
    Error::invalid(name, format!("must be {wanted}"))
}
