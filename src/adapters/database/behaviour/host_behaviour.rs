//! Hosts as they were last measured.

use crate::adapters::database::Database;
use crate::domain::host::HostStatus;
use crate::domain::sample;

pub(in crate::adapters::database) async fn hosts_are_kept_as_last_measured(database: &dyn Database) {
    assert_eq!(database.hosts().await.expect("read"), []);
    let (edge, other) = (sample::host("edge-1"), sample::host("it's"));
    database.put_hosts(vec![other.clone(), edge.clone()]).await.expect("kept");
    let later = HostStatus { cores: None, interval: 20.0, ..edge.clone() };
    database.put_hosts(vec![later.clone()]).await.expect("kept");
    assert_eq!(database.hosts().await.expect("read"), [later.clone(), other]);
    for _ in 0..2 {
        database.remove_host("it's".to_owned()).await.expect("removed; twice does no harm");
    }
    assert_eq!(database.hosts().await.expect("read"), [later]);
}
