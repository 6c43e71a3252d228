//! Who copies is held against the backtest like everybody else: an equal run agrees for sleeves too, and what differs
//! at the master, or on a copy's own way, is laid at its cause for both.

use super::gap::{BTC, Day, Hand, id_of, mostly, placed, usual};
use super::{BEGIN, accounts, opened, paper};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::event::Setting;
use nija_core::desk::input::{Command, CopyAct, Input, LeaderFacts};
use nija_core::ports::Journal;
use nija_core::risk::kill::Actor;
use nija_core::words::fixed::SCALE;
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::{Kind, MarketEvent};
use nija_engine::parity::compare::Report;
use nija_engine::parity::parts::{Cause, Parts};
use nija_engine::sim::Rules as VenueRules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::filling::Filling;
use nija_engine::sim::latency::Latency;
use nija_store::memory;
use std::sync::Arc;

/// In partitions 1 and 2.
pub(super) const MASTERS: [AccountId; 2] = [AccountId(13), AccountId(5)];
/// Account, its tier, the thousandths of the money that it may lose, and which of the masters it copies: beside its
/// master, and elsewhere.
const FOLLOWERS: [(u128, Tier, i64, &[usize]); 4] = [
    (21, Tier::Livable, 40, &[0]),
    (22, Tier::Baller, 40, &[0, 1]),
    (23, Tier::Income, 40, &[1]),
    (26, Tier::Investor, 1, &[0, 1]),
];
/// The sleeves they make.
const SLEEVES: usize = 6;
/// It does nothing but copy.
const QUIET: AccountId = AccountId(22);

/// These masters begin to lead, and others to copy them.
pub(super) fn begin(masters: Vec<AccountId>) -> impl Iterator<Item = (AccountId, Command)> {
    let opened_book = Command::Lead(MasterChange::Opened(DISCLOSURE));
    let led: Vec<_> = masters.iter().map(|master| (*master, opened_book.clone())).collect();
    let followers = FOLLOWERS.into_iter().flat_map(move |(n, tier, loss, of)| {
        let of = of.iter().map(|of| MASTERS[*of]).filter(|of| masters.contains(of));
        let begun = |of| (AccountId(n), started(of, (12_000, loss), false));
        let copies: Vec<_> = of.map(begun).collect();
        std::iter::once(opened(n, tier, Tolerance::Moderate)).chain(copies)
    });
    let quiet = (QUIET, Command::Set(Setting::Autopilot(false)));
    led.into_iter().chain(followers).chain([quiet])
}

/// As a master looks that has just begun to lead.
fn started(leader: AccountId, (dollars, loss): (i32, i64), open: bool) -> Command {
    let facts = LeaderFacts { user: UserId(leader.0), leads: true, ..LeaderFacts::default() };
    let terms = CopyTerms {
        max_slippage_pct: Pct::whole(10),
        stop_loss_pct: Some(Pct::from_raw(loss * SCALE / 10)),
        ..CopyTerms::default()
    };
    let (amount, facts) = (Money::whole(dollars), Box::new(facts));
    Command::Copy { leader, act: CopyAct::Start { amount, terms, leader: facts, open } }
}

/// What all sleeves earned: in the paper run, in the re-run, and why that differs.
fn sleeves(report: &Report) -> (i128, i128, Parts) {
    let mut all = (0, 0, Parts::default());
    let of = report.accounts.iter().filter(|account| account.who.copies.is_some());
    let mut count = 0;
    for account in of {
        all.0 += account.paper;
        all.1 += account.rerun;
        all.2.add_all(&account.parts);
        count += 1;
    }
    assert!(count >= SLEEVES, "{count} sleeves");
    assert_eq!(all.2.sum(), all.0 - all.1);
    all
}

fn asked(account: AccountId, command: Command) -> Input {
    Input::Command { account, key: None, command }
}

fn of_copy(account: u128, leader: AccountId, act: CopyAct) -> Input {
    asked(AccountId(account), Command::Copy { leader, act })
}

#[tokio::test]
async fn sleeves_of_an_equal_run_agree_from_the_beginning_and_from_the_middle() {
    let day = Day::read();
    for from in [BEGIN, BEGIN.plus(Span(30 * Span::DAY.0))] {
        let report = day.compared((usual(), &day.events), Vec::new(), from).await;
        assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
        let (paper, rerun, parts) = sleeves(&report);
        assert!(paper != 0 && paper == rerun && parts.is_zero());
        let traded = report.accounts.iter().filter(|of| of.who.copies.is_some() && of.paper != 0);
        assert!(traded.count() >= SLEEVES - 2, "too quiet: {:?}", report.accounts);
        if from == BEGIN {
            assert!(report.decisions["stop_loss"].same > 0);
        }
    }
}

/// The rooms of the platform, the copier among them, decide as the backtest does. With one master: which of two is
/// heard first in one instant is a matter of chance there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_copier_and_a_backtest_copy_the_same() {
    let mut day = Day::read();
    day.events.retain(|event| event.at < BEGIN.plus(days(28)));
    let journal = Arc::new(memory::Journal::default());
    let kept = Arc::clone(&journal) as Arc<dyn Journal>;
    let people = accounts().chain(begin(vec![MASTERS[0]]));
    paper(people, (&day.warm, &day.events), (Arc::default(), kept)).await;
    let report = day.held(&*journal, BEGIN).await;
    assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
    let copies = report.accounts.iter().filter(|of| of.who.copies.is_some() && of.paper != 0);
    assert!(copies.count() >= 2, "too quiet: {:?}", report.accounts);
}

/// How much was laid at these.
fn at(parts: &Parts, causes: &[Cause]) -> Vec<i128> {
    causes.iter().map(|cause| parts.of(*cause)).collect()
}

#[tokio::test]
async fn what_a_venue_does_to_a_copy_is_laid_where_it_is_laid_for_everybody() {
    let day = Day::read();
    let late = VenueRules { latency: Latency::Fixed { span: Span::seconds(1) }, ..usual() };
    let mut dear = usual();
    dear.crypto.fee = Fee::Percent { rate: Pct::whole(1) };
    let mut thin = usual();
    thin.equity.filling = Filling::Participation { rate: Pct::from_raw(4) };
    for (terms, cause) in [(late, Cause::Latency), (dear, Cause::Fee), (thin, Cause::Partial)] {
        let report = day.compared((terms, &day.events), Vec::new(), BEGIN).await;
        let (_, _, parts) = sleeves(&report);
        assert_eq!(mostly(&parts).0, Some(cause), "{parts:?}");
        let none = at(&parts, &[Cause::Data, Cause::Manual, Cause::Decision]);
        assert_eq!(none, [0; 3], "{cause:?} {parts:?}");
    }
}

/// What a copy lacks because the master's own order was filled in part stays partial beside larger causes of its owner.
#[tokio::test]
async fn a_copy_has_the_cause_of_the_order_that_it_copies() {
    let day = Day::read();
    let mut thin = usual();
    thin.equity.filling = Filling::Participation { rate: Pct::from_raw(4) };
    let mut both = thin;
    both.crypto.fee = Fee::Percent { rate: Pct::whole(1) };
    let parts = sleeves(&day.compared((both, &day.events), Vec::new(), BEGIN).await).2;
    // Laid at the largest cause of whoever copies, all of it would be fees.
    assert_eq!(mostly(&parts).0, Some(Cause::Partial), "{parts:?}");
}

#[tokio::test]
async fn a_hand_at_the_master_is_a_hand_for_whoever_copies() {
    let day = Day::read();
    let hands = vec![(10, placed(13, "ETH-USD", 700)), (12, placed(13, "AAPL", 600))];
    let report = day.compared((usual(), &day.events), hands, BEGIN).await;
    assert!(report.agrees(), "{:?}", report.differences.first());
    let (paper, rerun, parts) = sleeves(&report);
    assert!(paper != rerun && parts.of(Cause::Manual) == paper - rerun, "{parts:?}");
    // A purchase of the follower's own is nobody else's.
    let hands = vec![(10, placed(22, "AAPL", 500))];
    let report = day.compared((usual(), &day.events), hands, BEGIN).await;
    assert!(report.agrees(), "{:?}", report.differences.first());
    let moved: Vec<_> = report.accounts.iter().filter(|of| !of.parts.is_zero()).collect();
    assert!(!moved.is_empty() && moved.iter().all(|of| of.who.owner() == QUIET), "{moved:?}");
}

#[tokio::test]
async fn a_bar_that_the_master_did_not_see_is_data_for_whoever_copies() {
    let day = Day::read();
    let lost = |at: Timestamp| at >= BEGIN.plus(days(26)) && at <= BEGIN.plus(days(28));
    let is_bar =
        |event: &MarketEvent| matches!(event.kind, Kind::BarClosed(_) | Kind::BarOpened { .. });
    let is_lost = |e: &MarketEvent| lost(e.at) && is_bar(e) && e.instrument() == Some(id_of(BTC));
    let fewer: Vec<_> = day.events.iter().copied().filter(|event| !is_lost(event)).collect();
    let report = day.compared((usual(), &fewer), Vec::new(), BEGIN).await;
    let (_, _, parts) = sleeves(&report);
    assert_eq!(mostly(&parts).0, Some(Cause::Data), "{parts:?}");
    assert_eq!(at(&parts, &[Cause::Manual, Cause::Decision]), [0; 2], "{parts:?}");
}

const fn days(n: i64) -> Span {
    Span(n * Span::DAY.0)
}

/// What followers do in eleven weeks that is no hand: money in and out, other terms, an end and a new beginning.
fn frame() -> Vec<Hand> {
    let [first, second] = MASTERS;
    let paused = |paused| CopyAct::Terms(CopyTerms { paused, ..CopyTerms::default() });
    let begun = |of| asked(AccountId(21), started(of, (5_000, 40), true));
    let lead = |change| asked(second, Command::Lead(change));
    vec![
        (5, of_copy(22, first, CopyAct::Fund(Money::whole(1_000)))),
        (8, of_copy(23, second, paused(true))),
        (15, of_copy(23, second, paused(false))),
        (20, of_copy(21, first, CopyAct::Stop)),
        // It holds something then, which is copied, too.
        (30, begun(second)),
        (35, begun(first)),
        (50, of_copy(22, first, CopyAct::Fund(Money::whole(-500)))),
        (60, lead(MasterChange::Closed)),
        (64, lead(MasterChange::Opened(DISCLOSURE))),
    ]
}

#[tokio::test]
async fn the_frame_of_a_copy_is_given_and_what_is_sold_by_hand_is_a_hand() {
    let day = Day::read();
    for from in [BEGIN, BEGIN.plus(days(30))] {
        let report = day.compared((usual(), &day.events), frame(), from).await;
        assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
        assert!(sleeves(&report).2.is_zero());
    }
    let (by, reason) = (Actor::User(UserId(22)), "a look at the books".to_owned());
    let kill = Command::Kill { by: by.clone(), reason: reason.clone(), flatten: true };
    let hands = [
        (30, of_copy(22, MASTERS[1], CopyAct::Close(id_of(BTC)))),
        (28, asked(QUIET, kill)),
        (34, asked(QUIET, Command::Rearm { by, reason })),
    ];
    for hand in [&hands[..1], &hands[1..]] {
        let report = day.compared((usual(), &day.events), hand.to_vec(), BEGIN).await;
        assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
        let (paper, rerun, parts) = sleeves(&report);
        assert!(paper != rerun && parts.of(Cause::Manual) == paper - rerun, "{parts:?}");
    }
}
