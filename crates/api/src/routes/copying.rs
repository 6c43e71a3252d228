//! Copying a master: begin, look, change the terms, move money, close a position, stop. A copy is a sleeve beside
//! the caller's account; it is named by the master, so that nobody can name somebody else's.

use super::fees::FeesBody;
use super::limits::instruments;
use super::masters::{master, named};
use super::positions::PositionBody;
use super::{Done, change};
use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::field::{Edit, Field};
use crate::json::{Keyed, Valid};
use crate::number::{Decimal, Signed, SignedDecimal};
use crate::page::Listed;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::copy::decline::CopyDecline;
use nija_core::copy::sleeve::Stage;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{Decline, SleeveView};
use nija_core::desk::input::{Command, CopyAct, Key};
use nija_core::words::id::AccountId;
use nija_core::words::money::{Money, Pct};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Looks at a master that trades while somebody begins to copy it.
const LOOKS: u8 = 4;

/// On which terms a master is copied.
#[derive(Serialize, ToSchema)]
pub(crate) struct TermsBody {
    /// Stop, and sell, once so much of the money put in is lost, percent; null means never.
    #[schema(value_type = Option<String>)]
    stop_loss_pct: Option<Pct>,
    /// Most dollars of one copied purchase; null means the tier's.
    #[schema(value_type = Option<String>)]
    max_trade: Option<Money>,
    /// How far a purchase may stand above the master's price and the market it saw, percent.
    #[schema(value_type = String)]
    max_slippage_pct: Pct,
    /// The only symbols that are copied; null means all.
    symbols: Option<Vec<String>>,
    /// Are purchases left out for now? Sales are always copied.
    paused: bool,
}

/// A copy of a master. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct CopyBody {
    /// The master.
    master: String,
    /// The sleeve's own account.
    account: String,
    /// `active`, `stopping` (it sells; then the money comes back) or `stopped`.
    #[schema(value_type = String)]
    stage: Stage,
    /// Since when, by the last start, RFC 3339.
    since: String,
    /// Cash and positions at their marks, dollars.
    #[schema(value_type = String)]
    equity: Money,
    /// Cash, reservations included, dollars.
    #[schema(value_type = String)]
    cash: Money,
    /// Paid in less what was paid out again, dollars.
    #[schema(value_type = String)]
    paid_in: Money,
    /// Won or lost so far, fees and slippage paid, dollars.
    #[schema(value_type = String)]
    profit: Money,
    /// Copy fees paid so far, dollars.
    #[schema(value_type = String)]
    fees_paid: Money,
    /// The sleeve's high-water mark and what is due above it.
    fees: FeesBody,
    /// What copies cost more than the master's prices, dollars.
    #[schema(value_type = String)]
    slippage: Money,
    /// Purchases copied.
    copied: u32,
    /// Trades of the master that led to no order; the decisions say why.
    skipped: u32,
    /// The terms.
    terms: TermsBody,
    /// What it holds.
    positions: Vec<PositionBody>,
}

impl CopyBody {
    fn of(app: &App, view: SleeveView) -> Self {
        let symbol = |id| app.doors.catalog.symbol(id);
        let SleeveView { sleeve, equity, paid_in, .. } = view;
        let terms = sleeve.terms;
        Self {
            master: sleeve.leader.to_string(),
            account: view.id.to_string(),
            stage: sleeve.stage,
            since: sleeve.since.to_string(),
            equity,
            cash: view.cash,
            paid_in,
            profit: equity.saturating_sub(paid_in),
            fees_paid: view.fees_paid,
            fees: FeesBody::of(view.fees, equity),
            slippage: sleeve.slippage,
            copied: sleeve.copied,
            skipped: sleeve.skipped,
            terms: TermsBody {
                stop_loss_pct: terms.stop_loss_pct,
                max_trade: terms.max_trade,
                max_slippage_pct: terms.max_slippage_pct,
                symbols: terms.symbols.map(|list| list.into_iter().map(symbol).collect()),
                paused: terms.paused,
            },
            positions: view.positions.into_iter().map(|p| PositionBody::of(app, p)).collect(),
        }
    }
}

/// All copies of the caller, those that were stopped included.
#[utoipa::path(
    get, path = "/api/v2/copy", tag = "copying",
    responses((status = 200, body = Listed<CopyBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Listed<CopyBody>>, Problem> {
    let sleeves = account(&app, principal.account()).await?.sleeves;
    Ok(Json(Listed::whole(sleeves.into_iter().map(|view| CopyBody::of(&app, view)).collect())))
}

async fn sleeve(
    app: &App,
    principal: &Principal,
    leader: AccountId,
) -> Result<SleeveView, Problem> {
    let sleeves = account(app, principal.account()).await?.sleeves;
    let of = sleeves.into_iter().find(|view| view.sleeve.leader == leader);
    of.ok_or_else(|| Decline::NotCopied.into())
}

/// One copy of the caller.
#[utoipa::path(
    get, path = "/api/v2/copy/{master}", tag = "copying",
    params(("master" = String, Path, description = "The master, 32 hexadecimal digits")),
    responses(
        (status = 200, body = CopyBody),
        (status = 404, description = "You never copied this master"),
    ),
)]
pub(crate) async fn one(
    State(app): State<App>,
    principal: Principal,
    Path(master): Path<String>,
) -> Result<Json<CopyBody>, Problem> {
    let view = sleeve(&app, &principal, named(&master)?).await?;
    Ok(Json(CopyBody::of(&app, view)))
}

/// Money for a copy, and its terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyRequest {
    /// Dollars from the caller's free cash, whole cents, at least the tier's smallest trade.
    #[serde(default)]
    #[schema(value_type = Decimal, required = true, example = 250.0)]
    amount: Field<Money>,
    /// Buy what the master holds now, too? False when absent.
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = false)]
    copy_open: Field<Option<bool>>,
    /// Stop, and sell, once so much of the money put in is lost, percent; never when absent.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    stop_loss_pct: Field<Option<Pct>>,
    /// Most dollars of one copied purchase.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_trade: Field<Option<Money>>,
    /// How far a purchase may stand above the master's price, percent, at most 10; 1 when absent.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_slippage_pct: Field<Option<Pct>>,
    /// The only symbols that are copied, at most 100; all when absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    symbols: Field<Option<Vec<String>>>,
}

impl CopyRequest {
    /// The money, the terms, and whether what is held already is bought.
    fn read(self, app: &App) -> Result<(Money, CopyTerms, bool), Problem> {
        let usual = CopyTerms::default();
        let symbols = self.symbols.get("symbols")?;
        let slippage = self.max_slippage_pct.get("max_slippage_pct")?;
        let terms = CopyTerms {
            stop_loss_pct: self.stop_loss_pct.get("stop_loss_pct")?,
            max_trade: self.max_trade.get("max_trade")?,
            max_slippage_pct: slippage.unwrap_or(usual.max_slippage_pct),
            symbols: symbols.map(|list| instruments(app, &list)).transpose()?,
            ..usual
        };
        let open = self.copy_open.get("copy_open")?.unwrap_or(false);
        Ok((self.amount.get("amount")?, terms, open))
    }
}

async fn act(
    app: &App,
    principal: &Principal,
    (leader, key): (AccountId, Option<Key>),
    act: CopyAct,
    message: &'static str,
) -> Result<Json<Done>, Problem> {
    change(app, principal, key, Command::Copy { leader, act }, message).await
}

/// Begins to copy a master, or begins again. Money moves into a sleeve of its own.
#[utoipa::path(
    post, path = "/api/v2/copy/{master}", tag = "copying",
    request_body = CopyRequest,
    params(
        ("master" = String, Path, description = "The master, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such master"),
        (status = 409, description = "It cannot be copied by you now; the code says why"),
    ),
)]
pub(crate) async fn start(
    State(app): State<App>,
    principal: Principal,
    Path(name): Path<String>,
    Valid { body, key }: Valid<CopyRequest>,
) -> Result<Json<Done>, Problem> {
    let (amount, terms, open) = body.read(&app)?;
    let leader = named(&name)?;
    let mut looks = 0;
    loop {
        let facts = Box::new((*master(&app, leader).await?).into());
        let start = CopyAct::Start { amount, terms: terms.clone(), leader: facts, open };
        let said = "you copy this master from now";
        looks += 1;
        match act(&app, &principal, (leader, key), start, said).await {
            Err(why) if why.code == CopyDecline::Moved.code() && looks < LOOKS => {}
            answer => return answer,
        }
    }
}

/// New terms; what is absent stays, null takes a limit away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsRequest {
    /// Stop, and sell, once so much of the money put in is lost, percent.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    stop_loss_pct: Field<Edit<Pct>>,
    /// Most dollars of one copied purchase.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_trade: Field<Edit<Money>>,
    /// How far a purchase may stand above the master's price, percent, at most 10; null is 1.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_slippage_pct: Field<Edit<Pct>>,
    /// The only symbols that are copied, at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    symbols: Field<Edit<Vec<String>>>,
    /// Leave purchases out for now?
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = false)]
    paused: Field<Option<bool>>,
}

/// What is to become of the terms.
struct Changes {
    stop_loss_pct: Edit<Pct>,
    max_trade: Edit<Money>,
    max_slippage_pct: Edit<Pct>,
    symbols: Edit<Vec<nija_core::words::id::InstrumentId>>,
    paused: Option<bool>,
}

impl TermsRequest {
    fn read(self, app: &App) -> Result<Changes, Problem> {
        let symbols = match self.symbols.get("symbols")? {
            Edit::Keep => Edit::Keep,
            Edit::To(None) => Edit::To(None),
            Edit::To(Some(list)) => Edit::To(Some(instruments(app, &list)?)),
        };
        Ok(Changes {
            stop_loss_pct: self.stop_loss_pct.get("stop_loss_pct")?,
            max_trade: self.max_trade.get("max_trade")?,
            max_slippage_pct: self.max_slippage_pct.get("max_slippage_pct")?,
            symbols,
            paused: self.paused.get("paused")?,
        })
    }
}

impl Changes {
    fn over(self, terms: CopyTerms) -> CopyTerms {
        let usual = CopyTerms::default().max_slippage_pct;
        CopyTerms {
            stop_loss_pct: self.stop_loss_pct.over(terms.stop_loss_pct),
            max_trade: self.max_trade.over(terms.max_trade),
            max_slippage_pct: self
                .max_slippage_pct
                .over(Some(terms.max_slippage_pct))
                .unwrap_or(usual),
            symbols: self.symbols.over(terms.symbols),
            paused: self.paused.unwrap_or(terms.paused),
        }
    }
}

/// Changes the terms of a copy; pausing is one of them.
#[utoipa::path(
    patch, path = "/api/v2/copy/{master}", tag = "copying",
    request_body = TermsRequest,
    params(
        ("master" = String, Path, description = "The master, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "You do not copy this master"),
    ),
)]
pub(crate) async fn change_terms(
    State(app): State<App>,
    principal: Principal,
    Path(name): Path<String>,
    Valid { body, key }: Valid<TermsRequest>,
) -> Result<Json<Done>, Problem> {
    let changes = body.read(&app)?;
    let leader = named(&name)?;
    let terms = changes.over(sleeve(&app, &principal, leader).await?.sleeve.terms);
    act(&app, &principal, (leader, key), CopyAct::Terms(terms), "the terms hold from now").await
}

/// Money into a copy, or out of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FundsRequest {
    /// Dollars, whole cents; above 0 to add, below 0 to take out.
    #[serde(default)]
    #[schema(value_type = SignedDecimal, required = true, example = 50.0)]
    amount: Field<Signed>,
}

/// Moves money between the caller's account and a copy, as far as cash is free. The fee that is due on the share of
/// the profit that leaves a copy is taken from what moves.
#[utoipa::path(
    post, path = "/api/v2/copy/{master}/funds", tag = "copying",
    request_body = FundsRequest,
    params(
        ("master" = String, Path, description = "The master, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats move nothing"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "You do not copy this master"),
    ),
)]
pub(crate) async fn fund(
    State(app): State<App>,
    principal: Principal,
    Path(name): Path<String>,
    Valid { body, key }: Valid<FundsRequest>,
) -> Result<Json<Done>, Problem> {
    let amount = body.amount.get("amount")?.0;
    let to = (named(&name)?, key);
    act(&app, &principal, to, CopyAct::Fund(amount), "the money is moved").await
}

/// Stops copying: everything is sold, the fee is fixed, and the money comes back to the caller's account.
#[utoipa::path(
    delete, path = "/api/v2/copy/{master}", tag = "copying",
    params(
        ("master" = String, Path, description = "The master, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "You do not copy this master"),
    ),
)]
pub(crate) async fn stop(
    State(app): State<App>,
    principal: Principal,
    Path(name): Path<String>,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    app.rates.exit(principal.user())?;
    let to = (named(&name)?, key);
    let message = "everything is sold; then the money comes back";
    act(&app, &principal, to, CopyAct::Stop, message).await
}

/// Sells one copied position at the market. No gate stands in the way of an exit.
#[utoipa::path(
    delete, path = "/api/v2/copy/{master}/positions/{symbol}", tag = "copying",
    params(
        ("master" = String, Path, description = "The master, 32 hexadecimal digits"),
        ("symbol" = String, Path, description = "Ticker, like AAPL or BTC-USD"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "You do not copy this master, or it holds nothing of that"),
    ),
)]
pub(crate) async fn close(
    State(app): State<App>,
    principal: Principal,
    Path((name, symbol)): Path<(String, String)>,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    app.rates.exit(principal.user())?;
    let to = (named(&name)?, key);
    let instrument = app.doors.catalog.by_symbol(&symbol).ok_or(Decline::NoPosition)?;
    act(&app, &principal, to, CopyAct::Close(instrument.id), "it is being sold").await
}
