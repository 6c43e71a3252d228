//! What followers did: begin to copy, move money, change terms, sell a copied position, stop. What a sleeve does by
//! itself, such as to stop after a loss or to give its money back, is not given.

use super::{Hands, Place, flow};
use nija_core::copy::sleeve::StopCause;
use nija_core::desk::event::{CopyChange, Event};
use nija_core::desk::input::{Command, CopyAct, Input, LeaderFacts};
use nija_core::words::id::{AccountId, AccountNo};
use nija_core::words::order::{Origin, Side};

impl Hands {
    /// What a follower asked for. The frame in which a master is copied is no hand, as settings and deposits are none.
    pub(super) fn copying(
        &mut self,
        place: Place,
        before: &[Event],
        event: &Event,
        behind: &[Event],
    ) {
        let Some((no, leader, act)) = self.act(place, before, event, behind) else { return };
        if let Some(input) = self.command(place, no, Command::Copy { leader, act }) {
            self.give(place, input);
        }
    }

    fn act(
        &mut self,
        place: Place,
        before: &[Event],
        event: &Event,
        behind: &[Event],
    ) -> Option<(AccountNo, AccountId, CopyAct)> {
        let of = |no: &AccountNo| self.sleeves.get(&(place.partition, *no)).copied();
        match event {
            Event::Followed { sleeve, parent, leader, terms, heard, .. } => {
                self.sleeves.insert((place.partition, *sleeve), (*parent, *leader));
                let amount = flow(behind.iter(), *parent, true)?.negated();
                let open = behind.iter().any(|event| is_holding(event, *sleeve, *heard));
                // Each run looks at its own leader.
                let (terms, facts) = (terms.clone(), Box::new(LeaderFacts::default()));
                Some((*parent, *leader, CopyAct::Start { amount, terms, leader: facts, open }))
            }
            Event::Moved { from, to, .. } => {
                let is_bill = |event: &&Event| matches!(event, Event::Billed { .. });
                let begins = before.iter().rev().find(|event| !is_bill(event));
                let begins = matches!(begins, Some(Event::Followed { sleeve, .. }) if sleeve == to);
                let ends = matches!(behind.first(), Some(Event::CopyChanged { sleeve, change })
                    if sleeve == from && matches!(change, CopyChange::Stopped(_)));
                if begins || ends {
                    return None;
                }
                let asked = flow(before.iter().rev(), *from, true)?;
                let (amount, (parent, leader)) = match of(to) {
                    Some(of) => (asked.negated(), of),
                    None => (asked, of(from)?),
                };
                Some((parent, leader, CopyAct::Fund(amount)))
            }
            Event::CopyChanged { sleeve, change } => {
                let (parent, leader) = of(sleeve)?;
                let act = match change {
                    CopyChange::Terms(terms) => CopyAct::Terms(terms.clone()),
                    CopyChange::Stopping(StopCause::Follower) => CopyAct::Stop,
                    CopyChange::Stopping(StopCause::StopLoss) | CopyChange::Stopped(_) => {
                        return None;
                    }
                };
                Some((parent, leader, act))
            }
            _ => None,
        }
    }

    /// What a person sold of a sleeve was asked of its owner's copy.
    pub(super) fn of_owner(
        &self,
        place: Place,
        no: AccountNo,
        command: Command,
    ) -> (AccountNo, Command) {
        match (self.sleeves.get(&(place.partition, no)), command) {
            (Some(&(parent, leader)), Command::Place(wish)) => {
                let act = CopyAct::Close(wish.instrument);
                (parent, Command::Copy { leader, act })
            }
            (_, command) => (no, command),
        }
    }

    /// Counts who began to copy at one desk in one instant.
    pub(super) fn begun(&mut self, place: Place, input: &Input) -> u32 {
        let here = (place.partition, place.at);
        if self.begun.0 != here {
            self.begun = (here, 0);
        }
        let begins = matches!(
            input,
            Input::Command { command: Command::Copy { act: CopyAct::Start { .. }, .. }, .. }
        );
        self.begun.1 += u32::from(begins);
        self.begun.1
    }
}

/// Is it about what the leader held already when a sleeve began that had heard leads up to this one?
fn is_holding(event: &Event, of: AccountNo, heard: u64) -> bool {
    let (no, lead) = match event {
        Event::Approved { ticket, .. } if ticket.side == Side::Buy => {
            (ticket.account, lead(ticket.origin))
        }
        Event::Refused { account, wish, .. } => (*account, lead(wish.origin)),
        Event::CopySkipped { sleeve, lead, .. } => (*sleeve, Some(*lead)),
        _ => return false,
    };
    no == of && lead == Some(heard)
}

const fn lead(origin: Origin) -> Option<u64> {
    match origin {
        Origin::Copy { lead, .. } => Some(lead),
        _ => None,
    }
}
