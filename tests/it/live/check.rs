//! `streamwarden check` tries a Redis.

use crate::support::redis::RedisServer;
use crate::support::room::Room;

/// The lines of `check` about Redis.
fn lines(url: &str) -> String {
    let room = Room::new();
    let text = format!("data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[live]\nredis_url = \"{url}\"\n");
    room.write("streamwarden.toml", &text);
    let checked = room.run(&["check", "--config", "streamwarden.toml"], &[]);
    let of_redis = |line: &&str| line.contains("redis") || line.trim_start().starts_with("->");
    checked.out.lines().filter(of_redis).collect::<Vec<_>>().join("\n")
}

#[test]
fn check_names_version_rights_memory_and_role() {
    let server = RedisServer::start();
    let url = server.url();
    let told = lines(&url);
    assert!(told.contains("ok") && told.contains("Redis ") && told.contains("prefix mediamtx"), "{told}");
    assert_eq!(server.ask::<Vec<String>>("KEYS *"), [""; 0], "it changes nothing");

    let _: () = server.ask("CONFIG SET maxmemory 100mb");
    let _: () = server.ask("CONFIG SET maxmemory-policy allkeys-lru");
    let told = lines(&url);
    assert!(told.contains("allkeys-lru") && told.contains("maxmemory-policy to noeviction"), "{told}");
    let _: () = server.ask("CONFIG SET maxmemory 0");

    let _: () = server.ask("ACL SETUSER app on >s3cret ~mediamtx:* &mediamtx:* +@all -xadd -zadd");
    let told = lines(&format!("redis://app:s3cret@127.0.0.1:{}/0", server.port()));
    assert!(told.contains("may not run XADD, ZADD; give it +xadd +zadd") && !told.contains("s3cret"), "{told}");
    let _: () = server.ask("ACL SETUSER app +@all resetchannels");
    let told = lines(&format!("redis://app:s3cret@127.0.0.1:{}/0", server.port()));
    assert!(told.contains("FAULT"), "{told}");
    let told = lines(&format!("redis://app:wrong@127.0.0.1:{}/0", server.port()));
    assert!(told.contains("refuses the login"), "{told}");

    let primary = RedisServer::start();
    let _: () = server.ask(&format!("REPLICAOF 127.0.0.1 {}", primary.port()));
    let told = lines(&url);
    assert!(told.contains("read-only replica"), "{told}");
    drop(server);
    let told = lines(&url);
    assert!(told.contains("FAULT") && told.contains("unreachable"), "{told}");
}
