//! The exchange as a venue: reports that are waited for, cancels through the door, the end.

use super::*;
use crate::sim::Paper;
use nija_core::ports::{Clock, Found, Memory, Venue};
use std::sync::Arc;

struct Fixed(Timestamp);
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn paper() -> (Arc<Paper>, Ticket) {
    let mut bench = Bench::plain();
    let order = ticket(1, Side::Buy, "1", OrderType::Market);
    bench.place(&order);
    bench.reports();
    (Arc::new(Paper::new(bench.exchange, Arc::new(Fixed(bench.now)))), order)
}

fn opened(paper: &Paper) {
    let event = MarketEvent {
        at: noon().plus(HOUR),
        kind: Kind::BarOpened { instrument: COIN, price: p("101") },
    };
    paper.on_market(&event);
}

#[tokio::test]
async fn reports_are_waited_for_and_end_when_the_venue_closes() {
    let (paper, order) = paper();
    let waiting = tokio::spawn({
        let paper = paper.clone();
        async move { paper.reports().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    opened(&paper);
    let reports = waiting.await.unwrap().unwrap();
    assert!(matches!(reports.as_slice(), [Report { outcome: Outcome::Filled(_), .. }]));
    assert!(matches!(paper.find(order.id).await, Ok(Found::Known(story)) if story.len() == 2));
    assert_eq!(paper.find(OrderId(9)).await, Ok(Found::Never));
    paper.close();
    assert_eq!(paper.reports().await, None);
}

#[tokio::test]
async fn what_was_reported_before_the_close_is_still_handed_over() {
    let (paper, _) = paper();
    opened(&paper);
    paper.close();
    assert_eq!(paper.reports().await.map(|reports| reports.len()), Some(1));
    assert_eq!(paper.reports().await, None);
}

#[tokio::test]
async fn it_remembers_nothing_over_a_restart_and_is_told_again() {
    let (paper, _) = paper();
    assert_eq!(paper.abilities().memory, Memory::Journal);
    assert!(paper.abilities().queues_when_closed);
    assert_eq!(paper.name(), VenueName::Paper);
    let order = ticket(2, Side::Sell, "5", limit("101.5"));
    paper.restore(&order, q("4"), 3);
    paper.advance();
    let reports = paper.take_reports(10);
    assert!(matches!(reports.as_slice(), [Report { outcome: Outcome::Acknowledged, .. }]));
}
