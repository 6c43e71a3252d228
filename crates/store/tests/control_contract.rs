//! What control data promises: addresses that are free, sessions that end, tokens that work once, a lasting audit.

#![allow(clippy::unwrap_used)]

use nija_core::billing::invoice::InvoiceNo;
use nija_core::journal::{Batch, Head};
use nija_core::ports::control::{Audit, Control as _, ControlError, Role, Rotation, Session, User};
use nija_core::ports::payments::Payer;
use nija_core::ports::till::{Attempt, OpenCheckout, Till as _};
use nija_core::ports::views::Page;
use nija_core::ports::{Clock, Journal as _};
use nija_core::words::id::{AccountId, Epoch, PartitionId, Seq, UserId};
use nija_core::words::money::Money;
use nija_core::words::time::{Span, Timestamp};
use nija_store::control::Control;
use nija_store::sqlite::{Database, Mode};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

#[derive(Default)]
struct Hands(AtomicI64);

impl Hands {
    fn set(&self, at: Timestamp) {
        self.0.store(at.0, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct World {
    folder: TempDir,
    clock: Arc<Hands>,
    control: Arc<Control>,
    database: Database,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hands::default());
    let path = folder.path().join("nija.db");
    let database = Database::open(path, Mode::Owner, clock.clone()).unwrap();
    World { folder, clock, control: database.control(), database }
}

fn minutes(n: i64) -> Timestamp {
    Timestamp::EPOCH.plus(Span::seconds(60 * n))
}

fn user(n: u128) -> User {
    User {
        id: UserId(n),
        email: format!("user{n}@example.org"),
        password: "$argon2id$x".to_owned(),
        role: Role::User,
        account: AccountId(u128::MAX - n),
        created_at: minutes(1),
        active: false,
    }
}

/// A session that ends after a day and holds token `[token; 32]`.
fn session(id: u128, user: u128, token: u8, at: Timestamp) -> Session {
    Session {
        id,
        user: UserId(user),
        refresh: [token; 32],
        created_at: at,
        used_at: at,
        expires_at: at.plus(Span::DAY),
    }
}

/// Exchanges a token at a minute; the next one may wait an hour.
async fn rotate(control: &Control, old: u8, new: u8, minute: i64) -> Rotation {
    let idle_until = minutes(minute + 60);
    control.rotate([old; 32], [new; 32], minutes(minute), idle_until).await.unwrap()
}

#[tokio::test]
async fn c_01_users_are_found_by_address_and_by_id() {
    let world = world();
    let control = &*world.control;
    let mut ada = user(1);
    ada.role = Role::Admin;
    control.add_user(ada.clone()).await.unwrap();
    control.add_user(user(2)).await.unwrap();
    assert_eq!(control.user(UserId(1)).await, Ok(Some(ada.clone())));
    assert_eq!(control.user_by_email(&ada.email).await, Ok(Some(ada)));
    assert_eq!(control.user_by_email("nobody@example.org").await, Ok(None));
    assert_eq!(control.user(UserId(9)).await, Ok(None));
    assert_eq!(control.count_users().await, Ok(2));
    let first = control.users(Page { before: None, limit: 1 }).await.unwrap();
    assert_eq!(first[0].row, user(2), "the newest comes first");
    let second = control.users(Page { before: Some(first[0].number), limit: 9 }).await.unwrap();
    assert_eq!(second.iter().map(|row| row.row.id).collect::<Vec<_>>(), [UserId(1)]);
}

#[tokio::test]
async fn c_02_an_address_is_taken_once() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    let second = User { email: user(1).email, ..user(2) };
    assert_eq!(control.add_user(second).await, Err(ControlError::EmailTaken));
    let same_id = User { email: "other@example.org".to_owned(), ..user(1) };
    assert!(matches!(control.add_user(same_id).await, Err(ControlError::Unavailable(_))));
    assert_eq!(control.count_users().await, Ok(1));
    assert_eq!(control.audit_log(10).await.unwrap().len(), 1, "refusals leave no line");
}

#[tokio::test]
async fn c_03_a_user_is_activated_and_gets_a_new_password() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    control.activate(UserId(1)).await.unwrap();
    control.set_password(UserId(1), "$argon2id$y".to_owned()).await.unwrap();
    let found = control.user(UserId(1)).await.unwrap().unwrap();
    assert_eq!((found.active, found.password.as_str()), (true, "$argon2id$y"));
    assert_eq!(control.activate(UserId(2)).await, Err(ControlError::NotFound));
    let missing = control.set_password(UserId(2), String::new()).await;
    assert_eq!(missing, Err(ControlError::NotFound));
}

#[tokio::test]
async fn c_04_sessions_begin_and_end() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    control.add_user(user(2)).await.unwrap();
    for (id, owner) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
        let begun =
            session(id, owner, u8::try_from(id).unwrap(), minutes(i64::try_from(id).unwrap()));
        control.begin_session(begun).await.unwrap();
    }
    assert_eq!(control.session(2).await, Ok(Some(session(2, 1, 2, minutes(2)))));
    let ids = |found: Vec<Session>| found.into_iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!(ids(control.sessions(UserId(1)).await.unwrap()), [3, 2, 1]);

    assert_eq!(control.end_session(UserId(2), 1).await, Err(ControlError::NotFound), "not theirs");
    control.end_session(UserId(1), 1).await.unwrap();
    assert_eq!(control.session(1).await, Ok(None));
    control.end_sessions(UserId(1), Some(3)).await.unwrap();
    assert_eq!(ids(control.sessions(UserId(1)).await.unwrap()), [3]);
    control.end_sessions(UserId(1), None).await.unwrap();
    assert_eq!(ids(control.sessions(UserId(1)).await.unwrap()), [0u128; 0]);
    assert_eq!(ids(control.sessions(UserId(2)).await.unwrap()), [4], "others are untouched");

    let orphan = control.begin_session(session(9, 9, 9, minutes(9))).await;
    assert_eq!(orphan, Err(ControlError::NotFound));
}

#[tokio::test]
async fn c_05_beyond_ten_sessions_the_oldest_ends() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    for n in 1..=12u8 {
        let begun = session(u128::from(n), 1, n, minutes(i64::from(n)));
        control.begin_session(begun).await.unwrap();
    }
    let found = control.sessions(UserId(1)).await.unwrap();
    assert_eq!(found.iter().map(|s| s.id).collect::<Vec<_>>(), (3..=12).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn c_06_a_token_is_exchanged_for_the_next_one() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    control.begin_session(session(1, 1, 10, minutes(0))).await.unwrap();
    let expected = |token, minute| {
        let begun = session(1, 1, token, minutes(0));
        Rotation::Rotated(Session { used_at: minutes(minute), ..begun })
    };
    assert_eq!(rotate(control, 10, 11, 5).await, expected(11, 5));
    assert_eq!(rotate(control, 11, 12, 50).await, expected(12, 50));
    assert_eq!(control.session(1).await.unwrap().unwrap().refresh, [12; 32]);
    assert_eq!(rotate(control, 99, 13, 51).await, Rotation::Unknown);
}

#[tokio::test]
async fn c_07_a_spent_token_ends_its_family_and_no_other() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    control.begin_session(session(1, 1, 10, minutes(0))).await.unwrap();
    control.begin_session(session(2, 1, 20, minutes(0))).await.unwrap();
    for (old, new) in [(10, 11), (11, 12), (12, 13)] {
        assert!(matches!(rotate(control, old, new, 5).await, Rotation::Rotated(_)));
    }
    assert_eq!(rotate(control, 10, 14, 6).await, Rotation::Reused(UserId(1)), "however old");
    assert_eq!(control.session(1).await, Ok(None));
    assert_eq!(rotate(control, 13, 15, 6).await, Rotation::Unknown, "the valid one died with it");
    assert_eq!(rotate(control, 11, 15, 6).await, Rotation::Unknown);
    assert!(matches!(rotate(control, 20, 21, 6).await, Rotation::Rotated(_)));
}

#[tokio::test]
async fn c_08_of_two_exchanges_at_once_one_wins_and_the_family_ends() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    control.begin_session(session(1, 1, 10, minutes(0))).await.unwrap();
    let (a, b) = tokio::join!(rotate(control, 10, 11, 1), rotate(control, 10, 12, 1));
    let won = [&a, &b].iter().filter(|r| matches!(r, Rotation::Rotated(_))).count();
    let reused = [&a, &b].iter().filter(|r| matches!(r, Rotation::Reused(_))).count();
    assert_eq!((won, reused), (1, 1));
    assert_eq!(control.session(1).await, Ok(None));
}

#[tokio::test]
async fn c_09_sessions_end_by_age_and_by_idleness() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    for (id, token) in [(1, 10), (2, 20), (3, 30)] {
        control.begin_session(session(id, 1, token, minutes(0))).await.unwrap();
    }
    assert_eq!(rotate(control, 10, 11, 61).await, Rotation::Unknown, "idle since it began");
    assert!(matches!(rotate(control, 20, 21, 60).await, Rotation::Rotated(_)));
    assert_eq!(rotate(control, 21, 22, 120).await, Rotation::Unknown, "idle since its last use");
    assert_eq!(control.session(2).await, Ok(None));

    world.clock.set(minutes(24 * 60 - 1));
    assert!(control.session(3).await.unwrap().is_some());
    world.clock.set(minutes(24 * 60));
    assert_eq!(control.session(3).await, Ok(None), "its day is over");
    assert_eq!(control.sessions(UserId(1)).await, Ok(vec![]));
    control.begin_session(session(4, 1, 40, minutes(24 * 60))).await.unwrap();
    let raw = rusqlite::Connection::open(world.folder.path().join("nija.db")).unwrap();
    let count = |sql: &str| raw.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM session"), 1, "the dead ones are cleared away");
    assert_eq!(count("SELECT count(*) FROM spent_token"), 0);
}

#[tokio::test]
async fn c_10_no_exchange_outlives_the_absolute_end() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    control.begin_session(session(1, 1, 0, minutes(0))).await.unwrap();
    for n in 0..29u8 {
        let exchanged = rotate(control, n, n + 1, 48 * i64::from(n + 1)).await;
        assert!(matches!(exchanged, Rotation::Rotated(_)), "exchange {n}");
    }
    world.clock.set(minutes(24 * 60 - 1));
    assert!(control.session(1).await.unwrap().is_some());
    assert_eq!(rotate(control, 29, 30, 24 * 60).await, Rotation::Unknown);
}

#[tokio::test]
async fn c_11_the_audit_log_lasts() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    let line = |n: i64, actor| Audit {
        at: minutes(n),
        actor,
        action: "login_failed".to_owned(),
        subject: format!("subject {n}"),
        detail: "3 tries".to_owned(),
    };
    for n in 2..5 {
        control.audit(line(n, (n == 3).then_some(UserId(1)))).await.unwrap();
    }
    let newest = control.audit_log(2).await.unwrap();
    assert_eq!(newest, [line(4, None), line(3, Some(UserId(1)))]);
    let all = control.audit_log(100).await.unwrap();
    let added = all.last().unwrap();
    assert_eq!((added.action.as_str(), added.actor), ("user_added", Some(UserId(1))));
    assert!(!format!("{added:?}").contains('@'), "ids, not addresses");
    let raw = rusqlite::Connection::open(world.folder.path().join("nija.db")).unwrap();
    for forged in ["UPDATE audit SET detail = ''", "DELETE FROM audit"] {
        assert!(raw.execute_batch(forged).unwrap_err().to_string().contains("append-only"));
    }
}

#[tokio::test]
async fn c_12_administration_works_beside_a_running_owner() {
    let world = world();
    let control = &*world.control;
    let path = world.folder.path().join("nija.db");
    let admin = Database::open(&path, Mode::Admin, world.clock.clone()).unwrap();
    admin.control().add_user(user(7)).await.unwrap();
    assert!(control.user(UserId(7)).await.unwrap().is_some());
    let reader = Database::open(&path, Mode::Reader, world.clock.clone()).unwrap();
    assert_eq!(reader.control().count_users().await, Ok(1));
    let refused = reader.control().add_user(user(8)).await;
    assert!(matches!(refused, Err(ControlError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_13_journal_and_control_write_side_by_side() {
    let world = world();
    let control = &*world.control;
    control.add_user(user(1)).await.unwrap();
    let path = world.folder.path().join("nija.db");
    let admin = Database::open(&path, Mode::Admin, world.clock.clone()).unwrap().control();
    let journal = world.database.journal();
    let desk = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut head = Head::default();
        for _ in 0..100 {
            let contents = (1, vec![7; 6_000]);
            let batch = Batch::chained(PartitionId(0), Epoch(1), minutes(1), &head, contents);
            runtime.block_on(journal.append(std::slice::from_ref(&batch))).unwrap();
            head = batch.follows(&head).unwrap();
        }
        head.seq
    });
    let line = || Audit {
        at: minutes(1),
        actor: None,
        action: "noted".to_owned(),
        subject: String::new(),
        detail: String::new(),
    };
    for _ in 0..50 {
        let (here, there, read) =
            tokio::join!(control.audit(line()), admin.audit(line()), control.user(UserId(1)));
        assert_eq!((here, there), (Ok(()), Ok(())));
        assert!(read.unwrap().is_some());
    }
    assert_eq!(desk.join().unwrap(), Seq(100));
    assert_eq!(control.audit_log(1_000).await.unwrap().len(), 101);
    assert_eq!(world.database.integrity().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn c_14_the_till_remembers_payers_checkouts_and_attempts() {
    let world = world();
    let till = &world.control;
    let (one, other) = (AccountId(1), AccountId(u128::MAX));
    let payer = |method: &str| Payer { customer: "cus_1".to_owned(), method: method.to_owned() };
    assert_eq!(till.payer(one).await, Ok(None));
    till.keep_payer(one, payer("pm_1"), minutes(1)).await.unwrap();
    till.keep_payer(one, payer("pm_2"), minutes(3)).await.unwrap();
    till.keep_payer(one, payer("pm_1"), minutes(2)).await.unwrap();
    till.keep_payer(other, payer("pm_3"), minutes(3)).await.unwrap();
    assert_eq!(till.payer(one).await, Ok(Some(payer("pm_2"))), "the newer one counts");
    till.forget_payer(one, minutes(5)).await.unwrap();
    till.forget_payer(one, minutes(5)).await.unwrap();
    assert_eq!(till.payer(one).await, Ok(None));
    till.keep_payer(one, payer("pm_2"), minutes(3)).await.unwrap();
    assert_eq!(till.payer(one).await, Ok(None), "old news, told again");
    assert_eq!(till.payer(other).await, Ok(Some(payer("pm_3"))));
    till.keep_payer(one, payer("pm_4"), minutes(6)).await.unwrap();
    assert_eq!(till.payer(one).await, Ok(Some(payer("pm_4"))), "paid with again");

    let invoice = InvoiceNo { partition: PartitionId(3), count: 17 };
    let checkout = |reference: &str, expires_at| OpenCheckout {
        reference: reference.to_owned(),
        invoice,
        account: other,
        expires_at,
    };
    let (a, b) = (checkout("cs_a", Some(minutes(9))), checkout("cs_b", None));
    for checkout in [&b, &a, &b] {
        till.remember_checkout(checkout.clone()).await.unwrap();
    }
    assert_eq!(till.checkouts("", 9).await, Ok(vec![a.clone(), b.clone()]));
    assert_eq!(till.checkouts("", 1).await, Ok(vec![a]));
    assert_eq!(till.checkouts("cs_a", 9).await, Ok(vec![b]));
    till.forget_checkout("cs_b").await.unwrap();
    till.forget_checkout("cs_b").await.unwrap();
    assert_eq!(till.checkouts("cs_a", 9).await, Ok(vec![]));

    let attempt = |number, answered| Attempt {
        account: one,
        invoice,
        number,
        reminders: 2,
        amount: Money::from_raw(1_900_000_000),
        answered,
    };
    assert_eq!(till.attempt(one).await, Ok(None));
    till.write_attempt(attempt(1, false)).await.unwrap();
    till.write_attempt(attempt(255, true)).await.unwrap();
    assert_eq!(till.attempt(one).await, Ok(Some(attempt(255, true))));
    assert_eq!(till.attempt(other).await, Ok(None));
}
