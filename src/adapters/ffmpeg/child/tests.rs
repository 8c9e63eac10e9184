//! Real processes: `sh` only as a subject, never as a way to start something.

use std::time::Duration;

use super::*;

fn launch(script: &str) -> ProcessLaunch {
    ProcessLaunch {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        label: "test".into(),
        mark: "test-mark".into(),
        ..ProcessLaunch::default()
    }
}

async fn all(mut events: ProcessEvents) -> (Vec<String>, ProcessExit) {
    let mut lines = Vec::new();
    loop {
        match events.recv().await.expect("the exit comes before the end of the channel") {
            ProcessEvent::Line(line) => lines.push(line),
            ProcessEvent::Exited(exit) => return (lines, exit),
        }
    }
}

fn gone(pid: u32) -> bool {
    orphans_state(pid).is_none_or(|state| state == 'Z')
}

fn orphans_state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

#[tokio::test]
async fn lines_stderr_and_exit_code_arrive_in_order() {
    let (child, events) =
        ChildProcess::spawn(launch("echo one; printf 'two\\rthree\\n'; echo 'rtsp://u:p@h/x: no' >&2; exit 3"))
            .expect("sh");
    let (lines, exit) = all(events).await;
    assert_eq!(lines, ["one", "two", "three"]);
    assert_eq!(exit.ending, Ending::Code(3));
    assert_eq!(exit.stderr, ["rtsp://***@h/x: no"]);
    assert!(!child.is_alive());
}

#[tokio::test]
async fn stdin_is_written_and_closed_and_the_environment_is_clean() {
    let mut launch =
        launch("cat; env | grep -v -E '^(PWD|SHLVL|_|OLDPWD)=' | cut -d= -f1; cat /proc/self/cgroup >/dev/null");
    launch.stdin = Some("ffconcat version 1.0\n".to_owned().into());
    let (_child, events) = ChildProcess::spawn(launch).expect("sh");
    let (lines, exit) = all(events).await;
    assert_eq!(exit.ending, Ending::Code(0));
    assert_eq!(lines[0], "ffconcat version 1.0");
    let names: Vec<&str> = lines[1..].iter().map(String::as_str).collect();
    assert!(names.contains(&MARK_VARIABLE), "{names:?}");
    assert!(names.iter().all(|name| *name == MARK_VARIABLE || ENVIRONMENT.contains(name)), "{names:?}");
}

#[tokio::test]
async fn a_missing_program_is_a_sentence() {
    let missing =
        ProcessLaunch { program: "/nowhere/ffmpeg".into(), label: "camera a".into(), ..ProcessLaunch::default() };
    let error = ChildProcess::spawn(missing).expect_err("missing").to_string();
    assert!(error.starts_with("camera a: cannot start /nowhere/ffmpeg"), "{error}");
}

#[tokio::test]
async fn the_ladder_ends_who_obeys_who_does_not_and_who_is_stopped() {
    // Milliseconds of grace: plenty where the signal is obeyed, since a busy machine may take its time to run a shell.
    for (script, grace, wanted) in [
        ("trap 'exit 7' INT; echo up; while :; do sleep 0.05; done", 30_000, Ending::Code(7)),
        ("trap '' INT; trap 'exit 8' TERM; echo up; while :; do sleep 0.05; done", 3_000, Ending::Code(8)),
        ("trap '' INT TERM; echo up; while :; do sleep 0.05; done", 100, Ending::Signal(9)),
        ("trap 'exit 9' INT; echo up; kill -STOP $$; while :; do sleep 0.05; done", 30_000, Ending::Code(9)),
    ] {
        let (child, mut events) = ChildProcess::spawn(launch(script)).expect("sh");
        assert_eq!(events.recv().await, Some(ProcessEvent::Line("up".into())));
        let pid = child.pid();
        let exit = child.stop(Duration::from_millis(grace)).await;
        assert_eq!(exit.ending, wanted, "{script}");
        assert!(gone(pid), "{script}");
    }
}

#[tokio::test]
async fn dropping_kills_the_whole_group_and_leaves_no_zombie() {
    let (child, mut events) = ChildProcess::spawn(launch("sleep 1000 & echo $!; wait")).expect("sh");
    let Some(ProcessEvent::Line(grandchild)) = events.recv().await else { panic!("no line") };
    let (pid, grandchild) = (child.pid(), grandchild.parse::<u32>().expect("a pid"));
    drop(child);
    assert!(matches!(events.recv().await, Some(ProcessEvent::Exited(exit)) if exit.ending == Ending::Signal(9)));
    assert_eq!(orphans_state(pid), None, "reaped");
    // The grandchild is init's to reap; being dead is enough.
    while !gone(grandchild) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_grandchild_that_outlives_the_leader_is_killed_and_holds_nothing_up() {
    let (_child, events) = ChildProcess::spawn(launch("sleep 1000 & echo $!; exit 0")).expect("sh");
    let (lines, exit) = all(events).await;
    assert_eq!(exit.ending, Ending::Code(0));
    let grandchild: u32 = lines[0].parse().expect("a pid");
    while !gone(grandchild) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_listening_does_not_block_the_child() {
    let (mut child, events) =
        ChildProcess::spawn(launch("head -c 3000000 /dev/zero | tr '\\0' '\\n' ; seq 1 200000; exit 5")).expect("sh");
    drop(events);
    assert_eq!(child.wait().await.ending, Ending::Code(5));
}

#[tokio::test]
async fn a_slow_reader_loses_no_line() {
    let (mut child, events) = ChildProcess::spawn(launch("seq 1 5000")).expect("sh");
    child.wait().await;
    let (lines, _) = all(events).await;
    assert_eq!(lines.len(), 5000);
}

#[tokio::test]
async fn secret_arguments_reach_the_program_and_no_file_of_proc() {
    let secrets = ["rtsp://adm:canary-1st@host/path", "rtmp://h/x?pass=canary-2nd"];
    let mut launch = launch(
        "tr '\\0' '\\n' </proc/$$/cmdline; echo --; tr '\\0' '\\n' </proc/$$/environ; echo --; echo \"$1 $2 $3\"",
    );
    let url = |text: &str| Argument::url(&text.to_owned().into());
    launch.args.extend(["sh".into(), url(secrets[0]), "plain".into(), url(secrets[1])]);
    let (_child, events) = ChildProcess::spawn(launch).expect("sh");
    let text = all(events).await.0.join("\n");
    let parts: Vec<&str> = text.split("--\n").collect();
    assert!(parts[0].contains("rtsp://***@host/path\nplain\nrtmp://h/x?pass=***"), "{}", parts[0]);
    assert!(!parts[0].contains("canary"), "{}", parts[0]);
    assert!(parts[1].contains(MARK_VARIABLE) && !parts[1].contains("canary"), "{}", parts[1]);
    assert_eq!(parts[2], format!("{} plain {}", secrets[0], secrets[1]));
}

#[tokio::test]
async fn what_cannot_be_masked_is_started_all_the_same() {
    let folder = tempfile::tempdir().expect("folder");
    let script = folder.path().join("wrapper");
    std::fs::write(&script, "#!/bin/sh\necho \"$1\"\n").expect("script");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
    for (program, url) in
        [(script, "rtsp://a:b@c/d".to_owned()), ("echo".into(), format!("rtsp://a:{}@c/d", "x".repeat(5000)))]
    {
        let launch = ProcessLaunch {
            program,
            args: vec![Argument::url(&url.clone().into())],
            label: "test".into(),
            ..ProcessLaunch::default()
        };
        let (_child, events) = ChildProcess::spawn(launch).expect("starts");
        let (lines, exit) = all(events).await;
        assert_eq!((lines, exit.ending), (vec![url], Ending::Code(0)));
    }
}

#[tokio::test]
async fn an_observer_sees_the_run_that_goes_on_and_outlives_the_child() {
    let script = "printf 'one\\rtwo\\n' >&2; echo up; read line; echo 'rtsp://u:p@h/x: three' >&2; sleep 1000";
    let (child, mut events) = ChildProcess::spawn(launch(script)).expect("sh");
    let observer = child.observer();
    assert_eq!((observer.pid(), observer.exit()), (child.pid(), None));
    assert_eq!(events.recv().await, Some(ProcessEvent::Line("up".into())));
    // `read` meets the end of /dev/null at once.
    while observer.lines().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(observer.lines(), ["one", "two", "rtsp://***@h/x: three"]);
    drop(child);
    let (_, exit) = all(events).await;
    assert_eq!((observer.exit(), exit.ending), (Some(exit.clone()), Ending::Signal(9)));
    assert_eq!(observer.lines().len(), 3);
}

#[tokio::test]
async fn a_crash_leaves_no_core_file() {
    for (signal, number) in [("SEGV", 11), ("ABRT", 6)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut launch = launch(&format!("grep 'Max core' /proc/self/limits; kill -{signal} $$"));
        launch.cwd = Some(folder.path().to_owned());
        let (_child, events) = ChildProcess::spawn(launch).expect("sh");
        let (lines, exit) = all(events).await;
        assert_eq!(exit.ending, Ending::Signal(number));
        let limits: Vec<u64> = lines[0].split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert!(limits.len() == 2 && limits.iter().all(|limit| *limit <= 1), "soft and hard: {lines:?}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
    }
}

#[tokio::test]
async fn children_keep_the_limit_of_open_files_that_we_were_started_with() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    let started_with = soft.min(900);
    setrlimit(Resource::RLIMIT_NOFILE, started_with, hard).expect("lower is allowed");
    raise_descriptor_limit().expect("as far as it goes");
    assert_eq!(descriptor_limit(), hard.min(1 << 20));
    let (_child, events) = ChildProcess::spawn(launch("ulimit -Sn")).expect("sh");
    assert_eq!(all(events).await.0, [started_with.to_string()]);
}
