//! Query parameters: every fault names its parameter, and a parameter nobody knows is refused rather than ignored.

use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::web;
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

    /// The text of a parameter; an empty one counts as absent, as HTML forms send it.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        let (ours, rest): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|(key, _)| key == name);
        self.0 = rest;
        if ours.len() > 1 {
            return Err(Error::invalid(name, format!("is given {} times; give it once", ours.len())));
        }
        Ok(ours.into_iter().next().map(|(_, value)| value).filter(|value| !value.is_empty()))
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

    /// Refuses what is left over.
    pub(super) fn end(self, known: &[&str]) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(40).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(Error::invalid(name, format!("is no parameter here; known ones: {known}")))
            }
        }
    }
}

fn wrong(name: &str, wanted: &str) -> Error {
    Error::invalid(name, format!("must be {wanted}"))
}
