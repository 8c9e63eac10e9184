//! A site's own table of cameras, read by the query of `database.cameras_query`. Nothing is created there, and each reading
//! is a transaction that is read-only, so that a query that writes fails and the connection is left as it was.
//!
//! Columns count by their names, in any order and of any type: each is read as text, so that one odd row does not hide
//! the others. What makes a camera valid is a rule of `domain::camera`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use tokio_postgres::Row;
use uuid::Uuid;

use super::link::PostgresServer;
use super::postgres_address::Address;
use super::postgres_cameras::{filled, text};
use super::postgres_client::PostgresClient;
use super::postgres_fault::{self, PostgresFailure};
use super::site_lock::SiteLock;
pub use super::site_lock::SiteRelay;
use super::startup::{self, Gate};
use crate::adapters::database::row_rules::LONGEST_TEXT;
use crate::base::{Error, Result};
use crate::domain::camera::CameraRow;
use crate::domain::node::NodeClaim;

/// The configuration key that errors name.
const KEY: &str = "database.cameras_query";

/// What we read, in this order; all but the first two may be missing.
const COLUMNS: [&str; 16] = [
    "id",
    "name",
    "kind",
    "host",
    "port",
    "username",
    "password",
    "channel",
    "substream",
    "url",
    "transport",
    "audio",
    "enabled",
    "record",
    "updated_at",
    "label",
];

/// The cameras of a site.
pub struct SiteTable {
    server: PostgresServer,
    query: String,
    /// Rows left out at the last reading, so that the log tells of them once.
    left_out: Mutex<Vec<String>>,
    lock: SiteLock,
}

impl SiteTable {
    /// Tries the query once. A database that is away is asked again with every call.
    ///
    /// # Errors
    /// `Invalid` when the URL or the query is wrong.
    pub async fn open(url: &SecretString, listen_url: Option<&SecretString>, query: &str) -> Result<Self> {
        let table = Self::new(url, listen_url, query)?;
        match table.cameras().await {
            Err(error) if startup::is_away(&error) => log::warn!("{error}; continuing degraded until it answers"),
            tried => drop(tried?),
        }
        Ok(table)
    }

    /// As [`SiteTable::open`] for a query that has worked before: a column that the site has renamed since then is waited
    /// for like a server that is away.
    ///
    /// # Errors
    /// `Invalid` when the URL is wrong.
    pub async fn open_again(url: &SecretString, listen_url: Option<&SecretString>, query: &str) -> Result<Self> {
        let table = Self::new(url, listen_url, query)?;
        if let Err(error) = table.cameras().await {
            log::warn!("{error}; continuing degraded until it works");
        }
        Ok(table)
    }

    fn new(url: &SecretString, listen_url: Option<&SecretString>, query: &str) -> Result<Self> {
        let mut address = Address::parse(url)?;
        address.listen = listen_url.map(Address::parse).transpose()?.map(Box::new);
        let server = PostgresServer::reading(&address, Arc::new(Gate::open()))?;
        let query = query.trim().trim_end_matches(';').to_owned();
        let lock = SiteLock::new(&address, &query);
        Ok(Self { server, query, left_out: Mutex::default(), lock })
    }

    /// Takes the place of the one node that relays these cameras, or sees that it still has it.
    ///
    /// # Errors
    /// `Conflict` naming the node that has it.
    pub async fn hold(&self, claim: &NodeClaim) -> Result<()> {
        self.lock.hold(claim).await
    }

    /// Gives that place to the next one.
    pub async fn release(&self) {
        self.lock.release().await;
    }

    /// Who relays these cameras, other than the node of this data folder; takes nothing.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn other_relay(&self, instance: Uuid) -> Result<SiteRelay> {
        self.lock.look(instance).await
    }

    /// All cameras, by id.
    ///
    /// # Errors
    /// `Invalid` when the query is wrong; else what is wrong with the server.
    pub async fn cameras(&self) -> Result<Vec<CameraRow>> {
        let (cameras, left_out) = self.read().await?;
        let mut known = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if !left_out.is_empty() && *known != left_out {
            log::warn!(rows = left_out.len(); "rows of {KEY} are left out: {}", shortened(&left_out));
        }
        *known = left_out;
        Ok(cameras)
    }

    /// All cameras, by id, and why each of the other rows is left out.
    ///
    /// # Errors
    /// As [`SiteTable::cameras`].
    pub async fn read(&self) -> Result<(Vec<CameraRow>, Vec<String>)> {
        let link = self.server.link().await?;
        let rows = link.answer(read(&link, &self.query)).await?;
        Ok(sorted(rows.iter().map(|row| (filled(row, 0), camera(row)))))
    }

    /// Says where the cameras are and how many there are.
    ///
    /// # Errors
    /// As [`SiteTable::cameras`].
    pub async fn ping(&self) -> Result<String> {
        let count = self.cameras().await?.len();
        Ok(format!("cameras by {KEY} from {}: {count}{}", self.server.place(), self.server.latency()))
    }
}

async fn read(client: &PostgresClient, query: &str) -> Result<Vec<Row>, PostgresFailure> {
    // The line end keeps a comment at the end of the query from swallowing the parenthesis. Nothing but one statement passes
    // here, and so what is run after it is one as well.
    client.query(&format!("SELECT NULL::text FROM ({query}\n) AS camera LIMIT 0"), &[]).await.map_err(wrong)?;
    // Asked each time, as the site may alter its table.
    let given = client.columns(&format!("SELECT * FROM ({query}\n) AS camera LIMIT 0")).await.map_err(wrong)?;
    let has = |column: &str| given.iter().any(|given| given == column);
    for needed in &COLUMNS[..2] {
        if !has(needed) {
            let sentence =
                format!("gives no column {needed}; rename one, for example SELECT camera_no AS {needed}, ...");
            return Err(Error::invalid(KEY, sentence).into());
        }
    }
    let columns = COLUMNS.map(|column| match has(column) {
        true => format!("left(camera.{column}::text, {})", LONGEST_TEXT + 1),
        false => "NULL::text".to_owned(),
    });
    let sql = format!("SELECT {} FROM ({query}\n) AS camera", columns.join(", "));
    client.query(&sql, &[]).await.map_err(wrong)
}

/// Classes 42 and 0A are about the query itself, and their messages name nothing but parts of the query; other messages may quote
/// rows.
fn wrong(error: tokio_postgres::Error) -> PostgresFailure {
    match error.as_db_error() {
        Some(said)
            if ["42", "0A"].iter().any(|class| said.code().code().starts_with(class))
                && !postgres_fault::is_forbidden(&error) =>
        {
            Error::invalid(KEY, format!("is refused by the database: {}", said.message())).into()
        }
        _ => error.into(),
    }
}

/// `None` without an id.
fn camera(row: &Row) -> Option<CameraRow> {
    let port = filled(row, 4);
    Some(CameraRow {
        id: filled(row, 0)?.trim().parse().ok()?,
        name: text(row, 1).unwrap_or_default(),
        kind: filled(row, 2).unwrap_or_else(|| "generic".to_owned()),
        host: filled(row, 3),
        port: port.as_deref().map(|port| port.trim().parse().unwrap_or(CameraRow::NOT_A_NUMBER)),
        port_text: port.filter(|port| port.trim().parse::<i64>().is_err()),
        username: filled(row, 5),
        password: filled(row, 6).map(SecretString::from),
        channel: filled(row, 7),
        substream: filled(row, 8),
        url: filled(row, 9).map(SecretString::from),
        transport: filled(row, 10),
        audio: filled(row, 11),
        enabled: flag(filled(row, 12).as_deref()),
        record: flag(filled(row, 13).as_deref()),
        updated_at: filled(row, 14),
        label: filled(row, 15),
    })
}

/// Yes where nothing is said; no for what is no yes.
fn flag(text: Option<&str>) -> bool {
    text.is_none_or(|text| {
        let text = text.trim().to_ascii_lowercase();
        matches!(text.as_str(), "true" | "t" | "yes" | "y" | "on")
            || text.parse::<f64>().is_ok_and(|number| number != 0.0)
    })
}

/// By id, each once; and why the others are left out. Our own table keeps names unique. Here a name may come twice: the
/// later camera gets one that no path may have, so that it is shown with its fault and two relays never fight for a path.
fn sorted(rows: impl Iterator<Item = (Option<String>, Option<CameraRow>)>) -> (Vec<CameraRow>, Vec<String>) {
    let (mut by_id, mut left_out) = (BTreeMap::new(), Vec::new());
    for (id, row) in rows {
        match row.map(|row| (by_id.entry(row.id), row)) {
            Some((Entry::Vacant(place), row)) => drop(place.insert(row)),
            Some((Entry::Occupied(_), row)) => left_out.push(format!("id {} comes again", row.id)),
            None => left_out.push(match id {
                None => "a row has no id".to_owned(),
                Some(id) => format!("id {:?} is no whole number", id.chars().take(40).collect::<String>()),
            }),
        }
    }
    // In an order of our own, as the query may have none.
    left_out.sort();
    let mut names: BTreeMap<String, i64> = BTreeMap::new();
    let mut cameras: Vec<CameraRow> = by_id.into_values().collect();
    for camera in cameras.iter_mut().filter(|camera| !camera.name.is_empty()) {
        match names.entry(camera.name.clone()) {
            Entry::Vacant(place) => drop(place.insert(camera.id)),
            Entry::Occupied(first) => camera.name = format!("{} (name of camera {} too)", camera.name, first.get()),
        }
    }
    (cameras, left_out)
}

/// The first few, and how many more there are.
pub fn shortened(reasons: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = reasons.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    match reasons.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
