//! The house's books, for administrators: every line with whom it is about, and the balance of all books. Every figure
//! of revenue is a sum of these lines.

use crate::auth::Admin;
use crate::date;
use crate::error::Problem;
use crate::number::exact;
use crate::page::{self, Listed, Params};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::{Decline, HouseView, Query, View};
use nija_core::ledger::chart::Book;
use nija_core::ports::views::house::{HouseFilter, HouseRow};
use nija_core::words::id::PartitionId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const NO_PARTITION: Problem = Problem::field("partition", "is not one of the partitions");

/// The house's books by partition.
pub(super) type Houses = Vec<(PartitionId, Box<HouseView>)>;

/// The house in one partition; none where there is no such partition.
async fn house(app: &App, partition: PartitionId) -> Result<Option<Box<HouseView>>, Problem> {
    match app.doors.desks.query(Query::House(partition)).await? {
        View::House(view) => Ok(Some(view)),
        View::Declined(Decline::UnknownPartition) => Ok(None),
        View::Declined(decline) => Err(decline.into()),
        _ => Err(Problem::internal()),
    }
}

/// The house in every partition, one after the other, so that other work comes between.
pub(super) async fn houses(app: &App) -> Result<Houses, Problem> {
    let mut views = Vec::new();
    for partition in (0..=u16::MAX).map(PartitionId) {
        match house(app, partition).await? {
            Some(view) => views.push((partition, view)),
            None => break,
        }
    }
    Ok(views)
}

/// Reads which partition is asked for.
fn asked_partition(text: Option<&str>) -> Result<Option<PartitionId>, Problem> {
    let read = |text: &str| {
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|_| plain);
        number.map(PartitionId).ok_or(NO_PARTITION)
    };
    text.map(read).transpose()
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Lines {
    /// Of one book, like `performance_revenue`.
    book: Option<String>,
    /// Of which partition, from 0; 0 when absent.
    partition: Option<String>,
    /// Of one day (UTC), like `2026-01-31`.
    day: Option<String>,
    /// `next_cursor` of the page before; none for the first page.
    cursor: Option<String>,
    /// Rows at most, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A line of the house's books.
#[derive(Serialize, ToSchema)]
pub(crate) struct HouseLine {
    /// The entry it belongs to: partition, batch of the journal, index. Its lines, those of the account included,
    /// sum to zero.
    entry: String,
    /// Which book.
    book: String,
    /// Dollars, debit positive: income is negative.
    amount: String,
    /// What it is for.
    cause: String,
    /// The account on the other side, where there is one.
    account: Option<String>,
    /// Whose account that is.
    user: Option<String>,
    /// When, RFC 3339.
    at: String,
}

impl From<HouseRow> for HouseLine {
    fn from(HouseRow { line, account, user }: HouseRow) -> Self {
        let (entry, book, amount) = (line.entry, line.book, line.amount);
        Self { entry, book, amount, cause: line.cause, account, user, at: line.at }
    }
}

/// Lines of the house's books, newest first. A search ends after so many lines: where `next_cursor` is there, there
/// may be more, also behind an empty page.
#[utoipa::path(
    get, path = "/api/v2/admin/ledger/entries", tag = "admin",
    params(Lines),
    responses((status = 200, body = Listed<HouseLine>)),
)]
pub(crate) async fn entries(
    State(app): State<App>,
    Admin(scope): Admin,
    Params(lines): Params<Lines>,
) -> Result<Json<Listed<HouseLine>>, Problem> {
    let book = lines.book.as_deref().map(|name| {
        let book = Book::ALL.into_iter().find(|book| book.name() == name);
        book.ok_or(Problem::field("book", "is not a book of the ledger"))
    });
    let filter = HouseFilter {
        book: book.transpose()?,
        day: date::asked_day("day", lines.day.as_deref())?,
        page: page::page(lines.cursor.as_deref(), lines.limit)?,
    };
    let partition = asked_partition(lines.partition.as_deref())?.unwrap_or(PartitionId(0));
    let subject = format!("partition {partition}");
    app.audit(Some(scope.admin()), "house_entries_read", subject, String::new()).await?;
    let found = app.doors.views.house_entries(&scope, partition, filter).await?;
    let items = found.rows.into_iter().map(|row| row.row.into()).collect();
    Ok(Json(Listed { items, next_cursor: found.next.map(page::cursor) }))
}

/// Which part of the books.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// One partition, from 0; all of them when absent.
    partition: Option<String>,
}

/// The balance of all books. Amounts are decimal strings, debit positive.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrialBalance {
    /// Do all books sum to zero in every partition?
    balanced: bool,
    /// Their sum; anything but 0 means that the books are wrong.
    off: String,
    /// What is on its way to accounts of other partitions: 0 at rest.
    clearing: String,
    /// By book.
    books: Vec<BookBody>,
    /// By partition.
    partitions: Vec<PartitionBody>,
}

/// A book in all accounts and in the house.
#[derive(Serialize, ToSchema)]
pub(crate) struct BookBody {
    /// Its name.
    book: &'static str,
    /// Sum over all accounts.
    accounts: String,
    /// The house's own balance.
    house: String,
}

/// A partition's balance.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartitionBody {
    /// Which.
    partition: u16,
    /// Its desk's time, RFC 3339.
    at: String,
    /// Sum of all its books.
    off: String,
    /// What left it, less what arrived: between partitions it cancels at rest.
    clearing: String,
}

/// Sum of what the house has in a book.
pub(super) fn in_house(views: &Houses, book: Book) -> i128 {
    views.iter().map(|(_, view)| i128::from(view.books.balance(book).raw())).sum()
}

/// All books of all accounts and of the house: they sum to zero, or something is badly wrong.
#[utoipa::path(
    get, path = "/api/v2/admin/ledger/trial-balance", tag = "admin",
    params(Part),
    responses((status = 200, body = TrialBalance)),
)]
pub(crate) async fn trial_balance(
    State(app): State<App>,
    _: Admin,
    Params(part): Params<Part>,
) -> Result<Json<TrialBalance>, Problem> {
    let views = match asked_partition(part.partition.as_deref())? {
        Some(only) => vec![(only, house(&app, only).await?.ok_or(NO_PARTITION)?)],
        None => houses(&app).await?,
    };
    let accounts = |book: Book| -> i128 {
        let of = views.iter().flat_map(|(_, view)| &view.accounts);
        of.filter(|(other, _)| *other == book).map(|(_, sum)| sum).sum()
    };
    let row = |book: Book| {
        let (accounts, house) = (accounts(book), in_house(&views, book));
        let shown = accounts != 0 || house != 0;
        shown.then(|| BookBody {
            book: book.name(),
            accounts: exact(accounts),
            house: exact(house),
        })
    };
    let partition = |(partition, view): &(PartitionId, Box<HouseView>)| PartitionBody {
        partition: partition.0,
        at: view.now.to_string(),
        off: exact(view.trial_balance),
        clearing: exact(i128::from(view.books.balance(Book::Clearing).raw())),
    };
    Ok(Json(TrialBalance {
        balanced: views.iter().all(|(_, view)| view.trial_balance == 0),
        off: exact(views.iter().map(|(_, view)| view.trial_balance).sum()),
        clearing: exact(in_house(&views, Book::Clearing)),
        books: Book::ALL.into_iter().filter_map(row).collect(),
        partitions: views.iter().map(partition).collect(),
    }))
}
