//! Configuration, logging and the command line of the real program: exit codes, complaints, log files, no secrets.

mod cameras;
mod complaints;
mod labels;
mod log_files;
mod programs;
mod publishing;
mod services;

use streamwarden::config::ROLES;
use streamwarden::domain::role::Role;

#[test]
fn configuration_and_domain_know_the_same_roles() {
    assert_eq!(Role::ALL.map(Role::as_str), ROLES);
}
