//! Moves of the high-water mark as rows: all that it takes to recompute a fee, and where the mark stood before.

use crate::fixture::*;
use nija_core::billing::fee::{Fee, Rates};
use nija_core::billing::mark::Mark;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::event::{BillCause, Event};
use nija_core::ledger::chart::Book as Account;
use nija_core::ledger::entry::Entry;
use nija_core::ports::views::{FeeRow, Page, Views as _};
use nija_core::words::id::{AccountId, AccountNo};
use nija_core::words::money::{Money, Pct};
use nija_core::words::time::Timestamp;

const NO: AccountNo = AccountNo(0);
const RATES: Rates = Rates { platform: Pct::whole(2), leader: Pct::whole(5) };

fn billed(cause: BillCause, equity: i32, fee: Fee, mark: Mark) -> Event {
    let books = (Account::CopyFees, Account::CopyRevenue);
    let entry = Entry::charged(NO, fee, fee.total(), books).unwrap();
    Event::Billed { account: NO, cause, equity: Money::whole(equity), fee, mark, entry }
}

fn followed(loss: i32) -> Event {
    Event::Followed {
        sleeve: NO,
        parent: AccountNo(1),
        leader: AccountId(33),
        terms: CopyTerms::default(),
        heard: 0,
        loss: Money::whole(loss),
    }
}

/// A thousand is paid in, a hundred is won, the month ends; later the copy begins again with a loss of 70.
fn months() -> Vec<(Timestamp, Vec<Event>)> {
    let mut mark = Mark::new();
    let paid = Money::whole(1_000);
    let none = mark.flow(paid, Money::ZERO, &RATES).unwrap();
    let flow = billed(BillCause::Flow(paid), 0, none, mark);
    let fee = mark.crystallize(Money::whole(1_100), &RATES);
    // March 2020.
    let month = billed(BillCause::Month(602), 1_100, fee, mark);
    vec![(NOON, setup()), (NOON, vec![followed(0), flow]), (later(5), vec![month, followed(70)])]
}

#[tokio::test]
async fn v_16_every_move_of_the_mark_says_what_was_charged_and_on_what() {
    let world = world();
    projected(&world, &months()).await;
    let found = rows(world.views.fees(&ADA, ALL).await);
    let causes: Vec<&str> = found.iter().map(|row| row.cause.as_str()).collect();
    assert_eq!(causes, ["followed", "month", "flow", "followed"]);
    let text = |text: &str| Some(text.to_owned());
    let month = FeeRow {
        cause: "month".to_owned(),
        amount: None,
        month: text("2020-03"),
        equity: "1100".to_owned(),
        platform: "2".to_owned(),
        leader: "5".to_owned(),
        mark_before: text("1000"),
        mark: "1093".to_owned(),
        entry: text("0002-0000000000000003-0"),
        at: "2020-03-16T12:00:05Z".to_owned(),
    };
    assert_eq!(found[1], month);
    let flow = &found[2];
    assert_eq!((flow.amount.clone(), flow.entry.clone()), (text("1000"), None));
    assert_eq!((flow.mark_before.clone(), flow.mark.as_str()), (text("0"), "1000"));
    assert_eq!((found[3].mark_before.clone(), found[3].mark.as_str()), (None, "0"));
    assert_eq!((found[0].mark_before.clone(), found[0].mark.as_str()), (text("1093"), "70"));
    // The entry is among the ledger's lines under the same name; nobody else sees any of it.
    let lines = rows(world.views.entries(&ADA, ALL).await);
    assert!(lines.iter().any(|line| Some(&line.entry) == month.entry.as_ref()));
    assert_eq!(rows(world.views.fees(&BOB, ALL).await), []);
    assert_eq!(rows(world.views.fees(&ADA.sleeve(AccountId(33)), ALL).await), []);
    let older = Page { before: Some(3), limit: 1 };
    assert_eq!(rows(world.views.fees(&ADA, older).await)[0], found[2]);
}
