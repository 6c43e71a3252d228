//! The caller's invoices with what came of them, each as JSON, HTML or PDF, and how an open one can be paid.

use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::json::Keyed;
use crate::page::{Listed, Params};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nija_core::billing::bill::Bill;
use nija_core::billing::invoice::{CreditNote, Invoice, InvoiceNo, InvoiceState, Line};
use nija_core::billing::subscription::request::Refused;
use nija_core::ports::documents::invoice::{
    InvoiceDocument, InvoiceKind, InvoiceLine, InvoiceState as Printed, Tax,
};
use nija_core::ports::documents::{Customer, Format, Period};
use nija_core::ports::payments::{Charge, PaymentError};
use nija_core::ports::till::OpenCheckout;
use nija_core::ports::views::Page;
use nija_core::words::money::{Money, Pct};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Steps of a subscription that are read for its invoices: many years of them.
const STEPS: u32 = 1_000;

/// A line of an invoice.
#[derive(Serialize, ToSchema)]
pub(crate) struct LineBody {
    /// What for.
    description: String,
    /// From when, RFC 3339; null where it begins when the invoice is paid.
    from: Option<String>,
    /// Until when, RFC 3339.
    until: Option<String>,
    /// Dollars before tax.
    #[schema(value_type = String)]
    amount: Money,
}

/// What was taken back of an invoice. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoteBody {
    /// Its number.
    number: String,
    /// When, RFC 3339.
    issued: String,
    /// Why.
    reason: String,
    /// Before tax, dollars.
    #[schema(value_type = String)]
    net: Money,
    /// Tax on it, dollars.
    #[schema(value_type = String)]
    tax: Money,
}

impl From<&CreditNote> for NoteBody {
    fn from(note: &CreditNote) -> Self {
        Self {
            number: note.number.to_string(),
            issued: note.issued.to_string(),
            reason: note.reason.to_string(),
            net: note.net,
            tax: note.tax,
        }
    }
}

/// An invoice. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvoiceBody {
    /// Its number.
    number: String,
    /// `open`, `paid` or `void`.
    #[schema(value_type = String)]
    state: InvoiceState,
    /// When it was issued, RFC 3339.
    issued: String,
    /// When it is to be paid, RFC 3339.
    due: String,
    /// When it was paid or withdrawn, RFC 3339.
    ended: Option<String>,
    /// What for.
    lines: Vec<LineBody>,
    /// Sum of the lines, dollars.
    #[schema(value_type = String)]
    subtotal: Money,
    /// What the tax is called.
    tax_name: String,
    /// Its rate, percent.
    #[schema(value_type = String)]
    tax_pct: Pct,
    /// Tax on the subtotal, dollars.
    #[schema(value_type = String)]
    tax: Money,
    /// Subtotal and tax, dollars.
    #[schema(value_type = String)]
    total: Money,
    /// What credit paid of it when it was issued, dollars.
    #[schema(value_type = String)]
    credit_used: Money,
    /// What was taken back of it.
    credit_notes: Vec<NoteBody>,
}

impl From<&Bill> for InvoiceBody {
    fn from(bill: &Bill) -> Self {
        let invoice = &bill.invoice;
        let line = |line: &Line| LineBody {
            description: line.item.to_string(),
            from: line.period.map(|period| period.from.to_string()),
            until: line.period.map(|period| period.until.to_string()),
            amount: line.amount,
        };
        Self {
            number: invoice.number.to_string(),
            state: invoice.state,
            issued: invoice.issued.to_string(),
            due: invoice.due.to_string(),
            ended: bill.ended.map(|at| at.to_string()),
            lines: invoice.lines.iter().map(line).collect(),
            subtotal: invoice.subtotal,
            tax_name: invoice.tax_name.clone(),
            tax_pct: invoice.tax_pct,
            tax: invoice.tax,
            total: invoice.total,
            credit_used: invoice.credit_used,
            credit_notes: bill.notes.iter().map(Into::into).collect(),
        }
    }
}

/// The caller's invoices, oldest first.
async fn bills(app: &App, principal: &Principal) -> Result<Vec<Bill>, Problem> {
    let page = Page { before: None, limit: STEPS };
    let steps = app.doors.views.subscription(&principal.scope, page).await?;
    Ok(Bill::all(steps.into_iter().rev().map(|row| row.row)))
}

async fn bill(app: &App, principal: &Principal, number: &str) -> Result<Bill, Problem> {
    let number: InvoiceNo = number.parse().map_err(|_| Problem::not_found())?;
    let mut bills = bills(app, principal).await?.into_iter();
    bills.find(|bill| bill.invoice.number == number).ok_or(Problem::not_found())
}

/// The caller's invoices and their credit notes, newest first.
#[utoipa::path(
    get, path = "/api/v2/invoices", tag = "subscription",
    responses((status = 200, body = Listed<InvoiceBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Listed<InvoiceBody>>, Problem> {
    let bills = bills(&app, &principal).await?;
    Ok(Json(Listed::whole(bills.iter().rev().map(Into::into).collect())))
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `json`, `html` or `pdf`; `json` when absent.
    format: Option<String>,
}

/// One invoice.
#[utoipa::path(
    get, path = "/api/v2/invoices/{number}", tag = "subscription",
    params(("number" = String, Path, description = "Like NIJA-0003-000017"), Wanted),
    responses(
        (
            status = 200,
            description = "In the form that was asked for",
            content(
                (InvoiceBody = "application/json"),
                (String = "text/html"),
                (Vec<u8> = "application/pdf"),
            ),
        ),
        (status = 404, description = "No such invoice of yours"),
    ),
)]
pub(crate) async fn one(
    State(app): State<App>,
    principal: Principal,
    Path(number): Path<String>,
    Params(form): Params<Wanted>,
) -> Result<Response, Problem> {
    const BUSY: Problem =
        Problem::unavailable("busy", "other documents are being made; ask again", 1);
    let format = match form.format.as_deref() {
        None | Some("json") => None,
        Some("html") => Some(Format::Html),
        Some("pdf") => Some(Format::Pdf),
        Some(_) => return Err(Problem::field("format", "must be json, html or pdf")),
    };
    let bill = bill(&app, &principal, &number).await?;
    let Some(format) = format else {
        return Ok(Json(InvoiceBody::from(&bill)).into_response());
    };
    let held = Arc::clone(&app.statements).try_acquire_owned().map_err(|_| BUSY)?;
    let user = app.doors.control.user(principal.user()).await?.ok_or(Problem::not_found())?;
    let customer = Customer { user: user.id, email: user.email, address: Vec::new() };
    let making = Arc::clone(&app);
    let made = tokio::task::spawn_blocking(move || {
        let printed = printed(&making, customer, &bill);
        let made = making.doors.documents.invoice(&printed, format);
        drop(held);
        made
    });
    let document = made.await.map_err(|_| Problem::internal())?.map_err(|failure| {
        tracing::error!(%failure, number, "no document of an invoice");
        Problem::internal()
    })?;
    let name = format!("attachment; filename=\"{}\"", document.file_name);
    let name = HeaderValue::from_str(&name).map_err(|_| Problem::internal())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(document.media_type)),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, document.bytes).into_response())
}

/// The invoice as the press takes it: credit is taken off before the tax there.
fn printed(app: &App, customer: Customer, bill: &Bill) -> InvoiceDocument {
    let Invoice { number, issued, due, lines, subtotal, .. } = &bill.invoice;
    let (invoice, returned) = (&bill.invoice, bill.returned());
    let line = |line: &Line| InvoiceLine {
        description: line.item.to_string(),
        period: line.period.map(|period| Period { from: period.from, to: period.until }),
        quantity: None,
        amount: line.amount,
    };
    let (state, amount_due) = match invoice.state {
        InvoiceState::Open if app.now() > due.plus(nija_core::words::time::Span::DAY) => {
            (Printed::PastDue, invoice.to_pay())
        }
        InvoiceState::Open => (Printed::Open, invoice.to_pay()),
        InvoiceState::Paid if returned == invoice.total => (Printed::Refunded, Money::ZERO),
        InvoiceState::Paid => (Printed::Paid, Money::ZERO),
        InvoiceState::Void => (Printed::Void, Money::ZERO),
    };
    let note = (!bill.notes.is_empty()).then(|| format!("${returned} of it was given back."));
    InvoiceDocument {
        kind: InvoiceKind::Invoice,
        number: number.to_string(),
        issued: *issued,
        due: Some(*due),
        paid: bill.ended.filter(|_| invoice.state == InvoiceState::Paid),
        issuer: app.doors.issuer.clone(),
        customer,
        lines: lines.iter().map(line).collect(),
        subtotal: *subtotal,
        credit_used: invoice.credit_used,
        tax: (!invoice.tax_pct.is_zero()).then(|| Tax {
            name: invoice.tax_name.clone(),
            percent: invoice.tax_pct,
            amount: invoice.tax,
        }),
        total: invoice.to_pay(),
        amount_due,
        state,
        note,
    }
}

/// How an invoice can be paid.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckoutBody {
    /// The provider's page, where there is one.
    url: Option<String>,
    /// What to do, in words.
    instructions: String,
    /// The provider's name for this checkout.
    reference: String,
    /// The page is closed from then on, RFC 3339.
    expires_at: Option<String>,
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        tracing::warn!(%error, "payments");
        let again = "the payment provider does not answer; ask again";
        match error {
            PaymentError::Rejected(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "payment_refused",
                "the payment provider does not take this; ask the operator",
            ),
            PaymentError::Throttled => Self::unavailable("payments_busy", again, 60),
            PaymentError::Unknown | PaymentError::Unreachable => {
                Self::unavailable("payments_unavailable", again, 5)
            }
        }
    }
}

/// Opens a way to pay an open invoice: a page of the payment provider, or instructions for a transfer.
#[utoipa::path(
    post, path = "/api/v2/invoices/{number}/checkout", tag = "subscription",
    params(
        ("number" = String, Path, description = "Like NIJA-0003-000017"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same anyway"),
    ),
    responses(
        (status = 200, body = CheckoutBody),
        (status = 404, description = "No such invoice of yours"),
        (status = 409, description = "It is not open"),
        (status = 422, description = "The provider does not take it"),
    ),
)]
pub(crate) async fn checkout(
    State(app): State<App>,
    principal: Principal,
    Path(number): Path<String>,
    _key: Keyed,
) -> Result<Json<CheckoutBody>, Problem> {
    let number: InvoiceNo = number.parse().map_err(|_| Problem::not_found())?;
    let not_open = Problem::from(Refused::NotOpen(number));
    let view = account(&app, principal.account()).await?;
    let of = view.subscription.ok_or(Problem::not_found())?;
    match of.open() {
        Some(open) if open.invoice == number => {}
        _ if of.has(number) => return Err(not_open),
        _ => {
            bill(&app, &principal, &number.to_string()).await?;
            return Err(not_open);
        }
    }
    let user = app.doors.control.user(principal.user()).await?.ok_or(Problem::not_found())?;
    let charge = Charge::of(user.id, user.account, &of, &app.doors.issuer.name).ok_or(not_open)?;
    let payer = app.doors.till.payer(user.account).await?;
    let charge = Charge { email: Some(user.email), payer, ..charge };
    let (who, subject) = (Some(principal.user()), number.to_string());
    app.audit(who, "checkout_opened", subject, format!("${}", charge.amount)).await?;
    let checkout = app.doors.payments.checkout(&charge).await?;
    // Remembered before it is told: the cashier closes it when the invoice is paid or withdrawn elsewhere.
    let (reference, expires_at) = (checkout.reference.clone(), checkout.expires_at);
    let page = OpenCheckout { reference, invoice: number, account: user.account, expires_at };
    app.doors.till.remember_checkout(page).await?;
    Ok(Json(CheckoutBody {
        url: checkout.url,
        instructions: checkout.instructions,
        reference: checkout.reference,
        expires_at: checkout.expires_at.map(|at| at.to_string()),
    }))
}
