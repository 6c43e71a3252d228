//! Lists for screens, made from the journal and read under a tenant's scope.
//!
//! They live in a file of their own: their writes never wait for, or swell, the journal's log, and a power cut may
//! cost their last commits because they are disposable. The file keeps the events that screens list, in their
//! order, and the ways to find an account's; the words of a row are made when somebody reads it.

use crate::error::Fault;
use crate::sqlite::link::Link;
use crate::sqlite::migration::Schema;
use chain::Chain;
use nija_core::billing::subscription::step::Step;
use nija_core::desk::event::Event;
use nija_core::ledger::chart::Books;
use nija_core::ports::views::house::{HouseFilter, HouseRows, HouseScope};
use nija_core::ports::views::month::Months;
use nija_core::ports::views::{
    DecisionRow, EntryRow, EquityRow, FeeRow, FillRow, OrderRow, Page, Rows, Scope, Told,
};
use nija_core::ports::{Doing, ReadError};
use nija_core::words::id::{AccountId, OrderId, PartitionId};
use reader::{Make, Reader, damaged};
use record::Record;

mod chain;
mod decision;
mod evidence;
mod fee;
mod folio;
mod house;
mod log;
mod month;
mod pass;
mod projection;
mod reader;
mod record;
mod row;
mod standing;
mod street;
mod word;

pub use evidence::evidence;
pub use projection::Projection;

/// The views' file. One of an older version is not migrated but made anew.
pub(crate) const SCHEMA: Schema = Schema {
    application: 0x4e49_4a56,
    first: 5,
    steps: &[include_str!("../migrations/views/0005_views.sql")],
};

/// Read queries over the views.
#[derive(Debug)]
pub struct Views(Link);

impl Views {
    pub(crate) const fn reading(link: Link) -> Self {
        Self(link)
    }

    /// What `read` finds for a scope; nothing for one that fits no account.
    fn scoped<'a, T: Default + Send + 'static>(
        &'a self,
        scope: &Scope,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Doing<'a, Result<T, ReadError>> {
        let scope = *scope;
        let found = self.0.call(move |connection| match Reader::of(connection, &scope)? {
            Some(mut reader) => read(&mut reader),
            None => Ok(T::default()),
        });
        Box::pin(async move { Ok(found.await?) })
    }

    fn list<T: Send + 'static>(
        &self,
        scope: &Scope,
        page: Page,
        (chain, make): (Chain, Make<T>),
    ) -> Doing<'_, Rows<T>> {
        self.scoped(scope, move |reader| reader.list(chain, page, make))
    }
}

impl nija_core::ports::views::Views for Views {
    fn orders<'a>(&'a self, scope: &'a Scope, page: Page, open: bool) -> Doing<'a, Rows<OrderRow>> {
        if open {
            return self.scoped(scope, move |reader| reader.open(page, row::order));
        }
        self.list(scope, page, (Chain::Orders, row::order))
    }

    fn order<'a>(
        &'a self,
        scope: &'a Scope,
        id: OrderId,
    ) -> Doing<'a, Result<Option<OrderRow>, ReadError>> {
        self.scoped(scope, move |reader| reader.order(id, row::order))
    }

    fn fills<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<FillRow>> {
        self.list(scope, page, (Chain::Fills, row::fill))
    }

    fn decisions<'a>(
        &'a self,
        scope: &'a Scope,
        page: Page,
        kind: Option<&'a str>,
    ) -> Doing<'a, Rows<DecisionRow>> {
        match kind.map_or(Some(Chain::Decisions), Chain::of_kind) {
            Some(chain) => self.list(scope, page, (chain, decision::row)),
            None => Box::pin(async { Ok(Vec::new()) }),
        }
    }

    fn equity<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<EquityRow>> {
        self.list(scope, page, (Chain::Equity, row::equity))
    }

    fn entries<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<EntryRow>> {
        self.list(scope, page, (Chain::Entries, row::entry))
    }

    fn fees<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<FeeRow>> {
        self.list(scope, page, (Chain::Fees, fee::row))
    }

    fn subscription<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<Step>> {
        self.list(scope, page, (Chain::Subscription, step))
    }

    fn months<'a>(&'a self, scope: &'a Scope) -> Doing<'a, Result<Option<Months>, ReadError>> {
        self.scoped(scope, |reader| month::months(reader))
    }

    fn month<'a>(&'a self, scope: &'a Scope, leaders: &'a [AccountId], month: i32) -> Told<'a> {
        let scopes = family(scope, leaders);
        Box::pin(async move {
            let mut told = Vec::new();
            let framed = self.0.call(move |file| month::frames(file, &scopes, month)).await?;
            for mut frame in framed {
                loop {
                    let read = self.0.call(move |file| Ok((frame.read(file)?, frame))).await?;
                    frame = read.1;
                    match read.0 {
                        Ok(false) => {}
                        Ok(true) => break,
                        Err(too_much) => return Ok(Err(too_much)),
                    }
                }
                told.push(self.0.call(move |file| frame.close(file)).await?);
            }
            Ok(Ok(told))
        })
    }

    fn balances<'a>(
        &'a self,
        scope: &'a Scope,
        leaders: &'a [AccountId],
        first: i32,
    ) -> Doing<'a, Result<Vec<(i32, Books)>, ReadError>> {
        let scopes = family(scope, leaders);
        let found = self.0.call(move |file| month::balances(file, &scopes, first));
        Box::pin(async move { Ok(found.await?) })
    }

    fn house_entries<'a>(
        &'a self,
        _: &'a HouseScope,
        partition: PartitionId,
        filter: HouseFilter,
    ) -> Doing<'a, Result<HouseRows, ReadError>> {
        let found = self.0.call(move |file| house::entries(file, partition, filter));
        Box::pin(async move { Ok(found.await?) })
    }
}

/// The scopes of an account and of its sleeves.
fn family(scope: &Scope, leaders: &[AccountId]) -> Vec<Scope> {
    std::iter::once(*scope).chain(leaders.iter().map(|leader| scope.sleeve(*leader))).collect()
}

fn step(_: &mut Reader<'_>, record: &Record, _: usize) -> Result<Step, Fault> {
    match &record.event {
        Event::Subscribed { step, .. } => Ok(step.as_ref().clone()),
        _ => Err(damaged("a step of a subscription is something else")),
    }
}
