//! The honest cost screen: what a plan costs on some capital, what that capital must earn before anything is left,
//! and what the caller has really paid.

use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::page::Params;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::billing::cost::{Case, Cost, Fees};
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::step::Step;
use nija_core::desk::answer::AccountView;
use nija_core::ledger::chart::{Book, Books};
use nija_core::ports::views::Page;
use nija_core::words::fixed::Round;
use nija_core::words::id::AccountId;
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The return a year that is expected when none is named. An assumption, not a forecast.
const EXPECTED: Pct = Pct::whole(10);
/// Months that are looked back on.
const MONTHS: i32 = 12;
/// Steps of a subscription that are looked at: some five a month, so many years.
const STEPS: Page = Page { before: None, limit: 1_000 };

/// What is asked about. What is not named is the caller's.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Question {
    /// A tier, like `INVESTOR`; the caller's when absent.
    tier: Option<String>,
    /// Dollars; the caller's equity when absent.
    capital: Option<String>,
    /// `monthly` or `annual`; `monthly` when absent.
    cycle: Option<String>,
    /// Return a year before fees, percent, 0 to 1000; 10 when absent.
    return_pct: Option<String>,
    /// Part of the capital that copies masters, percent; the caller's when absent.
    copied_pct: Option<String>,
}

/// Fees by kind, dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct CostFeesBody {
    /// The plan's price.
    #[schema(value_type = String)]
    subscription: Money,
    /// Tax on it.
    #[schema(value_type = String)]
    tax: Money,
    /// On profit that is the account's own.
    #[schema(value_type = String)]
    performance: Money,
    /// The masters' part of copied profit.
    #[schema(value_type = String)]
    copy_master: Money,
    /// The platform's part of copied profit.
    #[schema(value_type = String)]
    copy_platform: Money,
    /// All of them.
    #[schema(value_type = String)]
    total: Money,
}

/// What was really paid, dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeesPaid {
    /// Invoices of the subscription with their tax, less what was taken back.
    #[schema(value_type = String)]
    subscription: Money,
    /// To venues.
    #[schema(value_type = String)]
    venue: Money,
    /// Performance fees.
    #[schema(value_type = String)]
    performance: Money,
    /// Copy fees, the masters' part and the platform's.
    #[schema(value_type = String)]
    copy: Money,
    /// All of them.
    #[schema(value_type = String)]
    total: Money,
}

/// What a plan costs, and what the caller paid.
#[derive(Serialize, ToSchema)]
pub(crate) struct CostBody {
    /// The tier asked about.
    tier: &'static str,
    /// `monthly` or `annual`.
    cycle: &'static str,
    /// The capital asked about.
    #[schema(value_type = String)]
    capital: Money,
    /// The return that is assumed.
    #[schema(value_type = String)]
    return_pct: Pct,
    /// The part that is taken to copy masters.
    #[schema(value_type = String)]
    copied_pct: Pct,
    /// Expected fees of a month.
    month: CostFeesBody,
    /// Expected fees of a year.
    year: CostFeesBody,
    /// Price and tax of a year, percent of capital: lost even without a trade.
    #[schema(value_type = String)]
    fixed_pct: Pct,
    /// Return a year at which the fees leave nothing of it.
    #[schema(value_type = String)]
    break_even_pct: Pct,
    /// All fees of a year, percent of capital.
    #[schema(value_type = String)]
    total_pct: Pct,
    /// What the expected year leaves.
    #[schema(value_type = String)]
    left: Money,
    /// Do the fees exceed what is warned of, or the fixed ones the whole profit?
    warning: bool,
    /// Fees of a year above this part of capital are warned of.
    #[schema(value_type = String)]
    warning_above_pct: Pct,
    /// One sentence for people.
    message: String,
    /// What the caller and their copies paid this month.
    paid_this_month: FeesPaid,
    /// The same over this month and the eleven before it.
    paid_last_12_months: FeesPaid,
}

impl From<Fees> for CostFeesBody {
    fn from(fees: Fees) -> Self {
        Self {
            subscription: fees.subscription,
            tax: fees.tax,
            performance: fees.performance,
            copy_master: fees.copy_leader,
            copy_platform: fees.copy_platform,
            total: fees.total(),
        }
    }
}

impl FeesPaid {
    /// What was paid between two balances, and outside the account.
    fn between(before: &Books, after: &Books, subscription: Money) -> Self {
        let paid = |book| after.balance(book).saturating_sub(before.balance(book));
        let [venue, performance, copy] =
            [Book::VenueFees, Book::PerformanceFees, Book::CopyFees].map(paid);
        let all = [venue, performance, copy].into_iter();
        let total = all.fold(subscription, Money::saturating_add);
        Self { subscription, venue, performance, copy, total }
    }
}

/// Reads a query parameter that is a decimal from 0 to a limit.
fn decimal(name: &'static str, text: Option<&str>, most: i32) -> Result<Option<Money>, Problem> {
    let wrong = Problem::field(name, "must be a decimal number, not negative and not so large");
    let read = |text: &str| {
        let read = text.parse().ok().filter(|amount| !Money::is_negative(*amount));
        read.filter(|amount| *amount <= Money::whole(most)).ok_or(wrong)
    };
    text.map(read).transpose()
}

fn percent(name: &'static str, text: Option<&str>, most: i32) -> Result<Option<Pct>, Problem> {
    Ok(decimal(name, text, most)?.map(|amount| Pct::from_raw(amount.raw())))
}

/// The case that is asked about.
fn case(question: &Question, view: &AccountView) -> Result<Case, Problem> {
    let tier = match question.tier.as_deref() {
        None => view.tier,
        Some(name) => name.parse::<Tier>().map_err(|_| Problem::field("tier", "is no tier"))?,
    };
    let cycle = match question.cycle.as_deref() {
        None => Cycle::Monthly,
        Some(name) => {
            let cycle = Cycle::ALL.into_iter().find(|cycle| cycle.name() == name);
            cycle.ok_or(Problem::field("cycle", "must be monthly or annual"))?
        }
    };
    let capital = decimal("capital", question.capital.as_deref(), 1_000_000_000)?;
    let expected = question.return_pct.as_deref();
    let copied = percent("copied_pct", question.copied_pct.as_deref(), 100)?;
    let in_copies = view.equity.saturating_sub(view.own_equity).or_zero();
    let own_part = in_copies.percent_of(view.equity, Round::Down).unwrap_or(Pct::ZERO);
    Ok(Case {
        plan: Plan { tier, cycle },
        capital: capital.unwrap_or(view.equity),
        expected_pct: percent("return_pct", expected, 1_000)?.unwrap_or(EXPECTED),
        copied_pct: copied.unwrap_or_else(|| own_part.min(Pct::whole(100))),
    })
}

/// One sentence about a cost.
fn message(case: &Case, cost: &Cost, above: Pct) -> String {
    let (capital, even) = (case.capital, cost.break_even_pct);
    let plan = case.plan;
    if cost.warning {
        return format!(
            "At {plan} with ${capital}, fees take {} % of the capital a year: it must earn {even} % before \
             anything is left. That is more than {above} %, or all of the expected profit; a smaller plan or \
             more capital costs less.",
            cost.total_pct
        );
    }
    format!("At {plan} with ${capital}, the first {even} % a year go to fees.")
}

/// What a plan costs on some capital, with the return at which it breaks even, and what the caller has paid.
#[utoipa::path(
    get, path = "/api/v2/costs", tag = "account",
    params(Question),
    responses((status = 200, body = CostBody)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
    Params(question): Params<Question>,
) -> Result<Json<CostBody>, Problem> {
    let view = account(&app, principal.account()).await?;
    let case = case(&question, &view)?;
    let (plans, tiers) = (&app.doors.plans, &app.doors.tiers);
    let none = Problem::field("capital", "must be above 0 to say what part of it fees are");
    let cost = case.cost(plans, tiers).ok_or(none)?;
    let (this_month, last_months) = paid(&app, &principal, &view).await?;
    Ok(Json(CostBody {
        tier: case.plan.tier.name(),
        cycle: case.plan.cycle.name(),
        capital: case.capital,
        return_pct: case.expected_pct,
        copied_pct: case.copied_pct,
        month: cost.month.into(),
        year: cost.year.into(),
        fixed_pct: cost.fixed_pct,
        break_even_pct: cost.break_even_pct,
        total_pct: cost.total_pct,
        left: cost.left,
        warning: cost.warning,
        warning_above_pct: plans.cost_warning_pct,
        message: message(&case, &cost, plans.cost_warning_pct),
        paid_this_month: this_month,
        paid_last_12_months: last_months,
    }))
}

/// What the account and its copies paid this month and in a year, from their balances at the ends of months.
async fn paid(
    app: &App,
    principal: &Principal,
    view: &AccountView,
) -> Result<(FeesPaid, FeesPaid), Problem> {
    let views = &app.doors.views;
    let leaders: Vec<AccountId> = view.sleeves.iter().map(|sleeve| sleeve.sleeve.leader).collect();
    let months = views.months(&principal.scope).await?;
    let balances = match months {
        Some(months) => views.balances(&principal.scope, &leaders, months.last - MONTHS).await?,
        None => Vec::new(),
    };
    let last = months.map_or(0, |months| months.last);
    let steps = views.subscription(&principal.scope, STEPS).await?;
    let invoiced = |first| invoiced(steps.iter().map(|row| &row.row), Timestamp::of_month(first));
    let none = Books::default();
    let books = |back: usize| {
        let at = balances.len().checked_sub(back);
        at.and_then(|at| balances.get(at)).map_or(&none, |(_, books)| books)
    };
    let year = usize::try_from(MONTHS).unwrap_or(0) + 1;
    Ok((
        FeesPaid::between(books(2), books(1), invoiced(last)),
        FeesPaid::between(books(year), books(1), invoiced(last - MONTHS + 1)),
    ))
}

/// What was paid for the subscription since an instant.
fn invoiced<'a>(steps: impl Iterator<Item = &'a Step>, since: Timestamp) -> Money {
    let paid = |step: &Step| match step {
        Step::Settled { earned, deferred, tax, at, .. } if *at >= since => {
            earned.saturating_add(*deferred).saturating_add(*tax)
        }
        Step::Credited { note, .. } if note.issued >= since => note.total().negated(),
        _ => Money::ZERO,
    };
    steps.map(paid).fold(Money::ZERO, Money::saturating_add)
}
