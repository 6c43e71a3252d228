//! What the roof hands the API: the doors of the other rooms and a few figures of its own.

use crate::catalog::Catalog;
use axum::body::Bytes;
use nija_core::billing::plans::Plans;
use nija_core::ports::backtests::Backtests;
use nija_core::ports::control::Control;
use nija_core::ports::documents::{Documents, Issuer};
use nija_core::ports::greeks::Greeks;
use nija_core::ports::payments::Payments;
use nija_core::ports::till::Till;
use nija_core::ports::views::Views;
use nija_core::ports::{Clock, Desks, Entropy};
use nija_core::words::tier::{Tier, TierTable};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Everything the API speaks to.
#[derive(Clone)]
pub struct Doors {
    /// The desks.
    pub desks: Arc<dyn Desks>,
    /// The views.
    pub views: Arc<dyn Views>,
    /// Users, sessions, audit.
    pub control: Arc<dyn Control>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The tier table.
    pub tiers: Arc<TierTable>,
    /// Symbols to instruments.
    pub catalog: Arc<Catalog>,
    /// How sensitive option contracts are.
    pub greeks: Arc<dyn Greeks>,
    /// How fast orders were sent.
    pub stats: Arc<dyn ExecutionStats>,
    /// What can be subscribed to, and what is charged of profits.
    pub plans: Arc<Plans>,
    /// Who makes statements and invoices.
    pub documents: Arc<dyn Documents>,
    /// Who runs backtests.
    pub backtests: Arc<dyn Backtests>,
    /// The scorecard of the regimes, once it is worked out; none where that failed, and the log says why.
    pub scorecard: Arc<OnceLock<Option<Scorecard>>>,
    /// What is remembered of payers and checkouts.
    pub till: Arc<dyn Till>,
    /// How invoices are paid.
    pub payments: Arc<dyn Payments>,
    /// Whose letterhead they bear.
    pub issuer: Issuer,
    /// The metrics in Prometheus' text form.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Is this process ready?
    pub readiness: Arc<Readiness>,
}

/// What following the regimes earned, in the two forms in which it is public.
#[derive(Clone, Debug)]
pub struct Scorecard {
    pub(crate) json: Bytes,
    pub(crate) page: Bytes,
}

impl Scorecard {
    /// As one JSON object, and as a page of HTML that needs nothing from anywhere else.
    #[must_use]
    pub fn new(json: String, page: String) -> Self {
        Self { json: json.into(), page: page.into() }
    }
}

/// How fast the gateway sent what was released.
pub trait ExecutionStats: Send + Sync {
    /// One row a tier, in the order of the tier table.
    fn tiers(&self) -> Vec<TierStats>;
}

/// The gateway's figures of one tier since the process began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierStats {
    /// Which tier.
    pub tier: Tier,
    /// Median time from accepted to sent, microseconds.
    pub p50_us: u64,
    /// 95th percentile, microseconds.
    pub p95_us: u64,
    /// 99th percentile, microseconds.
    pub p99_us: u64,
    /// Orders sent.
    pub sent: u64,
    /// Orders sent later than the tier's promise.
    pub breaches: u64,
    /// Sends that were tried again.
    pub retries: u64,
    /// Entries that grew too old to send.
    pub lapsed: u64,
}

/// How far the process has come: set by the roof, read by the health checks.
#[derive(Debug, Default)]
pub struct Readiness {
    started: AtomicBool,
    serving: AtomicBool,
}

impl Readiness {
    /// Recovery is done.
    pub fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }
    /// Whether orders can be taken now: false before recovery, after a stop, and during shutdown.
    pub fn set_serving(&self, serving: bool) {
        self.serving.store(serving, Ordering::Release);
    }
    pub(crate) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }
    pub(crate) fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Acquire)
    }
}
