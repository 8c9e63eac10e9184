//! A pgbouncer of a test's own between it and a [`TestServer`]; it ends with the test.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tempfile::TempDir;

use super::port::free_port;
use super::testserver::{TestServer, as_its_user, own};

/// A running pooler.
pub struct TestPooler {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl TestPooler {
    /// Starts one with `connections` to the server for each user and database; `mode` is its `pool_mode`, `settings` are
    /// further lines of its configuration.
    pub fn start(server: &TestServer, mode: &str, connections: u32, settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let (users, file) = (folder.path().join("users"), folder.path().join("pgbouncer.ini"));
        fs::write(&users, "\"tester\" \"\"\n\"reader\" \"\"\n").expect("written");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = {connections}\n\
             {settings}\n",
            server.port(),
            users.display()
        );
        fs::write(&file, text).expect("written");
        [folder.path(), users.as_path(), file.as_path()].into_iter().for_each(own);
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| fs::exists(path).is_ok_and(|is| is));
        let program = program.expect("pgbouncer is needed for this test: apt-get install pgbouncer");
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let mut command = as_its_user(program.as_ref());
        command.arg(&file).current_dir(folder.path()).stdin(Stdio::null());
        let child = command.stdout(log.try_clone().expect("cloned")).stderr(log).spawn().expect("pgbouncer");
        let pooler = Self { folder, port, child };
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "pgbouncer does not answer:\n{}", pooler.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        pooler
    }

    /// URL of a database through the pooler.
    pub fn url(&self, user: &str, database: &str) -> SecretString {
        SecretString::from(format!("postgresql://{user}@localhost:{}/{database}", self.port))
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for TestPooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
