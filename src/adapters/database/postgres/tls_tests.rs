//! Certificates as chapter 19.9 of the manual of PostgreSQL 15 makes them, with the very commands, and on a real server.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use secrecy::SecretString;
use tempfile::TempDir;

use super::postgres_address::Address;
use super::testserver::{TestServer, own};

/// Runs lines of the manual in a folder.
fn openssl(folder: &Path, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let made = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().expect("openssl");
        assert!(made.status.success(), "{line}: {}", String::from_utf8_lossy(&made.stderr));
    }
}

/// The server goes on with the certificate in this folder.
fn show(server: &TestServer, folder: &Path) {
    server.stop();
    for file in ["server.crt", "server.key"] {
        let place = server.data().join(file);
        std::fs::copy(folder.join(file), &place).expect("copied");
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o600)).expect("private");
        own(&place);
    }
    server.run();
}

/// What comes of a connection; nothing when it is there.
async fn fault(server: &TestServer, host: &str, query: &str) -> Option<String> {
    let url = SecretString::from(format!("postgresql://tester@{host}:{}/postgres?{query}", server.port()));
    let address = Address::parse(&url).map_err(|error| error.to_string()).expect(query);
    address.connect().await.err().map(|error| error.to_string())
}

const SELF_SIGNED: &str =
    "req -new -x509 -days 365 -nodes -text -out server.crt -keyout server.key -subj /CN=localhost";

const ROOT: &str = "req -new -nodes -text -out root.csr -keyout root.key -subj /CN=root.example
    x509 -req -in root.csr -text -days 3650 -extfile /etc/ssl/openssl.cnf -extensions v3_ca -signkey root.key -out root.crt";

const BY_ROOT: &str = "req -new -nodes -text -out server.csr -keyout server.key -subj /CN=localhost
    x509 -req -in server.csr -text -days 365 -CA root.crt -CAkey root.key -CAcreateserial -out server.crt";

const BY_INTERMEDIATE: &str = "req -new -nodes -text -out intermediate.csr -keyout intermediate.key -subj /CN=inter.example
    x509 -req -in intermediate.csr -text -days 1825 -extfile /etc/ssl/openssl.cnf -extensions v3_ca -CA root.crt -CAkey root.key -CAcreateserial -out intermediate.crt
    req -new -nodes -text -out server.csr -keyout server.key -subj /CN=localhost
    x509 -req -in server.csr -text -days 365 -CA intermediate.crt -CAkey intermediate.key -CAcreateserial -out leaf.crt";

#[tokio::test]
async fn certificates_of_the_manual_are_taken_and_others_named() {
    let server = TestServer::start("");
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let other = TempDir::new().expect("a folder");
    openssl(other.path(), ROOT);
    let other = other.path().join("root.crt").display().to_string();
    // A certificate is needed before TLS can be switched on.
    openssl(folder.path(), SELF_SIGNED);
    server.psql("postgres", "ALTER SYSTEM SET ssl = on").expect("set");
    for (what, root) in [("self-signed", "server.crt"), ("by a root", "root.crt"), ("by an intermediate", "root.crt")] {
        match what {
            "by a root" => openssl(folder.path(), &format!("{ROOT}\n{BY_ROOT}")),
            "by an intermediate" => {
                openssl(folder.path(), BY_INTERMEDIATE);
                let read = |name: &str| std::fs::read_to_string(at(name)).expect("made");
                std::fs::write(at("server.crt"), read("leaf.crt") + &read("intermediate.crt")).expect("written");
            }
            _ => {}
        }
        show(&server, folder.path());
        let root = at(root);
        for query in [
            "sslmode=prefer".to_owned(),
            "sslmode=require".to_owned(),
            format!("sslmode=require&sslrootcert={root}"),
            format!("sslmode=verify-ca&sslrootcert={root}"),
            format!("sslmode=verify-full&sslrootcert={root}"),
        ] {
            assert_eq!(fault(&server, "localhost", &query).await, None, "{what}: {query}");
        }
        assert_eq!(fault(&server, "127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}")).await, None, "{what}");
        for (host, query, words) in [
            ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={root}"), "made out to another name"),
            ("localhost", format!("sslmode=verify-full&sslrootcert={other}"), "no authority of sslrootcert"),
            ("localhost", format!("sslmode=require&sslrootcert={other}"), "no authority of sslrootcert"),
        ] {
            let said = fault(&server, host, &query).await.expect("refused");
            assert!(said.contains("not trusted") && said.contains(words), "{what}: {query}: {said}");
        }
        // One authority of the same name did not sign it.
        let imposter = TempDir::new().expect("a folder");
        openssl(imposter.path(), ROOT);
        let imposter = imposter.path().join("root.crt").display().to_string();
        assert!(fault(&server, "localhost", &format!("sslmode=verify-ca&sslrootcert={imposter}")).await.is_some());
    }
    let mut old = Command::new("faketime");
    old.args(["3 days ago", "openssl"]).args(SELF_SIGNED.replace("365", "1").split(' ')).current_dir(folder.path());
    assert!(old.output().expect("faketime").status.success());
    show(&server, folder.path());
    let said = fault(&server, "localhost", &format!("sslmode=verify-ca&sslrootcert={}", at("server.crt"))).await;
    assert!(said.is_some_and(|said| said.contains("expired")));
}

#[tokio::test]
async fn a_socket_is_reached_in_every_spelling_and_sslmode() {
    let folder = TempDir::new().expect("a folder");
    own(folder.path());
    let place = folder.path().display().to_string();
    let server = TestServer::start(&format!("unix_socket_directories = '{place}'"));
    let (port, escaped) = (server.port(), place.replace('/', "%2F"));
    for url in [
        format!("postgresql://tester@{escaped}:{port}/postgres"),
        format!("postgresql:///postgres?host={place}&port={port}&user=tester"),
        format!("postgresql://tester@/postgres?host={place}&port={port}"),
        format!("host={place} port={port} user=tester dbname=postgres"),
        format!("postgresql://tester@{escaped}:{port}/postgres?sslmode=require"),
        format!("postgresql://tester@{escaped}:{port}/postgres?sslmode=prefer"),
    ] {
        let address = Address::parse(&url.clone().into()).map_err(|error| error.to_string()).expect(&url);
        assert_eq!(address.place, format!("{place}/postgres"));
        let connected = address.connect().await.map_err(|error| error.to_string()).expect(&url);
        let row = connected.query_typed_one("SELECT inet_client_addr() IS NULL", &[]).await.expect("asked");
        assert!(row.get::<_, bool>(0), "{url}");
    }
}

#[tokio::test]
async fn tls_is_never_off_without_a_word() {
    let server = TestServer::start("");
    for account in ["tester:Why?Not7", "tester:a#b&c=d", "tester:%3F"] {
        let url = format!("postgresql://{account}@localhost:{}/postgres?sslmode=require", server.port());
        let address = Address::parse(&url.clone().into()).map_err(|error| error.to_string()).expect(&url);
        let error = address.connect().await.map(|_| ()).expect_err(&url).to_string();
        assert!(error.contains("does not support TLS") && error.contains("/postgres "), "{url}: {error}");
        let plain = url.replace("require", "prefer");
        let address = Address::parse(&plain.clone().into()).map_err(|error| error.to_string()).expect(&plain);
        address.connect().await.map(|_| ()).map_err(|error| error.to_string()).expect(&plain);
    }
}
