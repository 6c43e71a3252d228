//! The table of all metrics: kind, unit, meaning, and the values of their labels where these are few, so that each
//! stands at zero from the start and an alarm never waits for a first time.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use nija_core::desk::tally::Counted;
use nija_core::risk::refusal::Code;
use nija_core::words::tier::{Priority, Tier};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// A label with all its values; none means that the metric has no label, or one whose values show by themselves.
type Label = Option<(&'static str, fn() -> Vec<&'static str>)>;

type Row = (Kind, &'static str, Unit, Label, &'static str);

const TIER: Label = Some(("tier", || Tier::ALL.into_iter().map(Tier::name).collect()));
const LANE: Label = Some(("lane", || Priority::ALL.into_iter().map(Priority::title).collect()));
const CODE: Label = Some(("code", || Code::ALL.iter().map(|code| code.name()).collect()));
const DECIDED: Label = Some(("outcome", || Counted::ALL.into_iter().map(Counted::name).collect()));
const LOGIN: Label = Some(("outcome", || vec!["passed", "failed", "throttled"]));
const VENUE: Label = Some(("kind", || vec!["rejected", "unknown", "unreachable", "throttled"]));
const ALARM: Label = Some(("kind", || vec!["discrepancy", "runaway"]));
const SWITCH: Label = Some(("scope", || super::SCOPES.iter().map(|(name, _)| *name).collect()));
const WORK: Label = Some(("what", || vec!["preview", "read", "entry", "exit"]));
const COLLECTED: Label = Some(("outcome", || vec!["paid", "pending", "declined", "needs_payer"]));
const PAYMENT_ALARM: Label = Some(("kind", nija_api::payment_alarms));
const FILE: Label = Some(("file", || vec!["journal", "journal_log", "views", "views_log"]));

/// Every metric. Times are seconds, sizes are bytes, everything else is a count.
const TABLE: &[Row] = &[
    (Gauge, "nija_build_info", Unit::Count, None, "1, with version and schema of this program"),
    (Gauge, "nija_inbox_waiting", Unit::Count, None, "inputs that wait for the desks, of 32768"),
    (
        Counter,
        "nija_turned_away_total",
        Unit::Count,
        WORK,
        "work that found no room in the inbox, by its kind",
    ),
    (
        Gauge,
        "nija_storage_short",
        Unit::Count,
        None,
        "1 while the journal lives on its reserve, 2 while nothing can be written",
    ),
    (
        Histogram,
        "nija_commit_seconds",
        Unit::Seconds,
        None,
        "time to make a group of batches durable",
    ),
    (Counter, "nija_journal_batches_total", Unit::Count, None, "batches made durable"),
    (Counter, "nija_journal_events_total", Unit::Count, None, "events made durable"),
    (
        Counter,
        "nija_orders_released_total",
        Unit::Count,
        None,
        "orders and cancels handed to the gateway",
    ),
    (
        Counter,
        "nija_decisions_total",
        Unit::Count,
        DECIDED,
        "what the desks decided and heard, refusals apart",
    ),
    (
        Counter,
        "nija_refusals_total",
        Unit::Count,
        CODE,
        "orders that a gate refused, by the first reason",
    ),
    (
        Gauge,
        "nija_lane_waiting",
        Unit::Count,
        LANE,
        "releases that wait in a lane of the gateway, of 65536 entries",
    ),
    (Counter, "nija_orders_sent_total", Unit::Count, TIER, "releases that the venue took"),
    (
        Counter,
        "nija_latency_misses_total",
        Unit::Count,
        TIER,
        "releases sent later than the tier's promise",
    ),
    (Counter, "nija_sends_retried_total", Unit::Count, TIER, "sends that were tried again"),
    (
        Counter,
        "nija_orders_lapsed_total",
        Unit::Count,
        TIER,
        "entries that grew too old, or found no room or venue",
    ),
    (
        Gauge,
        "nija_send_seconds",
        Unit::Seconds,
        TIER,
        "time from accepted to sent, by quantile since the start",
    ),
    (
        Counter,
        "nija_venue_errors_total",
        Unit::Count,
        VENUE,
        "answers of the venue that were no yes",
    ),
    (
        Counter,
        "nija_alarms_total",
        Unit::Count,
        ALARM,
        "what a person has to look at: fills that do not fit, and who sends without end",
    ),
    (
        Gauge,
        "nija_views_behind_batches",
        Unit::Count,
        None,
        "batches of the journal that the views lack",
    ),
    (
        Gauge,
        "nija_views_behind_seconds",
        Unit::Seconds,
        None,
        "how long the views have lacked some batch",
    ),
    (
        Gauge,
        "nija_snapshot_behind_batches",
        Unit::Count,
        None,
        "most batches of a partition since its snapshot",
    ),
    (
        Gauge,
        "nija_kill_switches",
        Unit::Count,
        SWITCH,
        "switches that are pressed, those of single accounts apart",
    ),
    (
        Gauge,
        "nija_price_age_seconds",
        Unit::Seconds,
        None,
        "age of the newest price of an open market",
    ),
    (
        Gauge,
        "nija_books_off_dollars",
        Unit::Count,
        None,
        "by how much the books of all partitions do not sum to zero",
    ),
    (
        Gauge,
        "nija_clearing_dollars",
        Unit::Count,
        None,
        "copy fees on their way to masters of other partitions",
    ),
    (Gauge, "nija_invoices_open", Unit::Count, None, "invoices that wait to be paid"),
    (
        Counter,
        "nija_collections_total",
        Unit::Count,
        COLLECTED,
        "charges of a method on file, by what came of them",
    ),
    (
        Gauge,
        "nija_payouts_by_hand",
        Unit::Count,
        None,
        "promised cash that the payment provider cannot give back: an admin transfers it",
    ),
    (
        Counter,
        "nija_payment_alarms_total",
        Unit::Count,
        PAYMENT_ALARM,
        "what the payment provider told and a person has to look at",
    ),
    (Gauge, "nija_storage_free_bytes", Unit::Bytes, None, "free space where the database lies"),
    (Gauge, "nija_storage_bytes", Unit::Bytes, FILE, "size of a file of the database"),
    (
        Gauge,
        "nija_clock_drift_seconds",
        Unit::Seconds,
        None,
        "how far the wall clock went since the start beyond a clock that nobody sets",
    ),
    (Counter, "nija_logins_total", Unit::Count, LOGIN, "proofs of a password"),
    (
        Counter,
        "nija_http_requests_total",
        Unit::Count,
        None,
        "requests by method, route and class of status",
    ),
    (
        Histogram,
        "nija_http_request_seconds",
        Unit::Seconds,
        None,
        "time of a request by method and route",
    ),
    (Gauge, "process_resident_memory_bytes", Unit::Bytes, None, "memory of this process"),
    (Gauge, "process_open_fds", Unit::Count, None, "open files and sockets of this process"),
    (Gauge, "process_max_fds", Unit::Count, None, "how many it may open"),
    (Gauge, "process_start_time_seconds", Unit::Seconds, None, "when it began, since 1970"),
];

/// Describes all, and puts all that stand for themselves at zero.
pub(super) fn register() {
    for (kind, name, unit, label, says) in TABLE {
        let (name, says) = (*name, *says);
        match kind {
            Counter => describe_counter!(name, *unit, says),
            Gauge => describe_gauge!(name, *unit, says),
            Histogram => describe_histogram!(name, *unit, says),
        }
        // Requests bring their labels with the first of each.
        if name.starts_with("nija_http_")
            || name == "nija_build_info"
            || name == "nija_send_seconds"
        {
            continue;
        }
        let labels: Vec<Vec<(&str, &str)>> = match label {
            None => vec![Vec::new()],
            Some((label, values)) => {
                values().into_iter().map(|value| vec![(*label, value)]).collect()
            }
        };
        for labels in &labels {
            match kind {
                Counter => counter!(name, labels).absolute(0),
                Gauge => gauge!(name, labels).set(0.0),
                Histogram => drop(histogram!(name, labels)),
            }
        }
    }
}
