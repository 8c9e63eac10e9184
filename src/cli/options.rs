//! Options that several commands have.

use clap::Args;

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Print {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// How data is printed, and which streamwarden is asked.
#[derive(Clone, Debug, Default, Args)]
pub struct ApiTarget {
    /// How to print it.
    #[command(flatten)]
    pub print: Print,
    /// Address of a running streamwarden to ask instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long, value_name = "URL", visible_alias = "url")]
    pub api: Option<String>,
}
