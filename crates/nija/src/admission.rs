//! Takes people in without the API: the demo's accounts, and the first admin.

use crate::chance::System;
use anyhow::bail;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::input::Command;
use nija_core::ports::control::{Audit, Control, ControlError, Role, User};
use nija_core::ports::{Clock, Desks, Entropy};
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::money::Money;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Span;

/// Who is to be taken in.
pub(crate) struct Person<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    pub(crate) role: Role,
}

/// Writes the user's record and the audit line; the account at the desk is still to be opened.
pub(crate) async fn record(
    control: &dyn Control,
    clock: &dyn Clock,
    person: &Person<'_>,
) -> anyhow::Result<User> {
    let email = person.email.trim().to_lowercase();
    let password = nija_api::hash_password(person.password, &email, random()?.to_be_bytes())?;
    let user = User {
        id: UserId(random()?),
        email,
        password,
        role: person.role,
        account: AccountId(random()?),
        created_at: clock.now(),
        active: false,
    };
    match control.add_user(user.clone()).await {
        Err(ControlError::EmailTaken) => bail!("{} is taken; choose another address", user.email),
        other => other?,
    }
    let line = Audit {
        at: clock.now(),
        actor: None,
        action: match person.role {
            Role::Admin => "admin_created".to_owned(),
            Role::User => "user_created".to_owned(),
        },
        subject: user.id.to_string(),
        detail: "by the command line".to_owned(),
    };
    control.audit(line).await?;
    Ok(user)
}

/// Opens the user's account at its desk and marks it active.
pub(crate) async fn open(
    control: &dyn Control,
    desks: &dyn Desks,
    user: &User,
    (tier, capital): (Tier, Money),
) -> anyhow::Result<()> {
    let command = Command::Open {
        user: user.id,
        tier,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: capital,
    };
    match desks.command(user.account, None, command).await? {
        Answer::Done | Answer::Declined(Decline::AccountExists) => {}
        other => bail!("the desk did not open the account: {other:?}"),
    }
    control.activate(user.id).await?;
    Ok(())
}

/// Unpredictable bits for an id.
pub(crate) fn random() -> anyhow::Result<u128> {
    let mut bytes = [0; 16];
    System.fill(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}
