//! A PostgreSQL server: what the settings say of it, made bounded in time, and a name for it without its password.

use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config};
use tokio_util::task::AbortOnDropHandle;

use super::postgres_fault::{self, PostgresFailure};
use super::postgres_tls::Tls;
use super::quoted::quoted;
use super::verify::Trust;
use crate::base::{Error, Result};
use crate::config::postgres::{self, Parameters};
use crate::config::settings::PostgresSettings as Settings;

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
    /// Where our tables are; `None`: the first schema of the user's search path.
    pub(super) schema: Option<String>,
    /// The server itself, where this leads to a pooler.
    pub(super) listen: Option<Box<Self>>,
}

/// A connection outside of the pool, for one piece of work.
pub(super) struct Connected {
    client: Client,
    /// Carries it; the connection ends with it.
    _carrier: AbortOnDropHandle<Result<(), tokio_postgres::Error>>,
}

impl Deref for Connected {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Connected {
    /// Ends the transaction that an error has left open: what it has locked is free at once, and a pooler in between may go
    /// on with its connection.
    pub(super) async fn roll_back<T>(&self, result: Result<T, PostgresFailure>) -> Result<T, PostgresFailure> {
        if result.is_err() {
            // What went wrong before is what counts.
            let _ = self.client.batch_execute("ROLLBACK").await;
        }
        result
    }
}

impl Address {
    /// Reads what the settings say of a database of ours.
    pub(super) fn of(settings: &Settings) -> Result<Self> {
        let mut address = Self::parse(&settings.url)?;
        address.schema.clone_from(&settings.schema);
        address.listen = settings.listen_url.as_ref().map(Self::parse).transpose()?.map(Box::new);
        Ok(address)
    }

    /// Reads a URL or a line of pairs, as libpq takes it.
    ///
    /// `sslmode` is that of libpq: `require` encrypts without looking at the certificate, `verify-ca` and `verify-full`
    /// look at it, with the system's authorities or those of `sslrootcert`.
    pub(super) fn parse(url: &SecretString) -> Result<Self> {
        let mut given =
            postgres::parse(url.expose_secret()).map_err(|why| wrong(format!("{}; {}", why.fault, why.remedy)))?;
        let trust = take_tls(&mut given);
        let mut config: Config = postgres::line(&given).parse().map_err(|error: tokio_postgres::Error| {
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
        if config.get_hosts().is_empty() {
            // Certificates are made out to something.
            let addresses: Vec<_> = config.get_hostaddrs().to_vec();
            addresses.iter().for_each(|address| _ = config.host(address.to_string()));
        }
        if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
            // Nobody is between us and a socket; the server speaks no TLS there.
            config.ssl_mode(SslMode::Disable);
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
        Ok(Self { config, tls: Tls::new(trust)?, place, schema: None, listen: None })
    }

    /// A statement for the begin of each transaction.
    pub(super) fn search_path(&self) -> String {
        let path = |schema: &String| format!("SET LOCAL search_path = {}; ", quoted(schema));
        self.schema.as_ref().map(path).unwrap_or_default()
    }

    /// A connection of its own.
    pub(super) async fn connect(&self) -> Result<Connected> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, connection) = connected.map_err(|error| postgres_fault::sentence(&self.place, &error))?;
        Ok(Connected { client, _carrier: AbortOnDropHandle::new(tokio::spawn(connection)) })
    }
}

/// Takes out what the driver does not know.
fn take_tls(given: &mut Parameters) -> Trust {
    given.remove("passfile");
    let roots = given.remove("sslrootcert").filter(|file| file != "system").map(PathBuf::from);
    let mode = given.remove("sslmode").unwrap_or_default();
    let (driver_mode, trust) = match mode.as_str() {
        "disable" => ("disable", Trust::Anybody),
        // libpq: with a root certificate, require looks at the certificate as verify-ca does.
        "require" if roots.is_none() => ("require", Trust::Anybody),
        "require" | "verify-ca" => ("require", Trust::Authority(roots)),
        "verify-full" => ("require", Trust::AuthorityAndName(roots)),
        _ => ("prefer", Trust::Anybody),
    };
    given.insert("sslmode".to_owned(), driver_mode.to_owned());
    trust
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
            ("postgresql://u:hunter2@h/d?connect_timeout=long", "not the URL"),
            ("postgresql://:hunter2@h/d", "names no user"),
            ("postgresql:///d?user=u", "names no host"),
            ("hunter2", "not the URL"),
        ] {
            let Err(error) = parse(url) else { panic!("{url} was taken") };
            assert_eq!(error.field(), Some("database.url"));
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
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
            ("?sslmode=require&host=/tmp", SslMode::Disable),
        ] {
            let address =
                parse(&format!("postgresql://u:Why?Not7@h/d{query}")).map_err(|error| error.to_string()).expect(query);
            assert_eq!(address.config.get_ssl_mode(), mode, "{query}");
        }
    }
}
