//! Stand-ins for users and sessions, and for the views.

use crate::ledger::FakeLedger;
use nija_core::billing::subscription::step::Step;
use nija_core::ledger::chart::Books;
use nija_core::ports::control::{Audit, Control, ControlError, Role, Rotation, Session, User};
use nija_core::ports::views::house::{HouseFilter, HouseRows, HouseScope};
use nija_core::ports::views::month::Months;
use nija_core::ports::views::{
    DecisionRow, EntryRow, EquityRow, FeeRow, FillRow, OrderRow, Page, Row, Rows, Scope, Told,
    Views,
};
use nija_core::ports::{Doing, ReadError};
use nija_core::words::id::{AccountId, OrderId, PartitionId, UserId};
use nija_core::words::time::Timestamp;
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct Records {
    pub(crate) users: Vec<User>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) used: Vec<([u8; 32], u128)>,
    pub(crate) audit: Vec<Audit>,
    pub(crate) session_reads: u32,
}

#[derive(Default)]
pub(crate) struct FakeControl {
    pub(crate) records: Mutex<Records>,
}

impl FakeControl {
    pub(crate) fn promote(&self, email: &str) {
        let mut records = self.records.lock().unwrap();
        records.users.iter_mut().find(|user| user.email == email).unwrap().role = Role::Admin;
    }

    pub(crate) fn actions(&self) -> Vec<String> {
        self.records.lock().unwrap().audit.iter().map(|line| line.action.clone()).collect()
    }

    fn do_it<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Records) -> Result<T, ControlError>,
    ) -> Doing<'_, Result<T, ControlError>> {
        let result = act(&mut self.records.lock().unwrap());
        Box::pin(async move { result })
    }
}

impl Control for FakeControl {
    fn add_user(&self, user: User) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            if records.users.iter().any(|other| other.email == user.email) {
                return Err(ControlError::EmailTaken);
            }
            records.users.push(user);
            Ok(())
        })
    }
    fn activate(&self, id: UserId) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            let user = records.users.iter_mut().find(|user| user.id == id);
            user.ok_or(ControlError::NotFound)?.active = true;
            Ok(())
        })
    }
    fn user_by_email<'a>(
        &'a self,
        email: &'a str,
    ) -> Doing<'a, Result<Option<User>, ControlError>> {
        self.do_it(|records| Ok(records.users.iter().find(|user| user.email == email).cloned()))
    }
    fn user(&self, id: UserId) -> Doing<'_, Result<Option<User>, ControlError>> {
        self.do_it(|records| Ok(records.users.iter().find(|user| user.id == id).cloned()))
    }
    fn set_password(&self, id: UserId, hash: String) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            let user = records.users.iter_mut().find(|user| user.id == id);
            user.ok_or(ControlError::NotFound)?.password = hash;
            Ok(())
        })
    }
    fn begin_session(&self, session: Session) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            records.sessions.push(session);
            Ok(())
        })
    }
    fn session(&self, id: u128) -> Doing<'_, Result<Option<Session>, ControlError>> {
        self.do_it(|records| {
            records.session_reads += 1;
            Ok(records.sessions.iter().find(|session| session.id == id).cloned())
        })
    }
    fn sessions(&self, user: UserId) -> Doing<'_, Result<Vec<Session>, ControlError>> {
        self.do_it(|records| {
            Ok(records.sessions.iter().filter(|session| session.user == user).cloned().collect())
        })
    }
    fn rotate(
        &self,
        old: [u8; 32],
        new: [u8; 32],
        now: Timestamp,
        _: Timestamp,
    ) -> Doing<'_, Result<Rotation, ControlError>> {
        self.do_it(|records| {
            if let Some(session) = records.sessions.iter_mut().find(|s| s.refresh == old) {
                (session.refresh, session.used_at) = (new, now);
                records.used.push((old, session.id));
                return Ok(Rotation::Rotated(session.clone()));
            }
            let Some((_, id)) = records.used.iter().find(|(used, _)| *used == old).copied() else {
                return Ok(Rotation::Unknown);
            };
            let Some(at) = records.sessions.iter().position(|session| session.id == id) else {
                return Ok(Rotation::Unknown);
            };
            Ok(Rotation::Reused(records.sessions.remove(at).user))
        })
    }
    fn end_session(&self, user: UserId, id: u128) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            let before = records.sessions.len();
            records.sessions.retain(|session| session.user != user || session.id != id);
            if records.sessions.len() < before { Ok(()) } else { Err(ControlError::NotFound) }
        })
    }
    fn end_sessions(
        &self,
        user: UserId,
        except: Option<u128>,
    ) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            let keeps = |s: &Session| s.user != user || Some(s.id) == except;
            records.sessions.retain(keeps);
            Ok(())
        })
    }
    fn audit(&self, line: Audit) -> Doing<'_, Result<(), ControlError>> {
        self.do_it(|records| {
            records.audit.push(line);
            Ok(())
        })
    }
    fn audit_log(&self, limit: u32) -> Doing<'_, Result<Vec<Audit>, ControlError>> {
        self.do_it(|records| Ok(records.audit.iter().rev().take(limit as usize).cloned().collect()))
    }
    fn users(&self, page: Page) -> Doing<'_, Result<Vec<Row<User>>, ControlError>> {
        self.do_it(|records| {
            let mut rows = Vec::new();
            for (number, user) in (1..).zip(records.users.clone()) {
                rows.push(Row { number, row: user });
            }
            rows.retain(|row| page.before.is_none_or(|before| row.number < before));
            rows.reverse();
            rows.truncate(page.limit as usize);
            Ok(rows)
        })
    }
    fn count_users(&self) -> Doing<'_, Result<u64, ControlError>> {
        self.do_it(|records| Ok(records.users.len() as u64))
    }
}

/// Orders by account, number and row; and one account's months.
#[derive(Default)]
pub(crate) struct FakeViews {
    pub(crate) orders: Mutex<Vec<(AccountId, i64, OrderRow)>>,
    pub(crate) ledger: FakeLedger,
}

pub(crate) fn order_row(id: OrderId) -> OrderRow {
    let text = |text: &str| text.to_owned();
    OrderRow {
        id: id.to_string(),
        symbol: text("AAPL"),
        asset_class: text("equity"),
        side: text("buy"),
        order_type: text("market"),
        time_in_force: text("day"),
        purpose: text("entry"),
        origin: text("user"),
        version: None,
        insight: None,
        qty: text("1"),
        filled_qty: text("0"),
        average_price: None,
        limit_price: None,
        stop_price: None,
        fees: text("0"),
        state: text("working"),
        why: None,
        created_at: text("2026-01-01T00:00:00Z"),
        updated_at: text("2026-01-01T00:00:00Z"),
    }
}

impl Views for FakeViews {
    fn orders<'a>(&'a self, scope: &'a Scope, page: Page, _: bool) -> Doing<'a, Rows<OrderRow>> {
        let orders = self.orders.lock().unwrap();
        let mut rows: Vec<Row<OrderRow>> = orders
            .iter()
            .filter(|(account, number, _)| {
                *account == scope.account() && page.before.is_none_or(|before| *number < before)
            })
            .map(|(_, number, row)| Row { number: *number, row: row.clone() })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.number));
        rows.truncate(page.limit as usize);
        Box::pin(async move { Ok(rows) })
    }
    fn order<'a>(
        &'a self,
        scope: &'a Scope,
        id: OrderId,
    ) -> Doing<'a, Result<Option<OrderRow>, ReadError>> {
        let orders = self.orders.lock().unwrap();
        let own = orders.iter().filter(|(account, _, _)| *account == scope.account());
        let row = own.map(|(_, _, row)| row).find(|row| row.id == id.to_string()).cloned();
        Box::pin(async move { Ok(row) })
    }
    fn fills<'a>(&'a self, _: &'a Scope, _: Page) -> Doing<'a, Rows<FillRow>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn decisions<'a>(
        &'a self,
        _: &'a Scope,
        _: Page,
        kind: Option<&'a str>,
    ) -> Doing<'a, Rows<DecisionRow>> {
        let row = DecisionRow {
            kind: kind.unwrap_or("approved").to_owned(),
            symbol: None,
            side: None,
            size: None,
            origin: None,
            order_id: None,
            code: None,
            gate: None,
            sentence: "because".to_owned(),
            evidence: r#"{"measured": "1.50"}"#.to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
        };
        Box::pin(async move { Ok(vec![Row { number: 1, row }]) })
    }
    fn equity<'a>(&'a self, _: &'a Scope, _: Page) -> Doing<'a, Rows<EquityRow>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn entries<'a>(&'a self, _: &'a Scope, _: Page) -> Doing<'a, Rows<EntryRow>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn subscription<'a>(&'a self, scope: &'a Scope, _: Page) -> Doing<'a, Rows<Step>> {
        let steps = self.ledger.steps(scope.account());
        let rows = (1..).zip(steps).map(|(number, row)| Row { number, row }).collect();
        Box::pin(async { Ok(rows) })
    }
    fn fees<'a>(&'a self, _: &'a Scope, _: Page) -> Doing<'a, Rows<FeeRow>> {
        let text = |text: &str| text.to_owned();
        let row = FeeRow {
            cause: text("month"),
            amount: None,
            month: Some(text("2026-03")),
            equity: text("1100"),
            platform: text("10"),
            leader: text("0"),
            mark_before: Some(text("1000")),
            mark: text("1090"),
            entry: Some(text("0001-0000000000000007-2")),
            at: text("2026-04-01T00:00:00Z"),
        };
        Box::pin(async { Ok(vec![Row { number: 1, row }]) })
    }
    fn months<'a>(&'a self, scope: &'a Scope) -> Doing<'a, Result<Option<Months>, ReadError>> {
        let months = self.ledger.months(scope.account());
        Box::pin(async move { Ok(months) })
    }
    fn month<'a>(&'a self, scope: &'a Scope, _: &'a [AccountId], month: i32) -> Told<'a> {
        let told = self.ledger.month(scope.account(), month);
        Box::pin(async move { Ok(told) })
    }
    fn balances<'a>(
        &'a self,
        scope: &'a Scope,
        _: &'a [AccountId],
        first: i32,
    ) -> Doing<'a, Result<Vec<(i32, Books)>, ReadError>> {
        let balances = self.ledger.balances(scope.account(), first);
        Box::pin(async move { Ok(balances) })
    }
    fn house_entries<'a>(
        &'a self,
        _: &'a HouseScope,
        partition: PartitionId,
        filter: HouseFilter,
    ) -> Doing<'a, Result<HouseRows, ReadError>> {
        let rows = self.ledger.house(partition, filter);
        Box::pin(async move { Ok(rows) })
    }
}
