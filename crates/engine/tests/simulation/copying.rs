//! Masters and those who copy them: what they do on the street, and how their parcels travel.

use crate::street::{OF, Street, Work};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::event::Adjustment;
use nija_core::desk::input::{Command, CopyAct, Input};
use nija_core::words::id::{AccountId, PartitionId};
use nija_core::words::money::{Money, Pct};
use nija_engine::copier::{errands, facts};
use nija_engine::partitions::Partitions;

/// Accounts that lead.
pub(crate) const MASTERS: [AccountId; 2] = [AccountId(7), AccountId(8)];
/// Accounts that may copy them, with what they put into a sleeve at most.
const FOLLOWERS: [(AccountId, i64); 5] = [
    (AccountId(2), 800),
    (AccountId(3), 20_000),
    (AccountId(4), 9_000),
    (AccountId(5), 3_000),
    (AccountId(6), 300),
];

impl Street {
    /// Both masters open their books to others.
    pub(crate) fn begin_to_lead() -> impl Iterator<Item = Input> {
        let command = Command::Lead(MasterChange::Opened(DISCLOSURE));
        MASTERS
            .map(|account| Input::Command { account, key: None, command: command.clone() })
            .into_iter()
    }

    /// Somebody does something about copying, or a person books what only persons book.
    pub(crate) fn copy(&mut self, partitions: &Partitions) -> Work {
        let ((follower, most), leader) = (self.pick(&FOLLOWERS), self.pick(&MASTERS));
        let amount = dollars(self.between(50, most));
        let act = match self.draw(12) {
            0..5 => {
                let open = self.draw(3) == 0;
                CopyAct::Start {
                    amount,
                    terms: self.terms_of_copy(),
                    leader: Box::new(facts(partitions, leader)),
                    open,
                }
            }
            5 => CopyAct::Fund(if self.draw(2) == 0 { amount } else { amount.negated() }),
            6 => CopyAct::Terms(self.terms_of_copy()),
            7 => CopyAct::Close(self.pick(&OF)),
            8 => CopyAct::Stop,
            9 => {
                let amount = dollars(self.between(-20, 60));
                let (kind, why) = (Adjustment::Correction, "the simulation says so".to_owned());
                return self.command(follower, Command::Adjust { kind, amount, why });
            }
            10 => return self.command(follower, Command::RefundFee),
            _ => {
                let opened = MasterChange::Opened(DISCLOSURE);
                let change = if self.draw(4) == 0 { MasterChange::Closed } else { opened };
                return self.command(leader, Command::Lead(change));
            }
        };
        self.command(follower, Command::Copy { leader, act })
    }

    fn terms_of_copy(&self) -> CopyTerms {
        CopyTerms {
            stop_loss_pct: (self.draw(3) == 0).then_some(Pct::whole(3)),
            max_slippage_pct: Pct::whole(if self.draw(3) == 0 { 5 } else { 1 }),
            symbols: (self.draw(5) == 0).then(|| vec![self.pick(&OF)]),
            paused: self.draw(6) == 0,
            ..CopyTerms::default()
        }
    }
}

fn dollars(whole: i64) -> Money {
    Money::whole(i32::try_from(whole).unwrap())
}

/// What the copier has to do for a partition now.
pub(crate) fn errands_of(partitions: &Partitions, partition: PartitionId) -> Vec<Input> {
    match partitions.query(&Query::Outbox(partition)) {
        View::Outbox(parcels) => errands(partition, &parcels),
        other => panic!("{other:?}"),
    }
}
