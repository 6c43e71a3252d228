//! Samples of the events of billing and copying.

use super::{AT, NO, OF, ORDER, money};
use nija_core::billing::fee::{Fee, Rates};
use nija_core::billing::mark::Mark;
use nija_core::copy::lead::{CopySkip, Lead};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::parcel::{Content, Parcel};
use nija_core::copy::sleeve::StopCause;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::event::{Adjustment, BillCause, CopyChange, Event};
use nija_core::ledger::chart::Book;
use nija_core::ledger::entry::Entry;
use nija_core::words::id::{AccountId, AccountNo, PartitionId};
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::Side;

const SLEEVE: AccountNo = AccountNo(4);
const LEADER: AccountId = AccountId(0xfeed_0123_4567_89ab_cdef_0123_4567_89ab);

fn lead() -> Lead {
    Lead {
        leader: LEADER,
        no: 31,
        order: ORDER,
        instrument: OF,
        side: Side::Buy,
        share: Pct::whole(4),
        price: Price::whole(50),
        mark: Price::whole(51),
        at: AT,
    }
}

fn marks() -> Vec<Mark> {
    let rates = Rates { platform: Pct::whole(2), leader: Pct::whole(5) };
    let mut mark = Mark::new();
    let mut marks = vec![mark];
    for (flow, before) in [(1_000, 0), (-300, 1_200)] {
        let _ = mark.flow(Money::whole(flow), Money::whole(before), &rates);
        marks.push(mark);
    }
    marks
}

fn causes() -> Vec<BillCause> {
    every!(BillCause:
        BillCause::Flow(_) => BillCause::Flow(money("-12.5")),
        BillCause::Month(_) => BillCause::Month(664),
        BillCause::Stopped => BillCause::Stopped,
        BillCause::TierChanged => BillCause::TierChanged,
        BillCause::Qualified => BillCause::Qualified,
        BillCause::Refunded => BillCause::Refunded,
        BillCause::Began => BillCause::Began,
    )
}

fn billed() -> Vec<Event> {
    let fee = Fee { platform: money("2"), leader: money("5") };
    let books = (Book::CopyFees, Book::CopyRevenue);
    let bill = |cause, fee: Fee, mark| {
        let entry = Entry::charged(NO, fee, money("4"), books).ok()?;
        Some(Event::Billed { account: NO, cause, equity: money("1100.5"), fee, mark, entry })
    };
    let caused = causes().into_iter().filter_map(|cause| bill(cause, fee, Mark::new()));
    let marked = marks().into_iter().filter_map(|mark| bill(BillCause::Stopped, fee, mark));
    let nothing = bill(BillCause::Flow(money("10")), Fee::ZERO, Mark::new());
    caused.chain(marked).chain(nothing).collect()
}

fn terms() -> Vec<CopyTerms> {
    let strict = CopyTerms {
        stop_loss_pct: Some(Pct::whole(20)),
        max_trade: Some(money("75")),
        max_slippage_pct: money_pct(),
        symbols: Some(vec![OF]),
        paused: true,
    };
    vec![CopyTerms::default(), strict]
}

fn money_pct() -> Pct {
    Pct::from_raw(50_000_000)
}

fn copying() -> Vec<Event> {
    let mut changes = every!(CopyChange:
        CopyChange::Terms(_) => CopyChange::Terms(CopyTerms::default()),
        CopyChange::Stopping(_) => CopyChange::Stopping(StopCause::Follower),
        CopyChange::Stopped(_) => CopyChange::Stopped(money("85.8")),
    );
    let causes = every!(StopCause:
        StopCause::Follower => StopCause::Follower,
        StopCause::StopLoss => StopCause::StopLoss,
    );
    changes.extend(causes.into_iter().map(CopyChange::Stopping));
    changes.extend(terms().into_iter().map(CopyChange::Terms));
    let mut events: Vec<Event> =
        changes.into_iter().map(|change| Event::CopyChanged { sleeve: SLEEVE, change }).collect();
    events.extend(terms().into_iter().map(|terms| Event::Followed {
        sleeve: SLEEVE,
        parent: NO,
        leader: LEADER,
        terms,
        heard: 30,
        loss: money("7"),
    }));
    let skips = CopySkip::ALL.into_iter().zip([Side::Buy, Side::Sell].into_iter().cycle());
    events.extend(skips.map(|(why, side)| Event::CopySkipped {
        sleeve: SLEEVE,
        lead: 31,
        instrument: OF,
        side,
        size: money("9.5"),
        why,
    }));
    events
}

/// All of them.
pub(super) fn events() -> Vec<Event> {
    let masters = every!(MasterChange:
        MasterChange::Opened(_) => MasterChange::Opened(DISCLOSURE),
        MasterChange::Closed => MasterChange::Closed,
        MasterChange::Vetted(_) => MasterChange::Vetted(true),
    );
    let contents = every!(Content:
        Content::Lead(_) => Content::Lead(lead()),
        Content::Fees { .. } => Content::Fees { to: LEADER, amount: money("2.21") },
    );
    let kinds = every!(Adjustment:
        Adjustment::Dividend => Adjustment::Dividend,
        Adjustment::Funding => Adjustment::Funding,
        Adjustment::Correction => Adjustment::Correction,
    );
    let amount = money("-3.5");
    let entry = |entry: Result<Entry, _>| entry.unwrap_or_else(|_| unreachable!("it balances"));
    let mut events = [billed(), copying()].concat();
    events.extend(masters.into_iter().map(|change| Event::MasterChanged { account: NO, change }));
    events.extend((7..).zip(contents).map(|(no, content)| {
        let parcel = Parcel { no, content };
        Event::Sent { parcel }
    }));
    events.extend(kinds.into_iter().map(|kind| Event::Adjusted {
        account: NO,
        kind,
        amount,
        why: "as the venue said".to_owned(),
        entry: entry(Entry::adjusted(NO, kind.book(), amount)),
    }));
    let amount = money("3.5");
    let (from, to) = (NO, SLEEVE);
    events.extend([
        Event::Collected { account: NO, amount, entry: entry(Entry::collected(NO, amount)) },
        Event::MonthClosed { month: 665 },
        Event::Moved { from, to, amount, entry: entry(Entry::moved(from, to, amount)) },
        Event::Delivered { parcel: 8 },
        Event::LeadHeard { lead: lead(), sleeves: 12_500 },
        Event::Credited {
            account: NO,
            amount,
            from: PartitionId(5),
            parcel: 8,
            entry: entry(Entry::credited(NO, amount)),
        },
    ]);
    events
}
