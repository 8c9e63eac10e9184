//! In a terminal: closing it stops the program in order, instead of making it read its configuration and live on unseen.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::room::Room;
use crate::support::wait::eventually;

#[tokio::test]
async fn a_closed_terminal_stops_the_program_in_order() {
    let room = Room::new();
    room.write("streamwarden.toml", "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n");
    // `exec`: the program leads the session of its terminal, whatever the shell does with a SIGHUP (`nohup make test`).
    let run = format!("exec {} run --config streamwarden.toml", env!("CARGO_BIN_EXE_streamwarden"));
    let mut terminal = Command::new("script")
        .args(["-q", "-e", "-c", &run, "/dev/null"])
        .current_dir(room.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("script is installed");
    let announced = room.path().join("data/run.json");
    let pid = eventually("the program to run", || async {
        let text = std::fs::read(&announced).ok()?;
        let value: serde_json::Value = serde_json::from_slice(&text).ok()?;
        value["url"].as_str().and(value["pid"].as_u64())
    })
    .await;
    let process = PathBuf::from(format!("/proc/{pid}"));
    assert!(process.exists(), "it runs");
    // The window is gone, and with it everybody who could look.
    terminal.kill().expect("it is ours");
    terminal.wait().expect("it ended");
    let gone = || async {
        // A process that nobody waits for has ended as well.
        let state = std::fs::read_to_string(process.join("stat")).ok();
        state.is_none_or(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))).then_some(())
    };
    eventually("the program to stop", gone).await;
    assert!(!announced.exists(), "it has taken back what it announced");
}
