//! `nija admin`: administration beside a running server. The first administrator is made here,
//! because nobody can become one over the API.

use super::database::{Place, block};
use crate::admission::{self, Person};
use anyhow::{Context, ensure};
use nija_core::ports::control::Role;
use nija_engine::clock::Real;
use nija_store::sqlite::Mode;
use std::io::{Read, Write};

/// Longer than any password that is accepted.
const MOST_INPUT: u64 = 4_096;

/// What to administer.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Add an administrator; the password (15 to 256 characters) is read from the standard input.
    Create {
        /// The address to log in with.
        #[arg(long)]
        email: String,
        /// Read the password from the standard input: never from an argument, which others could
        /// see.
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let Action::Create { email, place, .. } = &options.action;
    let email = nija_api::email_address(email.trim())
        .with_context(|| format!("{email}: write an address like admin@example.com"))?;
    let password = password(std::io::stdin())?;
    let database = place.open(Mode::Admin)?;
    let person = Person { email: &email, password: &password, role: Role::Admin };
    // The first login opens the account at its desk.
    let user = block(admission::record(&*database.control(), &Real, &person))?;
    writeln!(std::io::stdout(), "administrator {email} added, user {}", user.id)?;
    Ok(())
}

/// The first line of the input; what ends the line is no part of it.
fn password(input: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = input.take(MOST_INPUT).read_to_string(&mut text);
    read.context("the password on the standard input is not text")?;
    let line = text.lines().next().unwrap_or_default();
    ensure!(!line.is_empty(), "no password came; pipe it in, for example from a file");
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line() {
        assert_eq!(password("four short words\r\nmore".as_bytes()).unwrap(), "four short words");
        assert!(password("\n".as_bytes()).is_err());
        assert!(password("".as_bytes()).is_err());
    }
}
