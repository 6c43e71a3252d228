//! Corners of billing where a cent could be lost, made twice or billed to the wrong month.

use crate::house::{House, usd};
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::plans::Cycle::{Annual, Monthly};
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::billing::subscription::step::Step;
use nija_core::words::money::Money;
use nija_core::words::tier::Tier::{Investor, Saver, Starter};
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::Span;

fn taxed() -> House {
    House::with(&[("trial_days = 14", "trial_days = 0"), ("tax_pct = \"0\"", "tax_pct = \"8.1\"")])
}

fn refund(house: &mut House, invoice: InvoiceNo, amount: &str) -> Vec<Step> {
    let (amount, why) = (usd(amount), "asked".to_owned());
    house.ask(&Request::Refund { invoice, amount, why, ends: false }).unwrap()
}

fn last_paid(house: &House) -> InvoiceNo {
    house.subscription.paid().last().unwrap().invoice
}

#[test]
fn the_last_refund_takes_what_small_ones_left_by_rounding() {
    for small in ["0.05", "0.07"] {
        let mut house = taxed();
        house.subscribe(Investor, Monthly);
        house.pay_all();
        let invoice = last_paid(&house);
        for _ in 0..10 {
            refund(&mut house, invoice, small);
        }
        let left = house.subscription.paid()[0].left().to_string();
        refund(&mut house, invoice, &left);
        house.stands(["107.02", "107.02", "0", "0", "0", "0"]);
        let paid = house.subscription.paid()[0];
        assert_eq!([paid.earned(), paid.net_left(), paid.tax_left()], [Money::ZERO; 3]);
    }
}

#[test]
fn a_downgrade_gives_back_what_refunds_left_and_all_its_tax() {
    let mut house = taxed();
    house.subscribe(Starter, Monthly);
    house.pay("20.54");
    house.change(Investor, Monthly).unwrap();
    house.pay("86.48");
    let upgrade = last_paid(&house);
    for _ in 0..10 {
        refund(&mut house, upgrade, "0.05");
    }
    house.change(Starter, Monthly).unwrap();
    let [term, upgrade] = house.subscription.paid() else { panic!("two invoices") };
    assert_eq!(upgrade.left(), Money::ZERO);
    // Half a dollar of the eighty is missing there and comes from the term's invoice, with its tax.
    assert_eq!((term.net_back, term.tax_back), (usd("0.5"), usd("0.04")));
    house.stands(["107.02", "0.5", "18.5", "0", "1.5", "86.52"]);
}

#[test]
fn a_downgrade_gives_back_nothing_of_earlier_terms() {
    let mut house = House::strict();
    house.subscribe(Investor, Monthly);
    house.pay("99");
    house.end_of_term();
    house.pay("99");
    let invoice = last_paid(&house);
    refund(&mut house, invoice, "99");
    house.change(Starter, Monthly).unwrap();
    house.stands(["198", "99", "99", "0", "0", "0"]);
    assert_eq!(house.subscription.serves(), Some(Starter));
}

#[test]
fn a_part_of_a_month_rounds_for_the_client() {
    let mut house = House::strict();
    house.subscribe(Investor, Monthly);
    house.pay("99");
    // 19 of 28 days: 80 x 19 / 28 = 54.2857...
    house.days(9);
    house.change(Starter, Monthly).unwrap();
    assert_eq!(house.subscription.credit(), usd("54.29"));
    house.change(Investor, Monthly).unwrap();
    let paid = house.subscription.paid().last().unwrap();
    assert_eq!(paid.net, usd("54.28"), "paid with the credit at once");
}

#[test]
fn a_year_that_was_given_back_earns_nothing_more() {
    let mut house = House::strict();
    house.subscribe(Starter, Annual);
    house.pay("182.4");
    let invoice = last_paid(&house);
    refund(&mut house, invoice, "182.4");
    assert_eq!(house.subscription.serves(), Some(Starter), "a present");
    let steps = house.end_of_term();
    assert!(!steps.iter().any(|step| matches!(step, Step::Earned { .. })));
    house.stands(["182.4", "182.4", "0", "0", "0", "0"]);
}

#[test]
fn a_renewal_that_is_paid_late_earns_the_months_that_began() {
    let mut house = House::with(&[
        ("trial_days = 14", "trial_days = 0"),
        ("grace_days = 14", "grace_days = 27"),
    ]);
    house.subscribe(Starter, Annual);
    house.pay("182.4");
    // The house is away for 20 days over the end of the term, the payment takes 20 more.
    let until = house.subscription.until().unwrap();
    house.wait(until.plus(Span::days(20)).since(house.now));
    house.days(20);
    house.pay("182.4");
    house.stands(["364.8", "0", "212.8", "152", "0", "0"]);
}

#[test]
fn a_payment_for_something_else_is_told_and_counts() {
    let mut house = House::strict();
    house.subscribe(Investor, Monthly);
    let first = house.waiting();
    house.subscribe(Starter, Monthly);
    let steps = house.pay_for(first, usd("19"));
    assert!(matches!(steps[..], [Step::Received { stray: true, .. }, Step::Settled { .. }]));
    assert_eq!(house.subscription.serves(), Some(Starter));
}

#[test]
fn many_changes_in_a_year_forget_nothing_that_is_deferred() {
    let mut house = House::strict();
    house.subscribe(Starter, Annual);
    house.pay("182.4");
    let year = last_paid(&house);
    for _ in 0..20 {
        house.change(Investor, Annual).unwrap();
        if house.subscription.open().is_some() {
            house.pay_all();
        }
        house.change(Starter, Annual).unwrap();
    }
    assert_eq!(house.subscription.paid()[0].invoice, year);
    assert_eq!(house.books.deferred, usd("167.2"));

    // Where prices rise in between, each change leaves something deferred; there is an end to that.
    let mut house = House::strict();
    house.subscribe(Starter, Annual);
    house.pay("182.4");
    let mut refused = None;
    for round in 0..20 {
        let price = |dollars: i32| format!("price = \"{dollars}\"");
        let table = DEFAULT_TABLE.replacen(&price(19), &price(30 + 40 * round), 1);
        let table = table.replacen(&price(49), &price(50 + 40 * round), 1);
        house.tiers = TierTable::parse(&table).unwrap();
        if let Err(why) = house.change(Saver, Annual) {
            refused = Some(why);
            break;
        }
        if house.subscription.open().is_some() {
            house.pay_all();
        }
        house.change(Starter, Annual).unwrap();
    }
    assert_eq!(refused, Some(Refused::TooManyChanges));
    house.end_of_term();
    assert_eq!(house.books.deferred, Money::ZERO);
}
