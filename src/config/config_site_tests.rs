//! `database.cameras_query`: a site with a table of its own.

use secrecy::ExposeSecret;

use super::settings::DatabaseSettings;
use super::{CliOverrides, Sources, load};

fn sources(toml: &str, pg_dsn: Option<&str>) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("s.toml");
    std::fs::write(&file, toml).expect("a writable folder");
    let env = pg_dsn.map(|url| ("PG_DSN".to_owned(), url.to_owned())).into_iter().collect();
    (folder, Sources { file: Some(file), cli: CliOverrides::default(), env, host_name: Some("host-1".to_owned()) })
}

#[test]
fn a_site_with_its_own_table_keeps_ours_in_the_data_folder() {
    let toml =
        "data_dir = \"/srv/video\"\n[database]\ncameras_query = \"\"\"\nSELECT id, name, url FROM cctv;\n\"\"\"\n";
    let (_folder, sources) = sources(toml, Some("postgresql://u:hunter2@h/d"));
    let settings = load(&sources).expect("valid");
    let DatabaseSettings::Site { cameras_query, own, .. } = &settings.database else {
        panic!("{:?}", settings.database)
    };
    assert_eq!(
        (cameras_query.as_str(), own.as_os_str()),
        ("SELECT id, name, url FROM cctv", "/srv/video/streamwarden.db".as_ref())
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_site_behind_a_pooler_names_its_server_too() {
    let toml = "[database]\ncameras_query = \"SELECT 1\"\nlisten_url = \"postgresql://u:hunter3@direct/d\"\n";
    let (_folder, sources) = sources(toml, Some("postgresql://u:hunter2@h/d"));
    let settings = load(&sources).expect("valid");
    let DatabaseSettings::Site { listen_url, .. } = &settings.database else { panic!("{:?}", settings.database) };
    let given = listen_url.as_ref().expect("given").expose_secret();
    assert!(given.contains("host='direct'") && given.contains("hunter3"), "the server itself");
    assert!(!format!("{settings:?}").contains("hunter"));
}

#[test]
fn a_query_needs_a_database_and_reads() {
    for (query, pg_dsn, words) in [
        ("SELECT 1", None, "works with a PostgreSQL database only"),
        ("SELECT 1", Some("sqlite:x.db"), "works with a PostgreSQL database only"),
        ("SELECT 1", Some("postgresql:"), "database.url"),
        ("DELETE FROM cameras", Some("postgresql://u@h/d"), "does not begin with SELECT"),
        (" ; ", Some("postgresql://u@h/d"), "does not begin with SELECT"),
        ("SELECT '\\u0000'", Some("postgresql://u@h/d"), "NUL"),
    ] {
        let (_folder, sources) = sources(&format!("[database]\ncameras_query = \"{query}\""), pg_dsn);
        let complaints = load(&sources).map(|_| ()).expect_err(query);
        assert_eq!(complaints.0.len(), 1, "{query}: {complaints}");
        assert!(complaints.to_string().contains(words), "{query}: {complaints}");
    }
}
