//! What followers made of a leader: sums over sleeves, and the figures that a leaderboard shows of them.

use crate::words::fixed::Round;
use crate::words::id::AccountId;
use crate::words::money::{Money, Pct};

/// What followers of one leader made of it, in one partition or in all, those who left included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowersView {
    /// The leader's account.
    pub leader: AccountId,
    /// Who copies now.
    pub active: u32,
    /// Who ever did.
    pub ever: u32,
    /// Who has won, fees and slippage paid.
    pub winners: u32,
    /// Money that copies now, at its worth.
    pub following: Money,
    /// Money put in: of each follower the most there was at once.
    pub put_in: Money,
    /// Won or lost by all of them, fees and slippage paid.
    pub profit: Money,
    /// Copy fees they paid.
    pub fees: Money,
    /// What copies cost more than the leader's prices.
    pub slippage: Money,
    /// Purchases copied.
    pub copied: u64,
    /// Leads that led to no order.
    pub skipped: u64,
}

impl FollowersView {
    /// Adds what followers in another partition made of the same leader.
    pub fn add(&mut self, other: &Self) {
        self.leader = other.leader;
        self.active = self.active.saturating_add(other.active);
        self.ever = self.ever.saturating_add(other.ever);
        self.winners = self.winners.saturating_add(other.winners);
        self.following = self.following.saturating_add(other.following);
        self.put_in = self.put_in.saturating_add(other.put_in);
        self.profit = self.profit.saturating_add(other.profit);
        self.fees = self.fees.saturating_add(other.fees);
        self.slippage = self.slippage.saturating_add(other.slippage);
        self.copied = self.copied.saturating_add(other.copied);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
    /// Profit in percent of the money put in; none while nothing ever was.
    #[must_use]
    pub fn return_pct(&self) -> Option<Pct> {
        let put_in = Some(self.put_in).filter(|money| money.is_positive())?;
        self.profit.percent_of(put_in, Round::HalfEven)
    }
    /// How many of those who ever followed have won, percent; none while nobody has.
    #[must_use]
    pub fn won_pct(&self) -> Option<Pct> {
        let [won, all] = [self.winners, self.ever].map(|count| Money::from_raw(count.into()));
        won.percent_of(all, Round::HalfEven).filter(|_| self.ever > 0)
    }
    /// What a copied purchase cost more than the leader's price, sales of it included; none before the first.
    #[must_use]
    pub fn average_slippage(&self) -> Option<Money> {
        let copies = i64::try_from(self.copied).ok().filter(|copies| *copies > 0)?;
        self.slippage.share(1, copies, Round::HalfEven)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_two_partitions_are_judged_together() {
        let mut all = FollowersView::default();
        assert_eq!((all.return_pct(), all.won_pct(), all.average_slippage()), (None, None, None));
        let (put_in, profit) = (Money::whole(1_000), Money::whole(-50));
        let here = FollowersView { ever: 1, put_in, profit, copied: 1, ..all };
        let slippage = Money::whole(3);
        let there = FollowersView { ever: 2, winners: 2, put_in, slippage, copied: 2, ..all };
        all.add(&here);
        all.add(&there);
        assert_eq!(all.return_pct(), Some("-2.5".parse().unwrap()));
        assert_eq!(all.won_pct(), Some("66.66666667".parse().unwrap()));
        assert_eq!(all.average_slippage(), Some(Money::whole(1)));
    }
}
