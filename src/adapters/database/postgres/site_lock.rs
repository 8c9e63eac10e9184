//! One relay for each site's table: nodes that read its cameras with a database each do not meet in a table of ours, but
//! in the site's server. A session there holds an advisory lock, which a read-only database gives too; its name tells the
//! others who has it. It ends with the connection, and with it the claim.
//!
//! A pooler that shares its connections would leave the lock behind for others: it is not used there.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_postgres::Client;
use uuid::Uuid;

use super::postgres_address::Address;
use super::postgres_fault::PostgresFailure;
use super::postgres_listener::{Listening, own_connection};
use crate::base::stable_hash::fnv1a;
use crate::base::{Error, Result};
use crate::domain::node::{NodeClaim, REJOIN_GRACE, relayed_by};

/// All questions of one look together.
const TIMEOUT: Duration = Duration::from_secs(5);

/// At the stop: it ends with the connection in any case.
const RELEASE: Duration = Duration::from_secs(2);

/// A session of an earlier process of ours, whose machine went without a word, has ended by then: the server asks after 10 s
/// of silence, three times, every 5 s ([`KEEPALIVES`]). What is there longer is a process on a copy of our data folder.
const STALE: Duration = Duration::from_secs(10 + 3 * 5 + 5);

/// How its sessions are called: the rest is the node's name.
const PREFIX: &str = "streamwarden ";

/// So that the server notices within half a minute that a machine has gone. It may refuse them.
const KEEPALIVES: [&str; 3] =
    ["SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3"];

/// Who holds the lock of this key, and whether that session is one of this data folder.
const HOLDER: &str = "SELECT coalesce(a.application_name, ''), EXISTS (SELECT 1 FROM pg_locks o WHERE o.pid = l.pid \
     AND o.locktype = 'advisory' AND o.granted AND (o.classid::bigint << 32) | o.objid::bigint = $2) \
     FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted \
     AND l.objsubid = 1 AND (l.classid::bigint << 32) | l.objid::bigint = $1 AND l.pid <> pg_backend_pid() \
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1";

/// What people should know where nodes do not see each other.
pub(super) const POOLED: &str = "a connection pooler shares its connections with others, so that two nodes that relay the \
     cameras of database.cameras_query do not see each other; name the server itself in database.listen_url";

/// The claim on a site's table.
pub(super) struct SiteLock {
    address: Address,
    key: i64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<LockSession>,
    /// It was ours in this process.
    had: bool,
    /// The server did not answer before it was ours: whoever had it has lost it as well, and comes first.
    was_away: bool,
    answered: Option<Instant>,
    /// Since when a session of our own data folder that is not ours has it.
    stale: Option<Instant>,
    /// Who has it, as long as nothing else is known.
    other: Option<String>,
    is_pooled: bool,
}

struct LockSession {
    listening: Listening,
    holds: bool,
}

impl LockSession {
    fn client(&self) -> &Client {
        &self.listening.client
    }
}

/// A session that has the lock.
struct Holder {
    node: String,
    /// It was taken with our data folder.
    is_own: bool,
}

/// Who relays the cameras of a query, for `check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteRelay {
    /// Nobody else.
    Free,
    /// The node of this name.
    Other(String),
    /// Nobody can tell: the sentence says why, and what to do.
    Unknown(&'static str),
}

/// The same for every spelling that differs in blanks alone.
fn key(query: &str) -> i64 {
    let words = query.trim().trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ");
    fnv1a(["streamwarden relays", words.as_str()]).cast_signed()
}

fn key_of(instance: Uuid) -> i64 {
    fnv1a(["streamwarden data_dir", instance.to_string().as_str()]).cast_signed()
}

impl SiteLock {
    /// Asks nothing yet. `address` may name the server itself besides a pooler.
    pub(super) fn new(address: &Address, query: &str) -> Self {
        let address = address.listen.as_deref().unwrap_or(address).clone();
        Self { address, key: key(query), state: Mutex::default() }
    }

    /// Takes the lock, or sees that it is still ours. A server that does not answer changes nothing of what is known.
    ///
    /// # Errors
    /// `Conflict` naming the node that has it.
    pub(super) async fn hold(&self, claim: &NodeClaim) -> Result<()> {
        let mut state = self.state.lock().await;
        if state.is_pooled {
            return Ok(());
        }
        match timeout(TIMEOUT, self.take(&mut state, claim)).await {
            Ok(Ok(other)) => state.other = other,
            failed => {
                if let Ok(Err(failure)) = failed {
                    log::debug!("whether another node relays is not known: {}", failure.sentence(&self.address.place));
                }
                state.session = None;
                state.was_away |= !state.had;
                state.answered = None;
            }
        }
        state.other.as_deref().map_or(Ok(()), |node| Err(relayed_by(node, None)))
    }

    /// Gives it to the next one.
    pub(super) async fn release(&self) {
        let session = self.state.lock().await.session.take();
        if let Some(session) = session {
            let _ = timeout(RELEASE, session.client().batch_execute("SELECT pg_advisory_unlock_all()")).await;
        }
    }

    /// Who relays, taking nothing.
    pub(super) async fn look(&self, instance: Uuid) -> Result<SiteRelay> {
        let place = &self.address.place;
        let asked = async {
            let Some(listening) = own_connection(&self.address, None).await? else {
                return Ok(SiteRelay::Unknown(POOLED));
            };
            let holder = self.holder(&listening.client, instance).await?;
            let other = holder.filter(|holder| !holder.is_own).map(|holder| SiteRelay::Other(holder.node));
            Ok::<_, PostgresFailure>(other.unwrap_or(SiteRelay::Free))
        };
        let late = |_| Error::unavailable(format!("the database {place} does not answer"));
        timeout(TIMEOUT, asked).await.map_err(late)?.map_err(|failure| failure.sentence(place))
    }

    /// The name of the node that has it; `None` when that is us, or nobody knows.
    async fn take(&self, state: &mut State, claim: &NodeClaim) -> Result<Option<String>, PostgresFailure> {
        if let Some(session) = &state.session
            && session.client().simple_query("").await.is_err()
        {
            state.session = None;
        }
        if state.session.is_none() {
            state.session = self.open(claim).await?;
        }
        let State { session: Some(session), had, was_away, answered, stale, is_pooled, .. } = state else {
            state.is_pooled = true;
            log::warn!("the database {}: {POOLED}", self.address.place);
            return Ok(None);
        };
        debug_assert!(!*is_pooled, "asked no more");
        if session.holds {
            return Ok(None);
        }
        let since = *answered.get_or_insert_with(Instant::now);
        if let Some(holder) = self.holder(session.client(), claim.instance).await? {
            // A killed process of ours, as long as the server has not noticed.
            let is_stale = holder.is_own && stale.get_or_insert_with(Instant::now).elapsed() < STALE;
            return Ok((!is_stale).then_some(holder.node));
        }
        *stale = None;
        if *was_away && !*had && since.elapsed() < REJOIN_GRACE {
            return Ok(None);
        }
        let sql = "SELECT pg_try_advisory_lock($1), pg_try_advisory_lock_shared($2)";
        let keys: [(&(dyn tokio_postgres::types::ToSql + Sync), _); 2] = [
            (&self.key, tokio_postgres::types::Type::INT8),
            (&key_of(claim.instance), tokio_postgres::types::Type::INT8),
        ];
        session.holds = session.client().query_typed_one(sql, &keys).await?.get(0);
        *had |= session.holds;
        if session.holds {
            return Ok(None);
        }
        // Somebody was quicker.
        Ok(self.holder(session.client(), claim.instance).await?.map(|holder| holder.node))
    }

    /// A session that is called as this node; `None` where a pooler shares it with others.
    async fn open(&self, claim: &NodeClaim) -> Result<Option<LockSession>, PostgresFailure> {
        let mut address = self.address.clone();
        address.config.application_name(format!("{PREFIX}{}", claim.name));
        let Some(listening) = own_connection(&address, None).await? else { return Ok(None) };
        for setting in KEEPALIVES {
            if let Err(error) = listening.client.batch_execute(setting).await {
                log::debug!("{setting}: {error}");
            }
        }
        Ok(Some(LockSession { listening, holds: false }))
    }

    async fn holder(&self, client: &Client, instance: Uuid) -> Result<Option<Holder>, PostgresFailure> {
        let own = key_of(instance);
        let keys: [(&(dyn tokio_postgres::types::ToSql + Sync), _); 2] =
            [(&self.key, tokio_postgres::types::Type::INT8), (&own, tokio_postgres::types::Type::INT8)];
        let row = client.query_typed(HOLDER, &keys).await?.into_iter().next();
        Ok(row.map(|row| {
            let name: String = row.get(0);
            let node = name.strip_prefix(PREFIX).unwrap_or(&name).to_owned();
            Holder { node, is_own: row.get(1) }
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::{ExposeSecret, SecretString};

    use super::super::SiteTable;
    use super::super::testpooler::TestPooler;
    use super::super::testserver::{TestServer, shared};
    use super::*;
    use crate::base::error::ErrorKind;

    const QUERY: &str = "SELECT 1 AS id, 'gate' AS name";

    fn claim(name: &str, instance: u128) -> NodeClaim {
        let (instance, run) = (Uuid::from_u128(instance), Uuid::new_v4());
        NodeClaim {
            name: name.to_owned(),
            instance,
            run,
            relays: true,
            records: false,
            starts: true,
            ended: Vec::new(),
        }
    }

    async fn table(url: &SecretString, query: &str) -> SiteTable {
        SiteTable::open(url, None, query).await.expect("opened")
    }

    /// Asks for the place until somebody else sees that this node has it. A busy machine may need several tries.
    async fn holds(table: &SiteTable, claim: &NodeClaim, url: &SecretString) {
        let (onlooker, deadline) = (self::table(url, QUERY).await, Instant::now() + Duration::from_secs(60));
        let wanted = SiteRelay::Other(claim.name.clone());
        loop {
            let held = table.hold(claim).await;
            let seen = onlooker.other_relay(Uuid::from_u128(99)).await;
            if held.is_ok() && seen.as_ref().is_ok_and(|seen| *seen == wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "{} has not: {held:?} {seen:?}", claim.name);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for the place until it is refused.
    async fn refused(table: &SiteTable, claim: &NodeClaim) -> Error {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Err(error) = table.hold(claim).await {
                return error;
            }
            assert!(Instant::now() < deadline, "{} is not refused", claim.name);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[tokio::test]
    async fn two_nodes_that_relay_one_sites_cameras_see_each_other() {
        let server = shared();
        let url = server.database();
        let (a, b) = (table(&url, QUERY).await, table(&url, &format!("{}\n;", QUERY.replace(' ', "  "))).await);
        holds(&a, &claim("a", 1), &url).await;
        holds(&a, &claim("a", 1), &url).await;
        let error = refused(&b, &claim("b", 2)).await;
        assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("roles")));
        assert!(error.to_string().contains("\"a\""), "{error}");
        assert_eq!(b.other_relay(Uuid::from_u128(1)).await.expect("asked"), SiteRelay::Free, "it is a itself");
        // Others of the site's cameras, and a successor on a killed one's data folder.
        table(&url, "SELECT 2 AS id, 'door' AS name").await.hold(&claim("b", 2)).await.expect("another query");
        table(&url, QUERY).await.hold(&claim("a", 1)).await.expect("the server has not noticed its end yet");
        a.release().await;
        holds(&b, &claim("b", 2), &url).await;
        drop(b);
        holds(&a, &claim("a", 1), &url).await;
    }

    #[tokio::test]
    async fn who_had_it_has_it_again_when_the_database_comes_back() {
        let server = TestServer::start("default_transaction_read_only = on");
        let url = server.url("tester", "postgres", "");
        let a = table(&url, QUERY).await;
        // A read-only database has locks too.
        holds(&a, &claim("a", 1), &url).await;
        server.stop();
        let b = table(&url, QUERY).await;
        b.hold(&claim("b", 2)).await.expect("nobody can tell");
        server.run();
        b.hold(&claim("b", 2)).await.expect("it waits for those who had it");
        holds(&a, &claim("a", 1), &url).await;
        refused(&b, &claim("b", 2)).await;
        server.stop();
        b.hold(&claim("b", 2)).await.expect_err("nothing else is known");
        server.run();
    }

    #[tokio::test]
    async fn a_pooler_is_told_of_and_the_server_itself_is_used() {
        let server = shared();
        let direct = server.database();
        let name = direct.expose_secret().rsplit('/').next().and_then(|name| name.split('?').next());
        let pooler = TestPooler::start(&server, "transaction", 2, "");
        let through = pooler.url("tester", name.expect("a name"));
        let blind = table(&through, QUERY).await;
        blind.hold(&claim("a", 1)).await.expect("nobody can tell");
        let SiteRelay::Unknown(why) = blind.other_relay(Uuid::nil()).await.expect("asked") else { panic!("blind") };
        assert!(why.contains("database.listen_url"), "{why}");
        let both = SiteTable::open(&through, Some(&direct), QUERY).await.expect("opened");
        holds(&both, &claim("a", 1), &direct).await;
        refused(&table(&direct, QUERY).await, &claim("b", 2)).await;
    }

    #[test]
    fn keys_differ_by_query_alone() {
        let queries = ["SELECT 1", "SELECT  1 ;", "SELECT 2"];
        assert_eq!(queries.map(key).into_iter().collect::<BTreeSet<_>>().len(), 2);
        assert_eq!(key("SELECT 1"), fnv1a(["streamwarden relays", "SELECT 1"]).cast_signed());
    }
}
