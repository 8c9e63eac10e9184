//! `database.url` of a PostgreSQL server: what it says, made bounded in time, and a name for it without its password.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::{Tls, Trust};
use crate::base::{Error, Result};

/// Time for one host to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// A connection that carries nothing for so long is asked whether it lives, and given up after 3 more unanswered ones.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// Where the database is and how to get there.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// `host:port/database`.
    pub(super) place: String,
}

impl Address {
    /// Reads a URL (or a `host=... user=...` line, as libpq takes it).
    ///
    /// `sslmode` is that of libpq: `require` encrypts without looking at the certificate, `verify-ca` and `verify-full`
    /// look at it, with the system's authorities or those of `sslrootcert`.
    pub(super) fn parse(url: &SecretString) -> Result<Self> {
        let (url, trust) = take_tls(url.expose_secret())?;
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            // The parser names the parameter at fault, never its value.
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            wrong(format!(
                "is not the URL of a PostgreSQL database{cause}; write postgresql://user:password@host/database"
            ))
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("names no host; write postgresql://user:password@host/database".to_owned()));
        }
        if config.get_user().is_none_or(str::is_empty) {
            return Err(wrong("names no user; write postgresql://user:password@host/database".to_owned()));
        }
        if trust != Trust::Anybody {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("streamwarden");
        }
        config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE / 2).keepalives_retries(3);
        config.tcp_user_timeout(KEEPALIVE * 3);
        let place = place(&config);
        Ok(Self { config, tls: Tls::new(trust)?, place })
    }
}

/// Takes out the parameters that the driver does not know: `sslmode=verify-*` and `sslrootcert`.
fn take_tls(url: &str) -> Result<(String, Trust)> {
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), Trust::Anybody)) };
    let (mut kept, mut roots, mut mode) = (Vec::new(), None, "prefer");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslrootcert", file)) => {
                let file = percent_encoding::percent_decode_str(file).decode_utf8_lossy().into_owned();
                roots = Some(file).filter(|file| file != "system").map(PathBuf::from);
            }
            Some(("sslmode", value)) => mode = value,
            _ => kept.push(pair.to_owned()),
        }
    }
    let (driver_mode, trust) = match mode {
        "disable" => ("disable", Trust::Anybody),
        "allow" | "prefer" => ("prefer", Trust::Anybody),
        // libpq: with a root certificate, require looks at the certificate as verify-ca does.
        "require" if roots.is_none() => ("require", Trust::Anybody),
        "require" | "verify-ca" => ("require", Trust::Authority(roots)),
        "verify-full" => ("require", Trust::AuthorityAndName(roots)),
        _ => {
            return Err(wrong(
                "has an unknown sslmode; write disable, prefer, require, verify-ca or verify-full".to_owned(),
            ));
        }
    };
    kept.push(format!("sslmode={driver_mode}"));
    Ok((format!("{base}?{}", kept.join("&")), trust))
}

fn place(config: &Config) -> String {
    let (ports, addresses) = (config.get_ports(), config.get_hostaddrs());
    // One port counts for all hosts.
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let mut hosts: Vec<String> = Vec::new();
    for (at, host) in config.get_hosts().iter().enumerate() {
        hosts.push(match host {
            Host::Tcp(name) => format!("{name}:{}", port(at)),
            Host::Unix(folder) => folder.display().to_string(),
        });
    }
    if hosts.is_empty() {
        hosts.extend(addresses.iter().enumerate().map(|(at, address)| format!("{address}:{}", port(at))));
    }
    format!("{}/{}", hosts.join(","), config.get_dbname().or(config.get_user()).unwrap_or_default())
}

fn wrong(sentence: String) -> Error {
    Error::invalid("database.url", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address> {
        Address::parse(&SecretString::from(url))
    }

    #[test]
    fn places_are_named_without_credentials() {
        for (url, place) in [
            ("postgresql://u:hunter2@db.example/cams", "db.example:5432/cams"),
            ("postgres://u:hunter2@db.example:6000", "db.example:6000/u"),
            ("postgresql://u@%2Frun%2Fpostgresql/cams", "/run/postgresql/cams"),
            ("postgresql://u:hunter2@a:6000,b:6001/cams?connect_timeout=2", "a:6000,b:6001/cams"),
            ("postgresql://u:hunter2@h/cams?", "h:5432/cams"),
            ("host=db user=u password=hunter2 dbname=cams", "db:5432/cams"),
        ] {
            let address = parse(url).map_err(|error| error.to_string()).expect(url);
            assert_eq!(address.place, place);
        }
    }

    #[test]
    fn faults_are_named_without_the_url() {
        for (url, words) in [
            ("postgresql://u:hunter2@h/d?sslmode=maybe", "unknown sslmode"),
            ("postgresql://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/no/such", "/no/such"),
            ("postgresql://u:hunter2@h/d?hunter2=1", "not the URL"),
            ("postgresql://u:hunter2@h:hunter2/d", "not the URL"),
            ("postgresql://:hunter2@h/d", "names no user"),
            ("postgresql:///d?user=u", "names no host"),
            ("hunter2", "not the URL"),
        ] {
            let Err(error) = parse(url) else { panic!("{url} was taken") };
            assert_eq!(error.field(), Some("database.url"));
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2") || url.contains("hunter2=1"), "{error:?}");
        }
    }

    #[test]
    fn sslmode_means_what_it_means_to_libpq() {
        for (query, mode) in [
            ("", SslMode::Prefer),
            ("?sslmode=disable", SslMode::Disable),
            ("?sslmode=allow", SslMode::Prefer),
            ("?application_name=x&sslmode=require", SslMode::Require),
            ("?sslmode=verify-full", SslMode::Require),
        ] {
            let address = parse(&format!("postgresql://u@h/d{query}")).map_err(|error| error.to_string()).expect(query);
            assert_eq!(address.config.get_ssl_mode(), mode, "{query}");
        }
    }
}
