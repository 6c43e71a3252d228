//! A master, all who copy it, and users beside them: opened in batches, durable before anything is measured.
//! Tiers and sizes are mixed, so that some copies are capped, some refused and some too small.

use crate::meter::Chance;
use crate::scene::{self, PARTITIONS};
use anyhow::{Result, bail, ensure};
use nija_core::commit::commit;
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::{Command, CopyAct, LeaderFacts};
use nija_core::ports::Journal;
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::money::Money;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::partitions::Partitions;

/// Users of the highest tier who trade while copies are made.
const USERS: u128 = 64;
/// What the master has; 3 percent of it is the most that its tier may hold of one instrument.
const MASTERS_DOLLARS: i32 = 50_000;
const LEADER: AccountId = AccountId(u128::MAX - 1);

/// The desks with everybody in them.
pub(super) struct Crowd {
    pub(super) desks: Partitions,
    pub(super) leader: AccountId,
    pub(super) users: Vec<AccountId>,
    /// Seconds that it took to open all accounts and to begin all copies.
    pub(super) opened_in: f64,
}

impl Crowd {
    /// Opens everything and makes it durable.
    pub(super) async fn gather(
        journal: &dyn Journal,
        followers: u32,
        at: Timestamp,
    ) -> Result<Self> {
        let desks = scene::desks_at(PARTITIONS, at)?;
        let users = (1..=USERS).map(|n| AccountId(n << 64)).collect();
        let mut crowd = Self { desks, leader: LEADER, users, opened_in: 0.0 };
        for user in crowd.users.clone() {
            crowd.command(user, scene::open(user.0, Tier::Baller), at)?;
        }
        crowd.command(LEADER, open(LEADER, Tier::Baller, MASTERS_DOLLARS), at)?;
        crowd.command(LEADER, Command::Lead(MasterChange::Opened(DISCLOSURE)), at)?;
        crowd.command(LEADER, Command::Lead(MasterChange::Vetted(true)), at)?;
        let began = std::time::Instant::now();
        let mut chance = Chance::new(23);
        for n in 0..followers {
            crowd.follow(n, &mut chance, at)?;
            if crowd.desks.is_full() {
                crowd.seal(journal).await?;
            }
        }
        crowd.seal(journal).await?;
        crowd.opened_in = began.elapsed().as_secs_f64();
        Ok(crowd)
    }

    fn follow(&mut self, n: u32, chance: &mut Chance, at: Timestamp) -> Result<()> {
        let id = AccountId(((chance.below(usize::MAX) as u128) << 64) | u128::from(n) | 1 << 40);
        let tier = Tier::ALL[chance.below(Tier::ALL.len())];
        let amount = Money::whole(200 + i32::try_from(chance.below(8_000))?);
        self.command(id, open(id, tier, 10_000), at)?;
        // What a record of a month would say of a calm master: the pool "Safe copy" takes no other.
        let facts = LeaderFacts {
            user: UserId(LEADER.0),
            leads: true,
            vetted: true,
            risk: Some(2),
            last: 0,
            holds: Vec::new(),
        };
        let (terms, leader) = (CopyTerms::default(), Box::new(facts));
        let act = CopyAct::Start { amount, terms, leader, open: false };
        self.command(id, Command::Copy { leader: LEADER, act }, at)
    }

    fn command(&mut self, account: AccountId, command: Command, at: Timestamp) -> Result<()> {
        match self.desks.command(account, None, command, at)? {
            Answer::Done => Ok(()),
            other => bail!("not done: {other:?}"),
        }
    }

    /// Makes what was taken durable; nothing of it may leave.
    async fn seal(&mut self, journal: &dyn Journal) -> Result<()> {
        let left = commit(journal, self.desks.seal()).await?;
        ensure!(left.is_empty(), "an order left before the measuring");
        Ok(())
    }
}

const fn open(id: AccountId, tier: Tier, dollars: i32) -> Command {
    Command::Open {
        user: UserId(id.0),
        tier,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(dollars),
    }
}
