//! `nija admin`: administration beside a running server. The first administrator is made here,
//! because nobody can become one over the API.

use super::database::{Place, block};
use crate::chance::System;
use anyhow::{Context, bail, ensure};
use nija_core::ports::control::{Audit, Control, ControlError, Role, User};
use nija_core::ports::{Clock, Entropy};
use nija_core::words::id::{AccountId, UserId};
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
    let email = address(email)?;
    let password = password(std::io::stdin())?;
    let salt = random()?;
    let hash = nija_api::hash_password(&password, &email, salt)?;
    let user = User {
        id: UserId(u128::from_be_bytes(random()?)),
        email: email.clone(),
        password: hash,
        role: Role::Admin,
        account: AccountId(u128::from_be_bytes(random()?)),
        created_at: Real.now(),
        // The first login opens the account at its desk.
        active: false,
    };
    let database = place.open(Mode::Admin)?;
    let control = database.control();
    let line = Audit {
        at: user.created_at,
        actor: None,
        action: "admin_created".to_owned(),
        subject: user.id.to_string(),
        detail: "nija admin create".to_owned(),
    };
    let id = user.id;
    block(async {
        match control.add_user(user).await {
            Err(ControlError::EmailTaken) => {
                bail!("{email} is taken; choose another address for the administrator")
            }
            other => other?,
        }
        Ok(control.audit(line).await?)
    })?;
    writeln!(std::io::stdout(), "administrator {email} added, user {id}")?;
    Ok(())
}

/// The address in the form in which logins look for it.
fn address(text: &str) -> anyhow::Result<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or_default();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
    let fits = email.len() <= 254
        && !local.is_empty()
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && local.chars().chain(domain.chars()).all(plain);
    ensure!(fits, "{text}: write an address like admin@example.com");
    Ok(email)
}

/// The first line of the input; what ends the line is no part of it.
fn password(input: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = input.take(MOST_INPUT).read_to_string(&mut text);
    read.context("the password on the standard input is not text")?;
    let line = text.lines().next().unwrap_or_default();
    ensure!(
        !line.is_empty(),
        "no password came; pipe it in, for example from a file"
    );
    Ok(line.to_owned())
}

fn random() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    System.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalized_or_refused() {
        assert_eq!(address(" Admin@Example.COM ").unwrap(), "admin@example.com");
        for wrong in [
            "",
            "admin",
            "@example.com",
            "a@b",
            "a@b..c",
            "a b@c.d",
            "a@b@c.d",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_one_line() {
        assert_eq!(
            password("four short words\r\nmore".as_bytes()).unwrap(),
            "four short words"
        );
        assert!(password("\n".as_bytes()).is_err());
        assert!(password("".as_bytes()).is_err());
    }
}
