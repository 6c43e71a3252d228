//! A paper run held against the backtest of the same market: an equal one agrees, and a planted difference is laid
//! at its cause. The paper runs are driven by the same rooms, at a venue or over a market that is not what the
//! backtest assumes.

use super::{
    BEGIN, Recorded, WARM, desks, everybody, exchange, exchange_of, history, rules, trader,
};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, CopyAct, Input};
use nija_core::ports::Journal;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::{AccountId, InstrumentId, UserId};
use nija_core::words::money::{Money, Pct};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::backtest::Backtest;
use nija_engine::copier::facts;
use nija_engine::feeds::recorded::Once;
use nija_engine::feeds::steps::Steps;
use nija_engine::feeds::{Kind, MarketEvent};
use nija_engine::parity::Paper;
use nija_engine::parity::compare::Report;
use nija_engine::parity::parts::{Cause, Parts};
use nija_engine::parity::rerun::World;
use nija_engine::sim::Rules as VenueRules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::filling::Filling;
use nija_engine::sim::latency::Latency;
use nija_store::memory;
use std::sync::Arc;

/// Eleven weeks of the half year.
pub(super) const LENGTH: Span = Span(77 * Span::DAY.0);
/// Bitcoin of the shipped catalog.
pub(super) const BTC: &str = "BTC-USD";

pub(super) fn id_of(symbol: &str) -> InstrumentId {
    super::catalog().into_iter().find(|row| row.symbol == symbol).unwrap().id
}

/// What people do at the end of which day.
pub(super) type Hand = (i64, Input);

pub(super) struct Day {
    pub(super) warm: Vec<MarketEvent>,
    pub(super) events: Vec<MarketEvent>,
}

impl Day {
    pub(super) fn read() -> Self {
        let (until, all) = (BEGIN.plus(LENGTH), history(WARM));
        let (warm, live): (Vec<_>, Vec<_>) = all.into_iter().partition(|event| event.at < BEGIN);
        Self { warm, events: live.into_iter().filter(|event| event.at < until).collect() }
    }

    /// A paper run over these events at a venue of these terms, with hands in it; then its comparison from `from` on
    /// with the backtest of the true day.
    pub(super) async fn compared(
        &self,
        (terms, events): (VenueRules, &[MarketEvent]),
        hands: Vec<Hand>,
        from: Timestamp,
    ) -> Report {
        let journal = Arc::new(memory::Journal::default());
        let kept = Arc::clone(&journal) as Arc<dyn Journal>;
        let (venue, seen) = (exchange_of(terms), Box::new(|_: &_| {}));
        let mut run = Backtest::new(desks(), venue, trader(&self.warm), kept, seen);
        for (account, command) in everybody() {
            let open = Input::Command { account, key: None, command };
            assert_eq!(run.input(open, BEGIN).await.unwrap(), Answer::Done);
        }
        let mut hands = hands.into_iter().peekable();
        let mut feed = Recorded(events.to_vec().into());
        let mut steps = Steps::of(&mut feed);
        let mut last = BEGIN;
        while let Some((at, step)) = steps.next_step().unwrap() {
            let due = |hand: &Hand| BEGIN.plus(Span(hand.0 * Span::DAY.0)) < at;
            while let Some((_, mut input)) = hands.next_if(due) {
                if let Input::Command {
                    command: Command::Copy { leader, act: CopyAct::Start { leader: seen, .. } },
                    ..
                } = &mut input
                {
                    **seen = facts(run.partitions().unwrap(), *leader);
                }
                let answer = run.input(input, last).await.unwrap();
                assert!(matches!(answer, Answer::Placed { .. } | Answer::Done), "{answer:?}");
            }
            run.step(at, step).await.unwrap();
            last = at;
        }
        let report = self.held(&*journal, from).await;
        assert!(report.fills.same + report.fills.differ > 20, "too quiet: {:?}", report.fills);
        report
    }

    /// A paper run over the day from `from` on, held against the backtest.
    pub(super) async fn held(&self, journal: &dyn Journal, from: Timestamp) -> Report {
        let span = (from, BEGIN.plus(LENGTH));
        let paper = Paper::read(journal, &rules(), span).await.unwrap();
        let world = World { exchange: &exchange, trader: &|| trader(&self.warm) };
        let past = || Box::new(Once::of(Recorded(self.events.clone().into())));
        let report = paper.compare(&world, [past(), past()]).await.unwrap();
        for account in &report.accounts {
            assert_eq!(account.parts.sum(), account.paper - account.rerun, "{account:?}");
        }
        report
    }
}

pub(super) fn usual() -> VenueRules {
    VenueRules { seed: 7, ..VenueRules::default() }
}

/// The cause of most of the gap, and of how much of all that is laid somewhere.
pub(super) fn mostly(parts: &Parts) -> (Option<Cause>, f64) {
    let sizes = Cause::ALL.map(|cause| parts.of(cause).abs() as f64);
    let largest = parts.largest();
    let share =
        largest.map_or(0.0, |cause| parts.of(cause).abs() as f64 / sizes.iter().sum::<f64>());
    (largest, share)
}

#[tokio::test]
async fn an_equal_day_agrees_from_its_beginning_and_from_its_middle() {
    let day = Day::read();
    for from in [BEGIN, BEGIN.plus(Span(30 * Span::DAY.0))] {
        let report = day.compared((usual(), &day.events), Vec::new(), from).await;
        assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
        assert_eq!(report.agreement_pct(), Some(100.0));
        assert!(report.total().2.is_zero() && report.data.is_empty(), "{:?}", report.data);
        assert!(report.signals.same > 5 && report.decisions["approved"].same > 20);
    }
}

#[tokio::test]
async fn a_late_venue_is_latency_a_dear_one_is_fee_and_a_wide_one_is_spread() {
    let day = Day::read();
    let second = Latency::Fixed { span: Span::seconds(1) };
    let late = VenueRules { latency: second, ..usual() };
    let mut dear = usual();
    dear.crypto.fee = Fee::Percent { rate: Pct::whole(1) };
    let mut wide = usual();
    for terms in [&mut wide.crypto, &mut wide.equity] {
        terms.half_spread = Pct::whole(1);
    }
    for (terms, cause) in [(late, Cause::Latency), (dear, Cause::Fee), (wide, Cause::Spread)] {
        let report = day.compared((terms, &day.events), Vec::new(), BEGIN).await;
        let (_, _, parts) = report.total();
        let (largest, share) = mostly(&parts);
        assert_eq!(largest, Some(cause), "{parts:?}");
        assert!(share > 0.8, "{cause:?} {share} {parts:?}");
        let none = [Cause::Data, Cause::Manual, Cause::Decision].map(|cause| parts.of(cause));
        assert_eq!(none, [0; 3], "{cause:?}");
        assert!(!report.agrees() && report.data.is_empty());
    }
}

#[tokio::test]
async fn a_venue_that_fills_in_parts_is_a_partial_fill() {
    let day = Day::read();
    let mut thin = usual();
    thin.equity.filling = Filling::Participation { rate: Pct::from_raw(4) };
    let report = day.compared((thin, &day.events), Vec::new(), BEGIN).await;
    let (_, _, parts) = report.total();
    assert_eq!(mostly(&parts).0, Some(Cause::Partial), "{parts:?}");
    let none = [Cause::Data, Cause::Manual, Cause::Decision].map(|cause| parts.of(cause));
    assert_eq!(none, [0; 3]);
}

#[tokio::test]
async fn a_bar_that_the_paper_run_did_not_see_is_data() {
    let day = Day::read();
    // The day on which a strategy's purchase of the plain run is filled.
    let plain = day.compared((usual(), &day.events), Vec::new(), BEGIN).await;
    assert!(plain.agrees());
    let lost = |event: &MarketEvent| {
        let from = BEGIN.plus(Span(26 * Span::DAY.0));
        let in_time = event.at >= from && event.at <= from.plus(Span(2 * Span::DAY.0));
        let is_bar = matches!(event.kind, Kind::BarClosed(_) | Kind::BarOpened { .. });
        in_time && is_bar && event.instrument() == Some(id_of(BTC))
    };
    let fewer: Vec<_> = day.events.iter().copied().filter(|event| !lost(event)).collect();
    assert!(fewer.len() < day.events.len());
    let report = day.compared((usual(), &fewer), Vec::new(), BEGIN).await;
    assert!(!report.data.is_empty() && report.data.iter().all(|(id, _)| *id == id_of(BTC)));
    let (_, _, parts) = report.total();
    assert!(!parts.is_zero(), "nothing was traded on the lost days");
    let others = [Cause::Latency, Cause::Fee, Cause::Partial, Cause::Manual, Cause::Decision];
    assert_eq!(mostly(&parts).0, Some(Cause::Data), "{parts:?}");
    assert!(others.iter().all(|cause| parts.of(*cause).abs() * 20 < parts.of(Cause::Data).abs()));
}

pub(super) fn placed(account: u128, symbol: &str, dollars: i32) -> Input {
    let wish = Wish {
        instrument: id_of(symbol),
        side: Side::Buy,
        size: Size::Dollars(Money::whole(dollars)),
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
    };
    let command = Command::Place(wish);
    Input::Command { account: AccountId(account), key: None, command }
}

#[tokio::test]
async fn what_people_did_is_manual_action_and_nothing_else() {
    let day = Day::read();
    let by = Actor::User(UserId(99));
    let (scope, reason) = (Scope::Platform, "a drill".to_owned());
    let kill = Input::Kill { scope, by: by.clone(), reason: reason.clone(), flatten: true };
    let rearm = Input::Rearm { scope, by, reason };
    let own = vec![(10, placed(7, "ETH-USD", 200)), (12, placed(14, "AAPL", 200))];
    let drill = vec![(40, kill), (45, rearm)];
    for hands in [own, drill] {
        let report = day.compared((usual(), &day.events), hands, BEGIN).await;
        let (paper, rerun, parts) = report.total();
        assert!(parts.of(Cause::Manual) != 0, "{parts:?}");
        assert_eq!(parts.of(Cause::Manual), paper - rerun, "{parts:?}");
        // With the same hands the backtest decides the same.
        assert!(report.agrees(), "{:?}", report.differences.first());
    }
}
