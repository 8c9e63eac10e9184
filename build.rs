//! Tells the program which commit it is built from: `BUILD_COMMIT` where packagers set it, else what git says when a
//! release is built. Without either, as from an unpacked archive, it is not known and nothing fails.
//!
//! None of the names begins with `STREAMWARDEN_`: cargo hands what is set here to whatever it runs (`cargo run`, tests), and the
//! program refuses variables with its own prefix that it does not know.
//!
//! Builds for development do not ask git: every commit would build everything again.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=BUILD_COMMIT");
    let given = env::var("BUILD_COMMIT").ok().filter(|commit| is_plain(commit));
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| if is_release { commit_of_git() } else { None }).unwrap_or_default();
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo:rustc-env=BUILT_FROM={commit}");
    match commit.as_str() {
        "" => println!("cargo:rustc-env=BUILT_VERSION={version}"),
        _ => println!("cargo:rustc-env=BUILT_VERSION={version} ({commit})"),
    }
}

/// Letters, digits and `-` only: it becomes part of a line.
fn is_plain(commit: &str) -> bool {
    !commit.is_empty() && commit.len() <= 64 && commit.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The commit, with `-dirty` when files differ from it.
fn commit_of_git() -> Option<String> {
    // An archive that was unpacked inside somebody else's repository is not built from that one's commit.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    if std::fs::canonicalize(top).ok()? != std::fs::canonicalize(here).ok()? {
        return None;
    }
    // These change with every commit and every checkout.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| std::path::Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| is_plain(commit))?;
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"]).is_some();
    Some(if dirty { format!("{commit}-dirty") } else { commit })
}

/// What git says; `None` when it says nothing, fails, or is not there.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
