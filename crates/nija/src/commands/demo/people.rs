//! The demo's people: an account per tier, each subscribed as anybody would, an administrator, and who copies whom.

use crate::admission::{self, Person};
use crate::wire::Platform;
use anyhow::{bail, ensure};
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::request::Request;
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, CopyAct};
use nija_core::ports::Desks as _;
use nija_core::ports::control::{Role, User};
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use nija_engine::clock::Real;

/// The demo's accounts hold so many times the entry capital of their tier: INVESTOR has $1,000.
const CAPITAL: i64 = 4;
/// Whose account is copied.
const MASTER: Tier = Tier::Investor;
/// Who copies it, with how many dollars.
const FOLLOWERS: [(Tier, Money); 2] =
    [(Tier::Income, Money::whole(1_000)), (Tier::Livable, Money::whole(5_000))];

/// The calm master, vetted, and the tier whose pool copies no other: it begins once the record is proven.
pub(super) const CALM: Tier = Tier::Saver;
pub(super) const SAFE: (Tier, Money) = (Tier::Starter, Money::whole(180));

/// One account per tier, and an admin.
pub(super) struct People {
    pub(super) accounts: Vec<(Tier, User)>,
    pub(super) admin: User,
    pub(super) password: String,
}

impl People {
    /// Who is on that tier.
    pub(super) fn of(&self, tier: Tier) -> Option<&User> {
        self.accounts.iter().find(|(of, _)| *of == tier).map(|(_, user)| user)
    }
}

/// Takes everybody in.
pub(super) async fn admit(platform: &Platform) -> anyhow::Result<People> {
    let control = platform.database.control();
    let password = format!("{:032x}", admission::random()?);
    let mut accounts = Vec::new();
    for tier in Tier::ALL {
        let email = format!("{}@demo.nija", tier.name().to_lowercase());
        let person = Person { email: &email, password: &password, role: Role::User };
        let user = admission::record(&*control, &Real, &person).await?;
        let entry = platform.tiers.rules(tier).entry_capital;
        let capital = Money::from_raw(entry.raw().saturating_mul(CAPITAL));
        admission::open(&*control, &platform.handle, &user, (Tier::Paper, capital)).await?;
        if tier != Tier::Paper {
            let plan = Plan { tier, cycle: cycle(tier) };
            act(platform, &user, Command::Subscription(Request::Subscribe(plan))).await?;
        }
        accounts.push((tier, user));
    }
    let person = Person { email: "admin@demo.nija", password: &password, role: Role::Admin };
    let admin = admission::record(&*control, &Real, &person).await?;
    admission::open(&*control, &platform.handle, &admin, (Tier::Paper, Money::ZERO)).await?;
    let people = People { accounts, admin, password };
    copy(platform, &people).await?;
    Ok(people)
}

/// One of them pays by the year, so that there is something to defer.
const fn cycle(tier: Tier) -> Cycle {
    match tier {
        Tier::Livable => Cycle::Annual,
        _ => Cycle::Monthly,
    }
}

async fn copy(platform: &Platform, people: &People) -> anyhow::Result<()> {
    let (Some(master), Some(calm)) = (people.of(MASTER), people.of(CALM)) else {
        return Ok(());
    };
    for (who, change) in [
        (master, MasterChange::Opened(DISCLOSURE)),
        (calm, MasterChange::Opened(DISCLOSURE)),
        (calm, MasterChange::Vetted(true)),
    ] {
        act(platform, who, Command::Lead(change)).await?;
    }
    for (tier, amount) in FOLLOWERS {
        let View::Master(view) = platform.handle.query(Query::Master(master.account)).await? else {
            bail!("the desk does not know the demo's master");
        };
        let (leader, terms) = (Box::new((*view).into()), CopyTerms::default());
        let start = CopyAct::Start { amount, terms, leader, open: false };
        if let Some(follower) = people.of(tier) {
            act(platform, follower, Command::Copy { leader: master.account, act: start }).await?;
        }
    }
    Ok(())
}

async fn act(platform: &Platform, user: &User, command: Command) -> anyhow::Result<()> {
    let answer = platform.handle.command(user.account, None, command).await?;
    ensure!(answer == Answer::Done, "{}: the desk says {answer:?}", user.email);
    Ok(())
}
