//! Events of billing and copying, in the words people read.

use super::{BITCOIN, NO, ORDER};
use nija_core::billing::fee::{Fee, Rates};
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::mark::Mark;
use nija_core::billing::subscription::step::Step;
use nija_core::copy::lead::{CopySkip, Lead};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::parcel::{Content, Parcel};
use nija_core::copy::sleeve::StopCause;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::event::{Adjustment, BillCause, CopyChange, Event};
use nija_core::ledger::entry::Entry;
use nija_core::words::id::{AccountId, AccountNo, PartitionId};
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;

const LEADER: AccountId = AccountId(0xabcd_ef01 << 96);

fn nothing() -> Entry {
    Entry::new([]).unwrap()
}

fn lead() -> Lead {
    Lead {
        leader: LEADER,
        no: 3,
        order: ORDER,
        instrument: BITCOIN,
        side: Side::Buy,
        share: Pct::whole(4),
        price: Price::whole(8),
        mark: Price::whole(8),
        at: Timestamp::EPOCH,
    }
}

fn billed(cause: BillCause, fee: i32) -> Event {
    let mut mark = Mark::new();
    mark.flow(Money::whole(1_000), Money::ZERO, &Rates::NONE).unwrap();
    let (equity, entry) = (Money::whole(1_200), nothing());
    let fee = Fee { platform: Money::whole(fee), leader: Money::ZERO };
    Event::Billed { account: NO, cause, equity, fee, mark, entry }
}

pub(super) fn billing_events() -> Vec<(Event, &'static str)> {
    let (amount, account) = (Money::whole(5), NO);
    vec![
        (
            billed(BillCause::Month(600), 20),
            "account abcdef01 at equity $1200: the month ended, $20 is charged, mark $1000",
        ),
        (
            billed(BillCause::Refunded, -20),
            "account abcdef01 at equity $1200: the last fee is given back, $20 is given back, \
             mark $1000",
        ),
        (
            billed(BillCause::Flow(Money::whole(-7)), 0),
            "account abcdef01 at equity $1200: $7 leaves, nothing is due, mark $1000",
        ),
        (
            Event::Adjusted {
                account,
                kind: Adjustment::Dividend,
                amount,
                why: "March".to_owned(),
                entry: nothing(),
            },
            "account abcdef01 has a dividend of $5: March",
        ),
        (
            Event::Collected { account, amount, entry: nothing() },
            "account abcdef01 paid $5 it owed",
        ),
        (Event::MonthClosed { month: 602 }, "the month that ended before 2020-03-01 is billed"),
        (
            Event::Subscribed {
                account,
                step: Box::new(Step::Received {
                    invoice: InvoiceNo { partition: PartitionId(3), count: 17 },
                    amount,
                    reference: "pi_1".to_owned(),
                    stray: true,
                    at: Timestamp::EPOCH,
                }),
                entry: nothing(),
            },
            "account abcdef01 paid $5.00 for invoice NIJA-0003-000017 (pi_1), for which nothing \
             waited",
        ),
        (
            Event::Credited { account, amount, from: PartitionId(2), parcel: 9, entry: nothing() },
            "account abcdef01 earned $5 from followers in partition 0002",
        ),
    ]
}

pub(super) fn copying_events() -> Vec<(Event, &'static str)> {
    let (sleeve, terms) = (NO, CopyTerms::default());
    let (parent, other) = (AccountNo(1), AccountNo(1));
    let changed = |change| Event::CopyChanged { sleeve, change };
    let sent = |content| Event::Sent { parcel: Parcel { no: 9, content } };
    let followed = |loss| Event::Followed {
        sleeve,
        parent,
        leader: LEADER,
        terms: CopyTerms::default(),
        heard: 0,
        loss: Money::whole(loss),
    };
    vec![
        (
            Event::MasterChanged { account: NO, change: MasterChange::Opened(DISCLOSURE) },
            "account abcdef01 leads as a master",
        ),
        (
            Event::MasterChanged { account: NO, change: MasterChange::Vetted(false) },
            "account abcdef01 is vetted no more",
        ),
        (followed(0), "account number 1 copies account abcdef01 in account abcdef01"),
        (
            followed(7),
            "account number 1 copies account abcdef01 in account abcdef01, with $7.00 to win back \
             first",
        ),
        (changed(CopyChange::Terms(terms)), "account abcdef01 copies on new terms"),
        (
            changed(CopyChange::Stopping(StopCause::StopLoss)),
            "account abcdef01 reached its stop-loss",
        ),
        (changed(CopyChange::Stopped(Money::ZERO)), "account abcdef01 is empty"),
        (
            Event::Moved { from: other, to: NO, amount: Money::whole(5), entry: nothing() },
            "$5 goes from account number 1 to account abcdef01",
        ),
        (sent(Content::Lead(lead())), "account abcdef01 bought BTC-USD, 4%: lead 3"),
        (
            sent(Content::Fees { to: LEADER, amount: Money::whole(5) }),
            "$5 is due to account abcdef01",
        ),
        (Event::Delivered { parcel: 9 }, "everybody has parcel 9"),
        (
            Event::LeadHeard { lead: lead(), sleeves: 12 },
            "12 followers hear lead 3 of account abcdef01",
        ),
        (
            Event::CopySkipped {
                sleeve,
                lead: 3,
                instrument: BITCOIN,
                side: Side::Buy,
                size: Money::ZERO,
                why: CopySkip::Paused,
            },
            "account abcdef01 did not copy the purchase of BTC-USD: copying is paused; resume it to \
             copy the next trades",
        ),
    ]
}
