//! Nothing is charged or given back twice, whatever fails on the way, and nobody waits for somebody else's trouble.

mod provider;
mod world;

use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::Phase;
use nija_core::billing::subscription::request::Request;
use nija_core::ports::payments::PaymentError;
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use provider::Says;
use world::World;

const ANNE: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);
const STARTER: Plan = Plan { tier: Tier::Starter, cycle: Cycle::Monthly };
const INVESTOR: Plan = Plan { tier: Tier::Investor, cycle: Cycle::Monthly };

#[tokio::test]
async fn an_invoice_is_charged_once() {
    let mut world = World::begin(&[ANNE]).await;
    world.subscribe(ANNE, STARTER).await;
    world.round().await.unwrap();
    assert_eq!(world.provider.asked(), [], "nobody is on file");
    world.on_file(ANNE);
    world.round().await.unwrap();
    world.round().await.unwrap();
    assert_eq!(world.provider.asked(), [(1, "19".parse().unwrap())]);
    let of = world.subscription(ANNE).await;
    assert_eq!((of.phase(), of.open()), (Phase::Active, None));
    // A higher tier: the difference is charged, too, with an attempt of its own.
    world.ask(ANNE, Request::Change(INVESTOR)).await;
    world.round().await.unwrap();
    world.round().await.unwrap();
    assert_eq!(world.subscription(ANNE).await.plan(), INVESTOR);
    assert_eq!(world.provider.asked().len(), 2);
}

#[tokio::test]
async fn after_a_decline_it_is_tried_again_with_each_reminder() {
    let mut world = World::begin(&[ANNE]).await;
    world.on_file(ANNE);
    world.provider.says([Says::Declined, Says::NeedsPayer]);
    world.subscribe(ANNE, STARTER).await;
    for _ in 0..3 {
        world.round().await.unwrap();
    }
    assert_eq!(world.subscription(ANNE).await.open().unwrap().failures, 1);
    for (days, failures) in [(3, Some(2)), (7, None)] {
        world.days(days).await;
        world.round().await.unwrap();
        world.round().await.unwrap();
        let open = world.subscription(ANNE).await.open().map(|open| open.failures);
        assert_eq!(open, failures, "after {days} days");
    }
    let numbers: Vec<u8> = world.provider.asked().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(world.subscription(ANNE).await.phase(), Phase::Active);
}

#[tokio::test]
async fn without_an_answer_the_very_same_is_asked_again() {
    let mut world = World::begin(&[ANNE]).await;
    world.on_file(ANNE);
    world.subscribe(ANNE, STARTER).await;
    world.provider.says([Says::Paid(Err(PaymentError::Unknown))]);
    world.round().await.unwrap();
    assert_eq!(world.subscription(ANNE).await.phase(), Phase::Waiting);
    // Part of it comes by another way meanwhile: the attempt keeps its amount.
    world.pay(ANNE, "4", "cash").await;
    world.round().await.unwrap();
    let of = world.subscription(ANNE).await;
    assert_eq!((of.phase(), of.credit()), (Phase::Active, Money::whole(4)));
    assert_eq!(world.provider.charged(), Money::whole(19), "taken once");
}

#[tokio::test]
async fn a_charge_that_could_not_be_booked_is_booked_by_the_next_round() {
    let mut world = World::begin(&[ANNE]).await;
    world.on_file(ANNE);
    world.subscribe(ANNE, STARTER).await;
    world.desks.refuse(1);
    assert!(world.round().await.is_err());
    assert_eq!(world.subscription(ANNE).await.phase(), Phase::Waiting);
    world.round().await.unwrap();
    assert_eq!(world.subscription(ANNE).await.phase(), Phase::Active);
    assert_eq!(world.provider.charged(), Money::whole(19), "taken once");
}

#[tokio::test]
async fn one_payer_without_an_answer_keeps_no_other_waiting() {
    let mut world = World::begin(&[ANNE, BOB]).await;
    for account in [ANNE, BOB] {
        world.on_file(account);
        world.subscribe(account, STARTER).await;
    }
    world.provider.says([Says::Paid(Err(PaymentError::Unknown))]);
    world.round().await.unwrap();
    let mut phases = Vec::new();
    for account in [ANNE, BOB] {
        phases.push(world.subscription(account).await.phase());
    }
    phases.sort_by_key(|phase| *phase as u8);
    assert_eq!(phases, [Phase::Waiting, Phase::Active]);
    // A provider that asks everybody to slow down is left alone.
    world.round().await.unwrap();
    world.ask(BOB, Request::Change(INVESTOR)).await;
    world.ask(ANNE, Request::Change(INVESTOR)).await;
    let before = world.provider.asked().len();
    world.provider.says([Says::Paid(Err(PaymentError::Throttled))]);
    assert!(world.round().await.is_err());
    assert_eq!(world.provider.asked().len(), before + 1);
}

#[tokio::test]
async fn checkouts_that_nobody_needs_are_closed() {
    let mut world = World::begin(&[ANNE]).await;
    world.subscribe(ANNE, STARTER).await;
    world.checkout(ANNE, "cs_1").await;
    world.round().await.unwrap();
    assert_eq!(world.provider.withdrawn(), [""; 0], "its invoice is open");
    world.pay(ANNE, "19", "by hand").await;
    world.provider.says([Says::Withdrawn(Err(PaymentError::Unreachable))]);
    assert!(world.round().await.is_err());
    world.round().await.unwrap();
    world.round().await.unwrap();
    assert_eq!(world.provider.withdrawn(), ["cs_1", "cs_1"], "until it is closed, and no more");
}

#[tokio::test]
async fn nobody_is_charged_who_just_paid_at_a_checkout() {
    let mut world = World::begin(&[ANNE]).await;
    world.subscribe(ANNE, STARTER).await;
    world.checkout(ANNE, "cs_1").await;
    world.on_file(ANNE);
    world.provider.finish("cs_1");
    world.round().await.unwrap();
    assert_eq!(world.provider.asked(), [], "the webhook tells");
    assert_eq!(world.subscription(ANNE).await.phase(), Phase::Waiting);
}

#[tokio::test]
async fn promised_cash_goes_back_once_by_the_payment_it_came_with() {
    let mut world = World::begin(&[ANNE]).await;
    world.on_file(ANNE);
    world.subscribe(ANNE, STARTER).await;
    world.round().await.unwrap();
    world.refund(ANNE, "9").await;
    world.provider.says([Says::Returned(Err(PaymentError::Unknown))]);
    world.round().await.unwrap();
    assert_eq!(world.subscription(ANNE).await.payouts().len(), 1);
    world.desks.refuse(1);
    assert!(world.round().await.is_err(), "given back, and not booked");
    world.round().await.unwrap();
    world.round().await.unwrap();
    assert!(world.subscription(ANNE).await.payouts().is_empty());
    assert_eq!(world.provider.returned(), Money::whole(9));
}

#[tokio::test]
async fn what_the_provider_cannot_give_back_waits_for_an_admin() {
    let mut world = World::begin(&[ANNE]).await;
    world.subscribe(ANNE, STARTER).await;
    world.pay(ANNE, "19", "bank statement 7").await;
    world.refund(ANNE, "9").await;
    world.round().await.unwrap();
    let asked = world.provider.looked_up();
    world.round().await.unwrap();
    assert_eq!(world.provider.looked_up(), asked, "asked once");
    assert_eq!(world.provider.returned(), Money::ZERO);
    assert_eq!(world.subscription(ANNE).await.payouts().len(), 1);
    let done = Request::PaidBack { payout: 1, reference: "bank statement 9".to_owned() };
    world.ask(ANNE, done).await;
    world.round().await.unwrap();
    assert!(!world.subscription(ANNE).await.is_waiting());
}
