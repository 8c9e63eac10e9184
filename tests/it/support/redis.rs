//! A Redis of a test's own, and what somebody else's program does with it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use redis::{Client, Connection, FromRedisValue};
use secrecy::SecretString;
use streamwarden::config::settings::RedisSettings;
use tempfile::TempDir;

use super::port::free_port;
use super::processes::send;

/// A redis-server on a port and a socket of its own, gone with this value.
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    running: Option<Child>,
}

impl RedisServer {
    /// One without options.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// One with these options of its command line.
    pub fn with(options: &[&str]) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder");
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut server = Self { folder, port, options, running: None };
        server.run();
        server
    }

    /// Starts it after [`RedisServer::stop`]; it is empty.
    pub fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        // It dies with the thread of its test.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--port")
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.folder.path())
            .arg("--unixsocket")
            .arg(self.socket())
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("cloned"))
            .stderr(log)
            .spawn()
            .expect("redis-server: apt-get install redis-server");
        self.running = Some(child);
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server does not start: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it at once; what it held is lost.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            // Both fail only when it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it in the middle of what it does, or lets it go on.
    pub fn pause(&self, signal: Signal) {
        send(self.running.as_ref().expect("running").id(), signal);
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Settings for the program under test.
    pub fn settings(&self) -> RedisSettings {
        self.settings_at(&self.url())
    }

    pub fn settings_at(&self, url: &str) -> RedisSettings {
        RedisSettings { url: SecretString::from(url), ca_file: None, prefix: "mediamtx".to_owned() }
    }

    /// A connection of somebody else, over the socket.
    pub fn client(&self) -> Connection {
        let client = Client::open(format!("redis+unix://{}", self.socket().display())).expect("a url");
        let connection = client.get_connection().expect("a connection");
        let limit = Some(Duration::from_secs(10));
        connection.set_read_timeout(limit).expect("a limit");
        connection
    }

    /// What a command answers, words separated by blanks.
    pub fn ask<T: FromRedisValue>(&self, command: &str) -> T {
        self.try_ask(command).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub fn try_ask<T: FromRedisValue>(&self, command: &str) -> redis::RedisResult<T> {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().expect("a command"));
        asked.arg(words.collect::<Vec<_>>());
        asked.query(&mut self.client())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
