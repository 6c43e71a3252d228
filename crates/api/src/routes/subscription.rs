//! Plans, and the caller's own subscription: how it stands, and every change that its owner may make.

use super::{Done, change};
use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::field::Field;
use crate::json::{Keyed, Valid};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::request::Request;
use nija_core::billing::subscription::{Phase, Subscription};
use nija_core::desk::input::{Command, Key};
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::Tier;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A price. Amounts are decimal strings, before tax.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceBody {
    /// The tier.
    tier: &'static str,
    /// `monthly` or `annual`.
    cycle: &'static str,
    /// Dollars for the whole term.
    #[schema(value_type = String)]
    price: Money,
    /// Dollars that one month of it comes to.
    #[schema(value_type = String)]
    month: Money,
}

/// What can be subscribed to.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlansBody {
    /// Days for free at the first subscription.
    trial_days: u16,
    /// Taken off twelve monthly prices when a year is paid at once, percent.
    #[schema(value_type = String)]
    annual_coupon_pct: Pct,
    /// Days after the due date until service lapses.
    grace_days: u16,
    /// What the tax is called.
    tax_name: String,
    /// Tax on top of each price, percent.
    #[schema(value_type = String)]
    tax_pct: Pct,
    /// Each tier by month and by year. PAPER is free and needs no subscription.
    plans: Vec<PriceBody>,
}

/// Tiers, prices and terms.
#[utoipa::path(
    get, path = "/api/v2/plans", tag = "subscription",
    responses((status = 200, body = PlansBody)),
)]
pub(crate) async fn plans(State(app): State<App>) -> Json<PlansBody> {
    let (plans, tiers) = (&app.doors.plans, &app.doors.tiers);
    let row = |tier: Tier, cycle: Cycle| {
        let plan = Plan { tier, cycle };
        PriceBody {
            tier: tier.name(),
            cycle: cycle.name(),
            price: plans.price(tiers, plan),
            month: plans.month(tiers, plan),
        }
    };
    let paid = Tier::ALL.into_iter().filter(|tier| *tier != Tier::Paper);
    Json(PlansBody {
        trial_days: plans.trial_days,
        annual_coupon_pct: plans.annual_coupon_pct,
        grace_days: plans.grace_days,
        tax_name: plans.tax_name.clone(),
        tax_pct: plans.tax_pct,
        plans: paid.flat_map(|tier| Cycle::ALL.map(|cycle| row(tier, cycle))).collect(),
    })
}

/// A plan as answers name it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanBody {
    /// The tier.
    tier: &'static str,
    /// `monthly` or `annual`.
    cycle: &'static str,
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        Self { tier: plan.tier.name(), cycle: plan.cycle.name() }
    }
}

/// A subscription. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionBody {
    /// `never`, `trial`, `waiting` for its first payment, `active`, `past_due`, `lapsed` or `ended`.
    #[schema(value_type = String)]
    phase: Phase,
    /// The tier that is served now.
    tier: &'static str,
    /// Why the operator granted that tier; null where the subscription decides.
    tier_granted: Option<String>,
    /// What is or was subscribed to; null where there never was one.
    plan: Option<PlanBody>,
    /// The plan of the next term; null when service ends with this one.
    renews: Option<PlanBody>,
    /// When the trial or the term that is served ends, RFC 3339.
    until: Option<String>,
    /// Was the one free trial used?
    trialed: bool,
    /// Owed to you; it pays for the next invoices, dollars.
    #[schema(value_type = String)]
    credit: Money,
    /// The invoice that waits.
    invoice: Option<String>,
    /// What it still lacks, dollars.
    #[schema(value_type = Option<String>)]
    to_pay: Option<Money>,
    /// When it was to be paid, RFC 3339.
    due: Option<String>,
    /// Promised to you in cash and not on its way yet, dollars.
    #[schema(value_type = String)]
    payouts: Money,
    /// Is a payment method on file? It is charged when an invoice is issued, and again with each reminder.
    method_on_file: bool,
}

/// How the caller's subscription stands.
#[utoipa::path(
    get, path = "/api/v2/subscription", tag = "subscription",
    responses((status = 200, body = SubscriptionBody)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<SubscriptionBody>, Problem> {
    let view = account(&app, principal.account()).await?;
    let of = view.subscription.unwrap_or_else(Subscription::new);
    let payer = app.doors.till.payer(principal.account()).await?;
    let open = of.open();
    Ok(Json(SubscriptionBody {
        phase: of.phase(),
        tier: view.tier.name(),
        tier_granted: view.granted.map(|grant| grant.reason),
        plan: (of.phase() != Phase::Never).then(|| of.plan().into()),
        renews: of.renews().map(Into::into),
        until: of.until().map(|at| at.to_string()),
        trialed: of.trialed(),
        credit: of.credit(),
        invoice: open.map(|open| open.invoice.to_string()),
        to_pay: of.to_pay(),
        due: open.map(|open| open.due.to_string()),
        payouts: of.payouts().iter().map(|it| it.amount).fold(Money::ZERO, Money::saturating_add),
        method_on_file: payer.is_some(),
    }))
}

/// A plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanRequest {
    /// STARTER, SAVER, INVESTOR, INCOME, LIVABLE or BALLER.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "INVESTOR")]
    tier: Field<Tier>,
    /// `monthly` (when absent) or `annual`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "monthly")]
    cycle: Field<Option<Cycle>>,
}

impl PlanRequest {
    fn plan(self) -> Result<Plan, Problem> {
        let cycle = self.cycle.get("cycle")?.unwrap_or_default();
        Ok(Plan { tier: self.tier.get("tier")?, cycle })
    }
}

async fn ask(
    app: &App,
    principal: &Principal,
    (key, request): (Option<Key>, Request),
    (action, message): (&str, &'static str),
) -> Result<Json<Done>, Problem> {
    let detail = match &request {
        Request::Subscribe(plan) | Request::Change(plan) => plan.to_string(),
        _ => String::new(),
    };
    let user = principal.user();
    app.audit(Some(user), action, principal.account().to_string(), detail).await?;
    let done = change(app, principal, key, Command::Subscription(request), message).await;
    app.sessions.forget_user(user);
    done
}

/// Subscribes: with the free trial where it was not used yet, else an invoice is issued and service begins once it
/// is paid.
#[utoipa::path(
    post, path = "/api/v2/subscription", tag = "subscription",
    request_body = PlanRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done), (status = 409, description = "One runs already")),
)]
pub(crate) async fn subscribe(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<PlanRequest>,
) -> Result<Json<Done>, Problem> {
    let words = ("subscribed", "subscribed; GET /api/v2/subscription tells what is served");
    ask(&app, &principal, (key, Request::Subscribe(body.plan()?)), words).await
}

/// Changes the plan: a higher tier once the difference for the rest of the term is paid, a lower one at once with
/// credit for it, another cycle from the next term on.
#[utoipa::path(
    patch, path = "/api/v2/subscription", tag = "subscription",
    request_body = PlanRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done), (status = 409, description = "Not as it stands")),
)]
pub(crate) async fn change_plan(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<PlanRequest>,
) -> Result<Json<Done>, Problem> {
    let words = ("plan_changed", "changed; an open invoice tells what is to be paid for it");
    ask(&app, &principal, (key, Request::Change(body.plan()?)), words).await
}

/// Cancels: what is paid is served to its end, and no further term begins.
#[utoipa::path(
    delete, path = "/api/v2/subscription", tag = "subscription",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done), (status = 409, description = "None runs")),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    principal: Principal,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    let words = ("subscription_canceled", "canceled; what is paid is served to its end");
    ask(&app, &principal, (key, Request::Cancel), words).await
}

/// Takes a cancellation back, or begins again with the last plan.
#[utoipa::path(
    post, path = "/api/v2/subscription/reactivate", tag = "subscription",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done), (status = 409, description = "Nothing to take back")),
)]
pub(crate) async fn reactivate(
    State(app): State<App>,
    principal: Principal,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    let words = ("subscription_reactivated", "reactivated");
    ask(&app, &principal, (key, Request::Reactivate), words).await
}

/// Forgets the payment method on file: what comes next is paid by hand. Repeats change nothing.
#[utoipa::path(
    delete, path = "/api/v2/subscription/method", tag = "subscription",
    responses((status = 200, body = Done)),
)]
pub(crate) async fn forget_method(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Done>, Problem> {
    let account = principal.account();
    let (who, subject) = (Some(principal.user()), account.to_string());
    app.audit(who, "method_forgotten", subject, String::new()).await?;
    app.doors.till.forget_payer(account, app.now()).await?;
    Ok(Json(Done { success: true, message: "no payment method is on file" }))
}
