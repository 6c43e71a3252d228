//! The demo's operator, who looks in once a day: re-arms what a black swan stopped once the market has calmed down,
//! books the open invoices of the demo's own people as paid, and lets the tier that copies calm masters only begin as
//! soon as one is proven. Whoever registers does all that for themselves.

use super::people::{CALM, People, SAFE};
use nija_core::billing::subscription::request::Request;
use nija_core::copy::decline::CopyDecline;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{Answer, BillView, Decline, Query, View};
use nija_core::desk::input::{Command, CopyAct};
use nija_core::ports::Desks as _;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::{AccountId, PartitionId, UserId};
use nija_core::words::score::Score;
use nija_engine::node::Handle;

/// A class is re-armed once its volatility score has fallen below this.
const CALM_AGAIN: Score = Score::points(75);

/// Whoever runs the demo.
pub(super) struct Operator {
    handle: Handle,
    admin: UserId,
    clients: Vec<AccountId>,
    /// Who copies a calm master only, and that master.
    safe: Option<(AccountId, AccountId)>,
    partitions: u16,
}

impl Operator {
    pub(super) fn of(people: &People, handle: Handle, partitions: u16) -> Self {
        let clients = people.accounts.iter().map(|(_, user)| user.account).collect();
        let safe = people.of(SAFE.0).zip(people.of(CALM));
        let safe = safe.map(|(follower, master)| (follower.account, master.account));
        Self { handle, admin: people.admin.id, clients, safe, partitions }
    }

    /// What is done each day.
    pub(super) async fn look_in(&self) -> anyhow::Result<()> {
        self.rearm().await?;
        self.copy_safely().await?;
        for partition in (0..self.partitions).map(PartitionId) {
            let View::Bills(bills) = self.handle.query(Query::Bills(partition)).await? else {
                continue;
            };
            for bill in bills.iter().filter(|bill| self.clients.contains(&bill.account)) {
                self.book(bill).await?;
            }
        }
        Ok(())
    }

    /// Asks each day until the master is proven, which takes thirty of them.
    async fn copy_safely(&self) -> anyhow::Result<()> {
        let Some((follower, leader)) = self.safe else { return Ok(()) };
        let View::Account(account) = self.handle.query(Query::Account(follower)).await? else {
            return Ok(());
        };
        let View::Master(master) = self.handle.query(Query::Master(leader)).await? else {
            return Ok(());
        };
        if !account.sleeves.is_empty() {
            return Ok(());
        }
        let (facts, terms) = (Box::new((*master).into()), CopyTerms::default());
        let act = CopyAct::Start { amount: SAFE.1, terms, leader: facts, open: true };
        match self.handle.command(follower, None, Command::Copy { leader, act }).await? {
            Answer::Done | Answer::Declined(Decline::Copying(CopyDecline::NotSafe)) => Ok(()),
            answer => anyhow::bail!("the calm master is not copied: {answer:?}"),
        }
    }

    async fn rearm(&self) -> anyhow::Result<()> {
        let View::Market(market) = self.handle.query(Query::Market).await? else { return Ok(()) };
        for pressed in &market.pressed {
            let Scope::Class(class) = pressed.scope else { continue };
            let calm = market.conditions.filter(|read| !read.black_swan(class));
            let score = calm.and_then(|read| read.volatility(class));
            if let Some(score) = score.filter(|&score| score < CALM_AGAIN) {
                let reason = format!("the demo's operator: volatility is back at {score}");
                self.handle.rearm(pressed.scope, Actor::User(self.admin), reason).await?;
            }
        }
        Ok(())
    }

    /// Books what an open invoice lacks, as an administrator does who has seen the transfer.
    async fn book(&self, bill: &BillView) -> anyhow::Result<()> {
        let of = &bill.subscription;
        let (Some(open), Some(amount)) = (of.open(), of.to_pay()) else { return Ok(()) };
        let (invoice, reference) = (open.invoice, format!("transfer for {}", open.invoice));
        let pay = Command::Subscription(Request::Pay { invoice, amount, reference });
        let answer = self.handle.command(bill.account, None, pay).await?;
        anyhow::ensure!(answer == Answer::Done, "invoice {invoice} was not paid: {answer:?}");
        Ok(())
    }
}
