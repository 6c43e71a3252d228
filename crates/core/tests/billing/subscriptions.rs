//! A subscription through its life, step by step, to the cent.

use crate::house::{House, plan, usd};
use nija_core::billing::bill::Bill;
use nija_core::billing::invoice::InvoiceState;
use nija_core::billing::plans::Cycle::{Annual, Monthly};
use nija_core::billing::subscription::Phase;
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::billing::subscription::step::Step;
use nija_core::words::money::Money;
use nija_core::words::tier::Tier::{Baller, Investor, Paper, Saver, Starter};
use nija_core::words::time::Span;

fn names(steps: &[Step]) -> Vec<String> {
    let name = |step: &Step| format!("{step:?}").split([' ', '{']).next().unwrap().to_owned();
    steps.iter().map(name).collect()
}

#[test]
fn a_trial_becomes_a_paid_month_and_months_follow() {
    let mut house = House::with(&[]);
    house.subscribe(Investor, Monthly);
    assert_eq!(house.subscription.phase(), Phase::Trial);
    assert_eq!(house.subscription.serves(), Some(Investor));
    assert!(house.days(13).is_empty());
    assert_eq!(names(&house.days(1)), ["Invoiced", "Reminded"]);
    assert_eq!(house.subscription.serves(), Some(Investor), "days of grace");
    assert_eq!(house.invoice().number.to_string(), "NIJA-0003-000001");
    assert_eq!(house.invoice().total, usd("99"));
    house.stands(["0", "0", "0", "0", "0", "0"]);
    assert_eq!(names(&house.pay("99")), ["Received", "Settled"]);
    house.stands(["99", "0", "99", "0", "0", "0"]);
    assert_eq!(house.subscription.month(), usd("99"));
    // From 14 February at noon to 14 March at noon.
    assert_eq!(house.subscription.until().unwrap().to_string(), "2023-03-14T12:00:00Z");
    assert_eq!(names(&house.end_of_term()), ["Invoiced", "Reminded"]);
    house.pay_all();
    house.stands(["198", "0", "198", "0", "0", "0"]);
    assert_eq!(house.subscription.until().unwrap().to_string(), "2023-04-14T12:00:00Z");
}

#[test]
fn who_does_not_pay_is_reminded_and_lapses_and_comes_back_without_another_trial() {
    let mut house = House::with(&[]);
    house.subscribe(Starter, Monthly);
    house.days(14);
    assert!(house.days(2).is_empty());
    assert_eq!(names(&house.days(1)), ["Reminded"]);
    let failed = Request::Fail { invoice: house.waiting(), reason: "declined".into() };
    assert_eq!(names(&house.ask(&failed).unwrap()), ["Failed"]);
    assert_eq!(names(&house.days(4)), ["Reminded"]);
    assert!(house.days(6).is_empty());
    assert_eq!(house.subscription.serves(), Some(Starter));
    assert_eq!(names(&house.days(1)), ["Lapsed"]);
    assert_eq!((house.subscription.serves(), house.subscription.open()), (None, None));
    assert!(house.ask(&failed).unwrap().is_empty(), "a failure that comes late");
    assert_eq!(names(&house.ask(&Request::Reactivate).unwrap()), ["Invoiced", "Reminded"]);
    assert_eq!(house.subscription.serves(), None, "not before it is paid");
    house.days(5);
    house.pay("19");
    assert_eq!(house.subscription.serves(), Some(Starter));
    let month = house.subscription.until().unwrap().since(house.now);
    assert_eq!(month, Span::days(31), "from the day it was paid");
    house.stands(["19", "0", "19", "0", "0", "0"]);
}

#[test]
fn a_year_is_earned_month_by_month_on_the_last_days() {
    let mut house = House::strict();
    house.subscribe(Investor, Annual);
    assert_eq!(house.subscription.serves(), None);
    house.pay("950.4");
    house.stands(["950.4", "0", "79.2", "871.2", "0", "0"]);
    assert!(house.days(27).is_empty());
    // From 31 January: 28 February, 31 March.
    assert_eq!(names(&house.days(1)), ["Earned"]);
    assert!(house.days(30).is_empty());
    assert_eq!(names(&house.days(1)), ["Earned"]);
    house.stands(["950.4", "0", "237.6", "712.8", "0", "0"]);
    let steps = house.end_of_term();
    assert_eq!(names(&steps[..9]), ["Earned"; 9]);
    assert_eq!(names(&steps[9..]), ["Invoiced", "Reminded"]);
    house.stands(["950.4", "0", "950.4", "0", "0", "0"]);
    assert_eq!(house.subscription.until().unwrap().to_string(), "2025-01-31T12:00:00Z");
}

#[test]
fn cents_that_do_not_divide_are_earned_with_the_last_month() {
    let mut house = House::with(&[
        ("trial_days = 14", "trial_days = 0"),
        ("annual_coupon_pct = \"20\"", "annual_coupon_pct = \"7.01\""),
    ]);
    house.subscribe(Starter, Annual);
    // 228 less 15.99: a month is 17.66, and nine cents are left for the last.
    house.pay("212.01");
    house.stands(["212.01", "0", "17.66", "194.35", "0", "0"]);
    let steps = house.end_of_term();
    let earned = |step: &Step| step.movement().earned.to_string();
    assert_eq!((earned(&steps[0]).as_str(), earned(&steps[10]).as_str()), ("17.66", "17.67"));
    house.stands(["212.01", "0", "212.01", "0", "0", "0"]);
}

#[test]
fn an_upgrade_is_charged_by_time_and_served_when_paid() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    house.pay("19");
    // From 31 January to 28 February: half of 28 days is left.
    house.days(14);
    assert_eq!(names(&house.change(Investor, Monthly).unwrap()), ["Invoiced"]);
    assert_eq!(house.invoice().total, usd("40"));
    assert_eq!(
        house.invoice().lines[0].item.to_string(),
        "Upgrade from STARTER to INVESTOR, rest of the term"
    );
    assert_eq!(house.subscription.serves(), Some(Starter));
    assert_eq!(names(&house.pay("40")), ["Received", "Settled"]);
    assert_eq!(house.subscription.serves(), Some(Investor));
    house.stands(["59", "0", "59", "0", "0", "0"]);
    house.end_of_term();
    assert_eq!(house.invoice().total, usd("99"));
}

#[test]
fn an_upgrade_within_a_year_defers_the_months_to_come() {
    let mut house = House::strict();
    house.subscribe(Starter, Annual);
    house.pay("182.4");
    house.days(14);
    house.change(Investor, Annual).unwrap();
    // 64 a month more, for half of this one and eleven to come.
    assert_eq!(house.invoice().total, usd("736"));
    house.pay("736");
    house.stands(["918.4", "0", "47.2", "871.2", "0", "0"]);
    assert_eq!(house.subscription.month(), usd("79.2"));
    house.days(14);
    house.stands(["918.4", "0", "126.4", "792", "0", "0"]);
    house.end_of_term();
    house.stands(["918.4", "0", "918.4", "0", "0", "0"]);
}

#[test]
fn an_upgrade_that_is_not_paid_is_an_offer_for_three_days() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    house.pay("19");
    house.days(1);
    house.change(Baller, Monthly).unwrap();
    assert_eq!(names(&house.change(Saver, Monthly).unwrap()), ["Voided", "Invoiced"]);
    assert!(house.days(2).is_empty());
    assert_eq!(names(&house.days(1)), ["Voided"]);
    // Asked for on the last day, it goes with the term.
    house.days(23);
    house.change(Saver, Monthly).unwrap();
    assert_eq!(names(&house.change(Starter, Monthly).unwrap()), ["Voided"], "thought better of");
    house.change(Saver, Monthly).unwrap();
    assert_eq!(names(&house.end_of_term()), ["Voided", "Invoiced", "Reminded"]);
    assert_eq!(house.subscription.serves(), Some(Starter));
}

#[test]
fn a_downgrade_is_served_at_once_and_its_rest_pays_for_what_comes() {
    let mut house = House::with(&[
        ("trial_days = 14", "trial_days = 0"),
        ("tax_pct = \"0\"", "tax_pct = \"10\""),
    ]);
    house.subscribe(Investor, Monthly);
    house.pay("108.9");
    house.stands(["108.9", "0", "99", "0", "9.9", "0"]);
    house.days(14);
    assert_eq!(names(&house.change(Starter, Monthly).unwrap()), ["Credited", "Changed"]);
    assert_eq!(house.subscription.serves(), Some(Starter));
    house.stands(["108.9", "0", "59", "0", "5.9", "44"]);
    let steps = house.end_of_term();
    assert_eq!(names(&steps), ["Invoiced", "Settled"]);
    assert_eq!(house.invoice().credit_used, usd("20.9"));
    assert_eq!(house.invoice().to_pay(), Money::ZERO);
    house.stands(["108.9", "0", "78", "0", "7.8", "23.1"]);
    house.end_of_term();
    house.end_of_term();
    assert_eq!(house.subscription.to_pay(), Some(usd("18.7")));
}

#[test]
fn a_downgrade_within_a_year_takes_from_upgrade_and_term_what_is_not_served() {
    let mut house = House::strict();
    house.subscribe(Starter, Annual);
    house.pay("182.4");
    house.change(Investor, Annual).unwrap();
    assert_eq!(house.invoice().total, usd("768"));
    house.pay("768");
    house.days(14);
    let steps = house.change(Starter, Annual).unwrap();
    // Eleven and a half months of 64.
    assert_eq!(names(&steps), ["Credited", "Changed"]);
    house.stands(["950.4", "0", "47.2", "167.2", "0", "736"]);
    house.end_of_term();
    // The year of 182.40 that follows is paid with what is owed.
    house.stands(["950.4", "0", "229.6", "167.2", "0", "553.6"]);
}

#[test]
fn a_cycle_changes_with_the_next_term() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    house.pay("19");
    assert_eq!(names(&house.change(Starter, Annual).unwrap()), ["Renews"]);
    assert_eq!(house.change(Starter, Annual), Err(Refused::SamePlan));
    house.end_of_term();
    assert_eq!(house.invoice().total, usd("182.4"));
    assert_eq!(house.change(Saver, Annual), Err(Refused::InvoiceOpen(house.waiting())));
    house.pay_all();
    assert_eq!(house.subscription.plan(), plan(Starter, Annual));
}

#[test]
fn money_that_comes_in_is_never_lost_and_never_counted_twice() {
    let mut house = House::strict();
    house.subscribe(Investor, Monthly);
    let invoice = house.waiting();
    assert_eq!(names(&house.pay("50")), ["Received"], "too little waits");
    assert_eq!(house.subscription.to_pay(), Some(usd("49")));
    house.stands(["50", "0", "0", "0", "0", "50"]);
    let again = Request::Pay { invoice, amount: usd("50"), reference: "payment 1".into() };
    assert!(house.ask(&again).unwrap().is_empty(), "the same payment");
    assert_eq!(names(&house.pay("60")), ["Received", "Settled"], "too much stays");
    house.stands(["110", "0", "99", "0", "0", "11"]);
    let steps = house.pay_for(invoice, usd("99"));
    assert!(matches!(steps[..], [Step::Received { stray: true, .. }]), "paid twice");
    house.stands(["209", "0", "99", "0", "0", "110"]);
    let back = |amount| Request::PayOut { amount: usd(amount), why: "paid twice".into() };
    assert_eq!(house.ask(&back("110.01")), Err(Refused::TooMuch { left: usd("110") }));
    assert_eq!(names(&house.ask(&back("99")).unwrap()), ["PaidOut"]);
    house.stands(["209", "99", "99", "0", "0", "11"]);
    for (amount, reference) in [("0", "a"), ("-5", "a"), ("0.001", "a"), ("5", "")] {
        let pay = Request::Pay { invoice, amount: usd(amount), reference: reference.into() };
        assert!(house.ask(&pay).is_err());
    }
}

#[test]
fn money_that_comes_after_the_lapse_pays_for_coming_back() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    let invoice = house.waiting();
    house.days(14);
    assert_eq!(house.subscription.phase(), Phase::Lapsed);
    house.pay_for(invoice, usd("19"));
    house.stands(["19", "0", "0", "0", "0", "19"]);
    assert_eq!(house.subscription.serves(), None);
    assert_eq!(names(&house.ask(&Request::Reactivate).unwrap()), ["Invoiced", "Settled"]);
    assert_eq!(house.subscription.serves(), Some(Starter));
}

#[test]
fn a_refund_takes_first_what_was_not_earned() {
    let mut house = House::with(&[
        ("trial_days = 14", "trial_days = 0"),
        ("tax_pct = \"0\"", "tax_pct = \"10\""),
    ]);
    house.subscribe(Investor, Annual);
    house.pay_all();
    house.days(40);
    house.stands(["1045.44", "0", "158.4", "792", "95.04", "0"]);
    let invoice = house.subscription.paid()[0].invoice;
    let refund = |amount, ends| Request::Refund {
        invoice,
        amount: usd(amount),
        why: "moved away".into(),
        ends,
    };
    assert_eq!(house.ask(&refund("1045.45", true)), Err(Refused::TooMuch { left: usd("1045.44") }));
    // Ten months that have not begun, with their tax.
    assert_eq!(names(&house.ask(&refund("871.2", true)).unwrap()), ["Credited", "Ended"]);
    house.stands(["1045.44", "871.2", "158.4", "0", "15.84", "0"]);
    assert_eq!(house.subscription.serves(), None);
    house.ask(&refund("174.24", true)).unwrap();
    house.stands(["1045.44", "1045.44", "0", "0", "0", "0"]);
    assert_eq!(house.ask(&refund("0.01", false)), Err(Refused::TooMuch { left: Money::ZERO }));
}

#[test]
fn cancel_ends_with_the_term_and_can_be_taken_back() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    assert_eq!(names(&house.ask(&Request::Cancel).unwrap()), ["Voided", "Ended"]);
    house.subscribe(Starter, Monthly);
    house.pay("19");
    assert_eq!(house.ask(&Request::Reactivate), Err(Refused::NotCanceled));
    house.ask(&Request::Cancel).unwrap();
    assert_eq!(house.ask(&Request::Cancel), Err(Refused::Canceled));
    assert_eq!(house.change(Saver, Monthly), Err(Refused::Canceled));
    assert_eq!(names(&house.ask(&Request::Reactivate).unwrap()), ["Reactivated"]);
    house.ask(&Request::Cancel).unwrap();
    assert_eq!(house.subscription.serves(), Some(Starter), "until the term is over");
    assert_eq!(names(&house.end_of_term()), ["Ended"]);
    assert_eq!(house.subscription.serves(), None);
    house.stands(["19", "0", "19", "0", "0", "0"]);
    assert_eq!(house.ask(&Request::Cancel), Err(Refused::NotRunning));
    // Within the days of grace there is nothing to run on for.
    house.ask(&Request::Reactivate).unwrap();
    house.pay("19");
    house.end_of_term();
    assert_eq!(names(&house.ask(&Request::Cancel).unwrap()), ["Voided", "Ended"]);
}

#[test]
fn an_invoice_stands_as_its_steps_say() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    let mut first = house.invoice().clone();
    house.subscribe(Investor, Monthly);
    let mut second = house.invoice().clone();
    assert_eq!((second.state, second.lines[0].period), (InvoiceState::Open, None));
    house.days(2);
    house.pay("99");
    for step in &house.steps {
        step.mark(&mut first);
        step.mark(&mut second);
    }
    assert_eq!((first.state, second.state), (InvoiceState::Void, InvoiceState::Paid));
    let period = second.lines[0].period.unwrap();
    assert_eq!((period.from, Some(period.until)), (house.now, house.subscription.until()));
    let bills = Bill::all(house.steps.iter().cloned());
    assert_eq!(bills.iter().map(|bill| &bill.invoice).collect::<Vec<_>>(), [&first, &second]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut house = House::with(&[]);
    assert_eq!(house.ask(&Request::Subscribe(plan(Paper, Monthly))), Err(Refused::Free));
    assert_eq!(house.ask(&Request::Reactivate), Err(Refused::NotRunning));
    assert_eq!(house.change(Saver, Monthly), Err(Refused::NotRunning));
    house.subscribe(Saver, Monthly);
    let other = Request::Subscribe(plan(Starter, Monthly));
    assert_eq!(house.ask(&other), Err(Refused::Running));
    // In a trial one tries what one likes.
    assert_eq!(names(&house.change(Baller, Annual).unwrap()), ["Changed"]);
    assert_eq!(house.change(Paper, Monthly), Err(Refused::Free));
    let void = Request::Void(Default::default());
    assert_eq!(house.ask(&void), Err(Refused::NotOpen(Default::default())));
    house.end_of_term();
    assert_eq!(house.invoice().total, usd("9590.4"));
    let void = Request::Void(house.waiting());
    assert_eq!(names(&house.ask(&void).unwrap()), ["Lapsed"]);
}

#[test]
fn what_passed_while_the_house_was_closed_is_not_asked_for() {
    let mut house = House::strict();
    house.subscribe(Starter, Monthly);
    house.pay("19");
    assert_eq!(names(&house.days(45)), ["Invoiced", "Reminded"]);
    assert_eq!(house.invoice().lines[0].period.unwrap().from, house.now);
    // A short absence moves nothing.
    house.pay_all();
    let until = house.subscription.until().unwrap();
    house.wait(until.plus(Span::days(3)).since(house.now));
    assert_eq!(house.invoice().lines[0].period.unwrap().from, until);
}

#[test]
fn cash_that_was_promised_waits_until_it_went_back() {
    let mut house = House::strict();
    house.subscribe(Investor, Monthly);
    let invoice = house.waiting();
    house.pay("120");
    let why = || "as agreed".to_owned();
    let refund = |amount| Request::Refund { invoice, amount: usd(amount), why: why(), ends: false };
    house.ask(&refund("9")).unwrap();
    house.ask(&Request::PayOut { amount: usd("21"), why: why() }).unwrap();
    let waits = |house: &House| -> Vec<_> {
        let payouts = house.subscription.payouts().iter();
        payouts.map(|payout| (payout.number, payout.invoice, payout.amount)).collect()
    };
    assert_eq!(waits(&house), [(1, Some(invoice), usd("9")), (2, None, usd("21"))]);
    assert!(house.subscription.is_waiting());
    let books = house.books;
    let back = |payout, reference: &str| Request::PaidBack { payout, reference: reference.into() };
    assert_eq!(names(&house.ask(&back(1, "re_1")).unwrap()), ["PaidBack"]);
    assert!(house.ask(&back(1, "re_1")).unwrap().is_empty(), "told again");
    assert_eq!(house.ask(&back(3, "re_3")), Err(Refused::NoPayout(3)));
    assert_eq!(house.ask(&back(0, "re_0")), Err(Refused::NoPayout(0)));
    assert_eq!(house.ask(&back(2, "")), Err(Refused::Text));
    assert_eq!(waits(&house), [(2, None, usd("21"))]);
    house.ask(&back(2, "bank statement 7")).unwrap();
    assert!(!house.subscription.is_waiting());
    assert_eq!(house.books, books, "the books had it when it was promised");
    for cent in 0..16 {
        house.ask(&refund("0.01")).unwrap_or_else(|why| panic!("{cent}: {why}"));
    }
    assert_eq!(house.ask(&refund("0.01")), Err(Refused::PayoutsWait));
}
