//! URLs and the pieces of them that have keys of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::{Host, Url};

use super::values::text;
use crate::base::redact;
use crate::config::complaint::ConfigFault;
use crate::config::postgres;
use crate::config::raw::RawEntry;

/// `api_url`. It may have a path, as a reverse proxy may keep the API in a folder, but not the path of the API itself.
pub(super) fn api(entry: &RawEntry, example: &str) -> Result<Url, ConfigFault> {
    let url = with_host(entry, &["http", "https"], example, "use the keys api_username and api_password")?;
    if url.path_segments().is_some_and(|mut parts| parts.any(|part| matches!(part, "v2" | "v3"))) {
        let fault = format!("goes on with {:?}, the path of one of the API's answers", url.path());
        return Err(ConfigFault::new(fault, format!("leave only what comes before it, like {example}")));
    }
    Ok(url)
}

/// `rtsp_url`: scheme, host and port, and nothing else.
pub(super) fn rtsp(entry: &RawEntry, example: &str) -> Result<Url, ConfigFault> {
    let url = with_host(entry, &["rtsp", "rtsps"], example, "use the keys publish_username and publish_password")?;
    if matches!(url.path(), "" | "/") {
        return Ok(url);
    }
    let fault = format!("goes on with {:?} after host and port; names of streams are added to it", url.path());
    Err(ConfigFault::new(fault, format!("leave only scheme, host and port, like {example}")))
}

/// `hls_url`, `webrtc_url`: as a browser reaches them. May have a path, where a reverse proxy keeps the server in a folder.
pub(super) fn player(entry: &RawEntry, example: &str) -> Result<Url, ConfigFault> {
    with_host(entry, &["http", "https"], example, "leave it out: every browser would be told of it")
}

/// A URL with a host, without query and credentials. `credentials` says where username and password belong.
pub(super) fn with_host(
    entry: &RawEntry,
    schemes: &[&str],
    example: &str,
    credentials: &str,
) -> Result<Url, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    let shown = || redact::text(typed).chars().take(100).collect::<String>();
    let url = Url::parse(typed).map_err(|error| {
        ConfigFault::new(format!("{:?} is not a URL: {error}", shown()), format!("write it like {example}"))
    })?;
    if !schemes.contains(&url.scheme()) {
        let wanted = schemes.join(":// or ");
        let fault = format!("{:?} begins with {}://, expected {wanted}://", shown(), url.scheme());
        return Err(ConfigFault::new(fault, format!("write it like {example}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConfigFault::new("holds a username or password, which URLs spread into logs", credentials));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(ConfigFault::new(format!("{:?} names no host", shown()), format!("write it like {example}")));
    }
    if url.port() == Some(0) {
        return Err(ConfigFault::new("names port 0, which nothing listens on", format!("write it like {example}")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigFault::new("goes on with a query", format!("leave it out, like {example}")));
    }
    Ok(url)
}

/// What `database.url` names.
pub(super) enum DatabasePlace {
    /// A file.
    Sqlite(PathBuf),
    /// A server, complete.
    Postgres(SecretString),
}

/// `database.url`. The value is never repeated: a PostgreSQL URL holds its password. What it does not say of a PostgreSQL
/// server comes from the variables that psql looks at.
pub(super) fn database(entry: &RawEntry, env: &BTreeMap<String, String>) -> Result<DatabasePlace, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    if let Some(file) = typed.strip_prefix("sqlite:") {
        return sqlite_file(file).map(DatabasePlace::Sqlite);
    }
    if !postgres::is_meant(typed) {
        let remedy =
            "write sqlite:FILE, for example sqlite:var/streamwarden.db, or postgresql://user:password@host/database";
        return Err(ConfigFault::new("is not the URL of a database", remedy));
    }
    postgres_server(typed, env).map(DatabasePlace::Postgres)
}

/// `database.listen_url`: as `database.url`, of a PostgreSQL server.
pub(super) fn listen(entry: &RawEntry, env: &BTreeMap<String, String>) -> Result<SecretString, ConfigFault> {
    postgres_server(text(entry)?.trim(), env)
}

fn postgres_server(typed: &str, env: &BTreeMap<String, String>) -> Result<SecretString, ConfigFault> {
    let complete = postgres::complete(typed, env);
    complete.map(SecretString::from).map_err(|wrong| ConfigFault::new(wrong.fault, wrong.remedy))
}

fn sqlite_file(file: &str) -> Result<PathBuf, ConfigFault> {
    let remedy = "write sqlite:FILE; a relative FILE counts from the working directory";
    let file = match file.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_) => return Err(ConfigFault::new("has two slashes after sqlite:, which would name a host", remedy)),
        None => file,
    };
    if file.is_empty() || file.ends_with('/') {
        return Err(ConfigFault::new("names no file", remedy));
    }
    if file.starts_with(':') {
        return Err(ConfigFault::new("would keep nothing: the database must be a file", remedy));
    }
    if file.contains(['?', '#']) {
        return Err(ConfigFault::new("has options after the file, which are not known here", remedy));
    }
    Ok(Path::new(file).to_owned())
}

/// A host alone, as it stands in a URL: an IPv6 address gets its brackets.
pub(super) fn host(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    let bracketed = if typed.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{typed}]") } else { typed.to_owned() };
    match Host::parse(&bracketed) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(ConfigFault::new(
            format!("{:?} is not a host", redact::text(typed).chars().take(60).collect::<String>()),
            "write a host name or an IP address, without scheme and port",
        )),
    }
}

/// `objects.s3.endpoint_url`: scheme, host and port of an S3 server.
pub(super) fn endpoint(entry: &RawEntry) -> Result<Url, ConfigFault> {
    let example = "https://s3.example.org or http://127.0.0.1:9000";
    let remedy = "use the keys access_key_id and secret_access_key";
    let url = with_host(entry, &["http", "https"], example, remedy)?;
    if matches!(url.path(), "" | "/") {
        return Ok(url);
    }
    let fault =
        format!("goes on with {:?} after host and port; the bucket has a key of its own, bucket_name", url.path());
    Err(ConfigFault::new(fault, format!("leave only scheme, host and port, like {example}")))
}

/// Address of a monitor, without credentials; may have a path, where a reverse proxy keeps it in a folder.
pub(super) fn monitor(entry: &RawEntry) -> Result<Url, ConfigFault> {
    let typed = super::values::text(entry)?;
    let remedy = "write what the browser's address bar shows: https://video.example.org";
    let shown: String = redact::text(typed.trim()).chars().take(60).collect();
    let url = Url::parse(typed.trim())
        .map_err(|error| ConfigFault::new(format!("{shown:?} is not an address: {error}"), remedy))?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    if !is_plain || !url.has_host() {
        return Err(ConfigFault::new(format!("{shown:?} is not the address of a monitor"), remedy));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let remedy = "leave it out, and give a token: agent.token_file";
        return Err(ConfigFault::new("holds a name or a password", remedy));
    }
    Ok(url)
}

/// An origin as browsers send it: scheme, host and port, no path.
pub(super) fn origin(typed: &str) -> Result<String, ConfigFault> {
    let remedy = "write what the browser's address bar shows, up to the port: https://video.example.org";
    if typed == "*" {
        return Err(ConfigFault::new("\"*\" would let every web page of the world open the WebSocket", remedy));
    }
    let shown: String = redact::text(typed).chars().take(60).collect();
    let url =
        Url::parse(typed).map_err(|error| ConfigFault::new(format!("{shown:?} is not an origin: {error}"), remedy))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(ConfigFault::new(format!("{shown:?} is not an origin"), remedy))
    }
}
