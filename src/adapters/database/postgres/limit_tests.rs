//! Limits of connections that are not the server's own.

use super::tests::refusal;
use super::testserver::TestServer;
use crate::base::ErrorKind;

#[tokio::test]
async fn a_limit_of_the_role_or_the_database_is_not_called_the_servers() {
    let server = TestServer::start("");
    for sql in [
        "CREATE ROLE limited LOGIN CONNECTION LIMIT 0",
        "CREATE ROLE guest LOGIN",
        "CREATE DATABASE narrow CONNECTION LIMIT 0",
    ] {
        server.psql("postgres", sql).expect(sql);
    }
    for (user, database, words) in [("limited", "postgres", "ALTER ROLE"), ("guest", "narrow", "ALTER DATABASE")] {
        let (kind, sentence) = refusal(&server.url(user, database, "")).await;
        assert!(kind == ErrorKind::Unavailable && sentence.contains(words), "{sentence}");
        assert!(!sentence.contains("max_connections"), "{sentence}");
    }
}
