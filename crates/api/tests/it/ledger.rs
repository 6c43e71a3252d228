//! Stand-ins for the house's lines, for months of accounts and for whoever makes documents; and what the API makes of
//! them.

use crate::admin::admin;
use crate::copying::Person;
use crate::world::{call, token, world};
use axum::http::StatusCode;
use nija_core::billing::fee::Fee;
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::mark::Mark;
use nija_core::billing::subscription::step::Step;
use nija_core::billing::subscription::term::Term;
use nija_core::desk::event::{Adjustment, BillCause, Event};
use nija_core::ledger::chart::{Book, Books};
use nija_core::ledger::entry::Entry;
use nija_core::ledger::holdings::Holdings;
use nija_core::ports::documents::invoice::InvoiceDocument;
use nija_core::ports::documents::statement::Statement;
use nija_core::ports::documents::{Document, DocumentError, Documents, Format, Returns};
use nija_core::ports::views::house::{HouseFilter, HouseRow, HouseRows};
use nija_core::ports::views::month::{AccountMonth, Line, Months, Prices, TooMuch};
use nija_core::ports::views::{EntryRow, Row};
use nija_core::words::id::{AccountId, AccountNo, PartitionId};
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// January 2026.
const MONTH: i32 = 56 * 12;
const NO: AccountNo = AccountNo(7);

fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

/// What the ledger of one account says, and what the house was asked for.
#[derive(Default)]
pub(crate) struct FakeLedger {
    pub(crate) owner: Mutex<Option<AccountId>>,
    pub(crate) too_much: Mutex<bool>,
    pub(crate) asked: Mutex<Vec<(PartitionId, HouseFilter)>>,
}

impl FakeLedger {
    fn is_of(&self, account: AccountId) -> bool {
        *self.owner.lock().unwrap() == Some(account)
    }
    pub(crate) fn months(&self, account: AccountId) -> Option<Months> {
        self.is_of(account).then_some(Months { first: MONTH, last: MONTH + 1 })
    }
    pub(crate) fn month(
        &self,
        account: AccountId,
        month: i32,
    ) -> Result<Vec<AccountMonth>, TooMuch> {
        if *self.too_much.lock().unwrap() {
            return Err(TooMuch);
        }
        let told = self.is_of(account) && month == MONTH;
        Ok(if told { vec![january(account)] } else { Vec::new() })
    }
    pub(crate) fn balances(&self, account: AccountId, first: i32) -> Vec<(i32, Books)> {
        if !self.is_of(account) {
            return Vec::new();
        }
        let books = |month: i32| {
            let mut books = Books::default();
            // A dollar to the venue and two for performance each month since October.
            for _ in MONTH - 3..month {
                books.post(Book::VenueFees, Money::whole(1)).unwrap();
                books.post(Book::PerformanceFees, Money::whole(2)).unwrap();
            }
            (month, books)
        };
        (first..=MONTH + 1).map(books).collect()
    }
    /// A month of service was paid this month, one in November, and one a year and a month ago.
    pub(crate) fn steps(&self, account: AccountId) -> Vec<Step> {
        let paid = |month: i32| Step::Settled {
            invoice: InvoiceNo::default(),
            term: Term::starting(Timestamp::of_month(month), 1),
            earned: Money::whole(99),
            deferred: Money::ZERO,
            tax: Money::whole(5),
            at: Timestamp::of_month(month),
        };
        let months =
            if self.is_of(account) { &[MONTH + 1, MONTH - 2, MONTH - 11][..] } else { &[] };
        months.iter().map(|month| paid(*month)).collect()
    }
    pub(crate) fn house(&self, partition: PartitionId, filter: HouseFilter) -> HouseRows {
        self.asked.lock().unwrap().push((partition, filter));
        let line = EntryRow {
            entry: "1-7-2".to_owned(),
            book: "performance_revenue".to_owned(),
            amount: "-20".to_owned(),
            cause: "fee".to_owned(),
            order_id: None,
            at: "2026-02-01T00:00:00Z".to_owned(),
        };
        let (account, user) = (Some("0".repeat(32)), Some("1".repeat(32)));
        let row = Row { number: 9, row: HouseRow { line, account, user } };
        HouseRows { rows: vec![row], next: Some(9) }
    }
}

/// 1,000 paid in, 200 won, 20 charged for it.
fn january(id: AccountId) -> AccountMonth {
    let from = Timestamp::of_month(MONTH);
    let to = Timestamp::of_month(MONTH + 1);
    let mut mark = Mark::new();
    let rates = nija_core::billing::plans::Plans::parse(nija_core::billing::plans::DEFAULT_PLANS)
        .unwrap()
        .performance();
    mark.flow(usd("1000"), Money::ZERO, &rates).unwrap();
    let billed = |cause, equity, fee, mark, entry| Event::Billed {
        account: NO,
        cause,
        equity,
        fee,
        mark,
        entry,
    };
    let none = Entry::new([]).unwrap();
    let paid = billed(BillCause::Flow(usd("1000")), Money::ZERO, Fee::ZERO, mark, none);
    let entry = Entry::transfer(NO, usd("1000")).unwrap();
    let transferred = Event::Transferred { account: NO, amount: usd("1000"), entry };
    let (kind, amount) = (Adjustment::Dividend, usd("200"));
    let entry = Entry::adjusted(NO, kind.book(), amount).unwrap();
    let adjusted = Event::Adjusted { account: NO, kind, amount, why: "AAPL".to_owned(), entry };
    let fee = mark.crystallize(usd("1200"), &rates);
    let books = (Book::PerformanceFees, Book::PerformanceRevenue);
    let entry = Entry::charged(NO, fee, fee.total(), books).unwrap();
    let charged = billed(BillCause::Month(MONTH), usd("1200"), fee, mark, entry);
    let day = |day: i64| from.plus(Span(day * Span::DAY.0));
    let mut closing = Holdings::default();
    closing.high = mark.high();
    let events = [(day(2), paid), (day(2), transferred), (day(9), adjusted), (to, charged)];
    for (_, event) in &events {
        closing.book(NO, event.entry().unwrap(), None).unwrap();
    }
    let lines = events.map(|(at, event)| Line { at, event, traded: None });
    let prices = [from, day(3), day(10), to].map(|at| Prices { at, of: BTreeMap::new() });
    AccountMonth {
        id,
        no: NO,
        from,
        to,
        is_over: true,
        tier: Tier::Investor,
        opening: Holdings::default(),
        closing,
        lines: lines.into(),
        prices: prices.into(),
        instruments: BTreeMap::new(),
    }
}

/// Says what it was asked to make.
pub(crate) struct FakeDocuments;

impl Documents for FakeDocuments {
    fn invoice(&self, _: &InvoiceDocument, _: Format) -> Result<Document, DocumentError> {
        Err(DocumentError::NoSuchFormat)
    }
    fn statement(&self, statement: &Statement, format: Format) -> Result<Document, DocumentError> {
        let (media_type, name) = match format {
            Format::Html => ("text/html; charset=utf-8", "html"),
            Format::Pdf => ("application/pdf", "pdf"),
            Format::Csv => ("text/csv; charset=utf-8", "csv"),
        };
        let bytes = format!("{} {:?}", statement.total().closing, format).into_bytes();
        Ok(Document { media_type, file_name: format!("statement.{name}"), bytes })
    }
    fn returns(&self, _: &Statement) -> Returns {
        Returns { time_weighted: Some(Pct::whole(18)), money_weighted: None }
    }
}

#[tokio::test]
async fn a_month_can_be_recomputed_and_has_four_forms() {
    let world = world();
    let user = Person::joins(&world, "user").await;
    *world.views.ledger.owner.lock().unwrap() = Some(user.account.parse().unwrap());
    let months = user.get("statements").await;
    assert_eq!(
        months["items"],
        json!([
            {"month": "2026-02", "complete": false, "url": "/api/v2/statements/2026-02"},
            {"month": "2026-01", "complete": true, "url": "/api/v2/statements/2026-01"},
        ])
    );
    let told = user.get("statements/2026-01").await;
    assert_eq!((&told["month"], &told["complete"]), (&json!("2026-01"), &json!(true)));
    assert_eq!(
        told["total"],
        json!({
            "opening_equity": "0", "deposits": "1000", "withdrawals": "0", "transfers": "0",
            "realized": "0", "unrealized_change": "0", "income": {"dividend": "200"},
            "fees": {"performance_fee": "20"}, "closing_equity": "1180",
        })
    );
    assert_eq!(told["time_weighted_return_pct"], "18");
    let mark = &told["sections"][0]["high_water"];
    assert_eq!((&mark["opening"], &mark["closing"]), (&json!("0"), &json!("1180")));
    assert_eq!(
        mark["steps"][1],
        json!({
            "at": "2026-02-01T00:00:00Z", "cause": "fee_due", "equity": "1200", "flow": "0",
            "mark": "1000", "gain": "200", "mark_after": "1180",
            "fees": [{"kind": "performance_fee", "rate_pct": "10", "amount": "20"}],
        })
    );
    for (form, kind, body) in [
        ("html", "text/html; charset=utf-8", "1180 Html"),
        ("pdf", "application/pdf", "1180 Pdf"),
        ("csv", "text/csv; charset=utf-8", "1180 Csv"),
    ] {
        let path = format!("statements/2026-01?format={form}");
        let reply = user.send("GET", &path, json!(null)).await;
        assert_eq!((reply.status, reply.text.as_str()), (StatusCode::OK, body));
        assert_eq!(reply.headers["content-type"], kind);
        let name = format!("attachment; filename=\"statement.{form}\"");
        assert_eq!(reply.headers["content-disposition"], name.as_str());
    }
}

#[tokio::test]
async fn months_that_cannot_be_told_say_why() {
    let world = world();
    let user = Person::joins(&world, "user").await;
    let gone = (404, "not_found".to_owned());
    assert_eq!(user.fails("GET", "statements/2026-01", json!(null)).await, gone, "not this user's");
    *world.views.ledger.owner.lock().unwrap() = Some(user.account.parse().unwrap());
    for month in ["2025-12", "2026-13", "january", "2026-1", "%00"] {
        let path = format!("statements/{month}");
        assert_eq!(user.fails("GET", &path, json!(null)).await, gone, "{month}");
    }
    let form = user.send("GET", "statements/2026-01?format=docx", json!(null)).await;
    assert_eq!((form.code().as_str(), &form.json()["field"]), ("invalid_field", &json!("format")));
    *world.views.ledger.too_much.lock().unwrap() = true;
    let long = user.fails("GET", "statements/2026-01", json!(null)).await;
    assert_eq!(long, (422, "statement_too_long".to_owned()));
}

#[tokio::test]
async fn the_houses_lines_are_for_administrators_and_as_they_are_asked_for() {
    let world = world();
    let boss = admin(&world).await;
    let get = |query: &str| {
        call("GET", format!("/api/v2/admin/ledger/entries{query}")).token(&boss).send(&world)
    };
    let found = get("?book=performance_revenue&partition=3&day=2026-02-01&limit=7").await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    let found = found.json();
    let line = &found["items"][0];
    assert_eq!((&line["entry"], &line["amount"]), (&json!("1-7-2"), &json!("-20")));
    assert_eq!(line["user"], "1".repeat(32));
    assert_eq!(found["next_cursor"], "c0000000000000009");
    let (partition, filter) = world.views.ledger.asked.lock().unwrap()[0];
    assert_eq!((partition, filter.book), (PartitionId(3), Some(Book::PerformanceRevenue)));
    assert_eq!((filter.day, filter.page.limit), (Some(20_485), 7));
    for (query, field) in [
        ("?book=gold", "book"),
        ("?partition=-1", "partition"),
        ("?partition=+1", "partition"),
        ("?day=2026-02-30", "day"),
        ("?limit=0", "limit"),
    ] {
        assert_eq!(get(query).await.json()["field"], field, "{query}");
    }
    let stranger = token(&world, "user@example.com").await;
    let reply = call("GET", "/api/v2/admin/ledger/entries").token(&stranger).send(&world).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(world.control.actions().iter().any(|action| action == "house_entries_read"));
}

#[tokio::test]
async fn costs_are_told_before_and_after() {
    let world = world();
    let user = Person::joins(&world, "user").await;
    *world.views.ledger.owner.lock().unwrap() = Some(user.account.parse().unwrap());
    let costs = user.get("costs").await;
    // 1,000 dollars at $99 a month: the blueprint's own example is dear.
    assert_eq!(
        (&costs["tier"], &costs["capital"], &costs["warning"]),
        (&json!("INVESTOR"), &json!("1000"), &json!(true))
    );
    assert_eq!((&costs["fixed_pct"], &costs["break_even_pct"]), (&json!("118.8"), &json!("132")));
    assert_eq!((&costs["month"]["subscription"], &costs["left"]), (&json!("99"), &json!("-1098")));
    let paid = |of: &str| -> Vec<Value> {
        ["subscription", "venue", "performance", "copy", "total"]
            .map(|kind| costs[of][kind].clone())
            .into()
    };
    assert_eq!(paid("paid_this_month"), ["104", "1", "2", "0", "107"]);
    assert_eq!(paid("paid_last_12_months"), ["208", "4", "8", "0", "220"]);
    let path = "costs?tier=BALLER&capital=1000000&cycle=annual&return_pct=20&copied_pct=50";
    let dear = user.get(path).await;
    assert_eq!((&dear["cycle"], &dear["warning"]), (&json!("annual"), &json!(false)));
    assert_eq!(
        (
            &dear["year"]["performance"],
            &dear["year"]["copy_master"],
            &dear["year"]["copy_platform"]
        ),
        (&json!("10000"), &json!("5000"), &json!("2000"))
    );
    for (query, field) in [
        ("tier=GOLD", "tier"),
        ("cycle=weekly", "cycle"),
        ("capital=-1", "capital"),
        ("capital=0", "capital"),
        ("capital=1e3", "capital"),
        ("copied_pct=101", "copied_pct"),
        ("return_pct=NaN", "return_pct"),
    ] {
        let reply = user.send("GET", &format!("costs?{query}"), json!(null)).await;
        assert_eq!(reply.json()["field"], field, "{query}");
    }
}
