//! Passwords in arguments that `ps` does not show, for any program and any option.
//!
//! ffmpeg takes the credentials of an output URL from its arguments and from nowhere else, and `/proc/PID/cmdline` is
//! open to every user of the machine. So the child is started with a *shown* argument (`rtsp://***@host/path`) under
//! ptrace, which stops it when `exec` is done and before its first instruction. There we write the real text into its
//! memory, turn the pointer in its `argv` to it, and let go. At no moment does the argument area, or the environment,
//! hold the secret.
//!
//! Where the text goes: the kernel puts the name of the executed file at the top of the new stack, above environment
//! and arguments, and no file of `/proc` shows it. We ask for `/usr/bin/////...//ffmpeg`, the same file by a longer
//! name, and the slashes are the room.
//!
//! Never: a running process, a process that is not our child. Talked to by [`super::ChildProcess::spawn`] only.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::argument::Argument;

/// Longest path the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;
const WORD: usize = size_of::<usize>();

/// Room between folder and name of the program, and what to put there.
pub(super) struct MaskedArguments {
    /// The program by its long name.
    pub(super) program: PathBuf,
    /// Length of `program`, and where in it the room begins.
    room_at: usize,
    /// `(index in argv, shown, real)`
    secrets: Vec<(usize, Vec<u8>, Vec<u8>)>,
}

impl MaskedArguments {
    /// `None` when no argument is secret. An error says why it cannot be done.
    pub(super) fn for_arguments(program: &Path, args: &[Argument]) -> io::Result<Option<Self>> {
        let secrets: Vec<_> = (1..)
            .zip(args)
            .filter(|(_, argument)| matches!(argument, Argument::Secret { .. }))
            .map(|(index, argument)| (index, bytes(argument.shown()), bytes(argument.real())))
            .collect();
        if secrets.is_empty() {
            return Ok(None);
        }
        let found = look_up(program)?;
        if let Some(interpreter) = interpreter(&found) {
            // The arguments are the script's, and what it starts gets them again in the open.
            return Err(io::Error::other(format!(
                "{} is a script for {interpreter}, and only the arguments of a program can be hidden; name the program itself \
                in [ffmpeg]",
                found.display()
            )));
        }
        let (Some(folder), Some(name)) = (found.parent(), found.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the program has no file name"));
        };
        let room: usize = secrets.iter().map(|(_, _, real)| real.len() + 1).sum();
        let mut long = bytes(folder.as_os_str());
        let room_at = long.len() + 1;
        long.resize(room_at + room + 1, b'/');
        long.extend_from_slice(name.as_bytes());
        if long.len() >= PATH_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the secret arguments are too long to be hidden"));
        }
        let program = PathBuf::from(std::ffi::OsString::from_vec(long));
        Ok(Some(Self { program, room_at, secrets }))
    }

    /// Runs in the child between fork and exec. Only system calls.
    pub(super) fn ask_to_be_stopped() -> io::Result<()> {
        Ok(nix::sys::ptrace::traceme()?)
    }

    /// Puts the real arguments in place and lets the child run. Called by the thread that forked it, right after.
    ///
    /// Waits for the stop, which is there or microseconds away. On an error the child has not run and has to be killed.
    pub(super) fn install(&self, pid: u32) -> io::Result<()> {
        let child = Pid::from_raw(i32::try_from(pid).map_err(io::Error::other)?);
        // WNOWAIT: an exit is left for the one who reaps.
        let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        match waitid(Id::Pid(child), flags)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) | WaitStatus::PtraceEvent(..) => {}
            other => return Err(io::Error::other(format!("the child did not stop at exec: {other:?}"))),
        }
        self.write(pid)?;
        Ok(nix::sys::ptrace::detach(child, None)?)
    }

    fn write(&self, pid: u32) -> io::Result<()> {
        let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"))?;
        let stack = start_of_stack(pid)?;
        let argv = stack + WORD;
        let room = self.room(&memory, stack)?;
        let mut at = room;
        for (index, shown, real) in &self.secrets {
            let slot = argv + index * WORD;
            if read_text(&memory, read_word(&memory, slot)?, shown.len())? != *shown {
                return Err(io::Error::other("the child's arguments are not where they should be"));
            }
            let mut text = real.clone();
            text.push(0);
            memory.write_all_at(&text, at as u64)?;
            memory.write_all_at(&at.to_ne_bytes(), slot as u64)?;
            at += text.len();
        }
        Ok(())
    }

    /// Address of the room: the name of the executed file is entry `AT_EXECFN` of the vector behind the environment.
    fn room(&self, memory: &File, stack: usize) -> io::Result<usize> {
        const AT_NULL: usize = 0;
        const AT_EXECFN: usize = 31;
        let mut at = stack + WORD;
        // Two lists that end with a null: arguments and environment.
        for _ in 0..2 {
            while read_word(memory, at)? != 0 {
                at += WORD;
            }
            at += WORD;
        }
        loop {
            match read_word(memory, at)? {
                AT_EXECFN => break,
                AT_NULL => return Err(io::Error::other("the child has no AT_EXECFN")),
                _ => at += 2 * WORD,
            }
        }
        let name = read_word(memory, at + WORD)?;
        let program = self.program.as_os_str().as_bytes();
        if read_text(memory, name, program.len())? != program {
            return Err(io::Error::other(
                "the child is not the program we asked for (a script that another one starts?)",
            ));
        }
        Ok(name + self.room_at)
    }
}

/// What runs a script; `None` for a program.
fn interpreter(file: &Path) -> Option<String> {
    let mut start = [0; 128];
    let length = File::open(file).and_then(|mut file| file.read(&mut start)).ok()?;
    let line = start[..length].strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).trim().to_owned())
}

/// Why it could not be done, with the remedy. What the system says of ptrace, `/proc` and `waitid` is one thing: it forbids
/// us to look into our own children.
pub(super) fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(_) => format!("this machine does not let us look into our own children ({error}); allow ptrace of them"),
        None => error.to_string(),
    }
}

fn bytes(text: &OsStr) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// Field 28 of `/proc/PID/stat`: where `argc` is.
fn start_of_stack(pid: u32) -> io::Result<usize> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let field = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(25));
    match field.and_then(|field| field.parse().ok()) {
        Some(0) | None => Err(io::Error::other("/proc does not tell where the child's stack begins")),
        Some(address) => Ok(address),
    }
}

fn read_word(memory: &File, at: usize) -> io::Result<usize> {
    let mut word = [0; WORD];
    memory.read_exact_at(&mut word, at as u64)?;
    Ok(usize::from_ne_bytes(word))
}

fn read_text(memory: &File, at: usize, length: usize) -> io::Result<Vec<u8>> {
    let mut text = vec![0; length];
    memory.read_exact_at(&mut text, at as u64)?;
    Ok(text)
}

/// As `execvp` looks a program up.
fn look_up(program: &Path) -> io::Result<PathBuf> {
    if program.components().count() > 1 {
        return std::path::absolute(program);
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0))
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not found in PATH"))
}
