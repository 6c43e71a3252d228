//! Holds the server to the files of its clients, through the API and `nija verify` alone.
//!
//! Every acknowledged order has to be listed with its quantity; every listed order has to be one that
//! was acknowledged, under one key; fills have to be unique and stay within their orders.

use super::client::Client;
use super::http::Connection;
use super::order::{order_of, units};
use super::pass;
use super::server::Site;
use super::tally::Breach;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Pause between looks at views that follow the journal.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
const LOOKS: u32 = 50;
/// Promises that fit one page of a list beside orders that were not acknowledged any more.
const NEWEST: usize = 100;
/// Pages of a list that are read at most.
const PAGES: u32 = 5_000;

/// Acknowledged orders by id: the key they were asked under, and their quantity.
type Promised = BTreeMap<String, (String, String)>;
/// An order as the API lists it.
type Listed = BTreeMap<String, Value>;

/// Checks all clients' accounts and the database on a server that nobody kills meanwhile. The number of batches.
pub(crate) fn all(
    clients: &mut [Client],
    site: &Site,
    found: &mut Vec<(Breach, String)>,
) -> Result<u64> {
    std::thread::scope(|scope| {
        let check = |client| scope.spawn(|| account(client, site));
        let checks: Vec<_> = clients.iter_mut().map(check).collect();
        checks.into_iter().try_for_each(|check| match check.join() {
            Ok(done) => done,
            Err(_) => bail!("a check broke"),
        })
    })?;
    database(site, found)
}

/// Checks one client's account on a server that nobody kills meanwhile.
pub(crate) fn account(client: &mut Client, site: &Site) -> Result<()> {
    client.refresh(site.address)?;
    let to = &mut Connection::open(site.address)?;
    client.settle(to)?;
    client.look_up(to, usize::MAX)?;
    ensure!(client.is_settled(), "a request stays in doubt on a server that lives");

    let (promised, twice) = promised(&std::fs::read_to_string(&client.path)?)?;
    for what in twice {
        client.tally.breach(Breach::Doubled, what);
    }
    let fills = rows(client, to, "/api/v2/fills", "fill_id")?;
    let mut listed = orders(client, to)?;
    for _ in 0..LOOKS {
        if promised.keys().all(|order| listed.contains_key(order)) {
            break;
        }
        pass(LOOK_AGAIN);
        listed = orders(client, to)?;
    }
    client.tally.fills = fills.len() as u64;
    let mut found = compare(&promised, &listed);
    found.extend(overfilled(&fills, &listed));
    for (breach, what) in found {
        client.tally.breach(breach, what);
    }
    Ok(())
}

/// Holds a server to the newest promises in the text of a client's file, as far as one page of the list goes.
pub(crate) fn newest(client: &mut Client, site: &Site, text: &str) -> Result<()> {
    let to = &mut Connection::open(site.address)?;
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(NEWEST);
    let (promised, _) = promised(&lines[from..].join("\n"))?;
    let mut missing = Vec::new();
    for _ in 0..LOOKS {
        let page = client.read(to, "/api/v2/orders?limit=200")?;
        ensure!(page.status == 200, "orders: {} {}", page.status, page.body);
        let items = page.body["items"].as_array().map_or(&[][..], Vec::as_slice);
        let id = |row: &Value| row["id"].as_str().unwrap_or_default().to_owned();
        let listed: Listed = items.iter().map(|row| (id(row), row.clone())).collect();
        missing = compare(&promised, &listed);
        missing.retain(|(breach, _)| *breach != Breach::Doubled);
        if missing.is_empty() {
            return Ok(());
        }
        pass(LOOK_AGAIN);
    }
    missing.into_iter().for_each(|(breach, what)| client.tally.breach(breach, what));
    Ok(())
}

/// Reads a client's file: its orders, and what stands there under two keys.
fn promised(text: &str) -> Result<(Promised, Vec<String>)> {
    let mut orders = Promised::new();
    let mut by_key: BTreeMap<String, String> = BTreeMap::new();
    let mut twice = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).context("a client's file is torn")?;
        let key = line["key"].as_str().unwrap_or_default().to_owned();
        let Some(order) = order_of(&line["promise"]) else {
            continue;
        };
        let order = order.to_owned();
        let quantity = line["promise"]["quantity"].as_str().unwrap_or_default().to_owned();
        if by_key.insert(key.clone(), order.clone()).is_some_and(|known| known != order) {
            twice.push(format!("{key} led to {order} and to another order"));
        }
        let known = orders.insert(order.clone(), (key.clone(), quantity));
        if known.is_some_and(|(other, _)| other != key) {
            twice.push(format!("{order} was promised under {key} and another key"));
        }
    }
    Ok((orders, twice))
}

fn orders(client: &Client, to: &mut Connection) -> Result<Listed> {
    let rows = rows(client, to, "/api/v2/orders", "id")?;
    Ok(rows.into_iter().map(|(key, row)| (key.1, row)).collect())
}

/// A whole list, page by page, by number of the row and its id: what stands there twice stays visible.
pub(crate) fn rows(
    client: &Client,
    to: &mut Connection,
    path: &str,
    id: &str,
) -> Result<BTreeMap<(usize, String), Value>> {
    let (mut all, mut cursor) = (BTreeMap::new(), String::new());
    for _ in 0..PAGES {
        let page = client.read(to, &format!("{path}?limit=200{cursor}"))?;
        ensure!(page.status == 200, "{path}: {} {}", page.status, page.body);
        let items = page.body["items"].as_array().cloned().unwrap_or_default();
        for row in items {
            let id = row[id].as_str().unwrap_or_default().to_owned();
            all.insert((all.len(), id), row);
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(all)
}

/// What was promised against what is there.
fn compare(promised: &Promised, listed: &Listed) -> Vec<(Breach, String)> {
    let mut found = Vec::new();
    for (order, (key, quantity)) in promised {
        match listed.get(order) {
            None => found.push((Breach::Lost, format!("{order}, acknowledged under {key}"))),
            Some(row) if row["qty"] != quantity.as_str() => {
                let what = format!("{order}: {quantity} was acknowledged, {} is there", row["qty"]);
                found.push((Breach::Changed, what));
            }
            Some(_) => {}
        }
    }
    for (order, row) in listed {
        if row["origin"] == "user" && !promised.contains_key(order) {
            found.push((Breach::Doubled, format!("{order} was never acknowledged: {row}")));
        }
    }
    found
}

/// Fills that are there twice, and orders that were filled beyond their quantity.
fn overfilled(fills: &BTreeMap<(usize, String), Value>, listed: &Listed) -> Vec<(Breach, String)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    let amount = |row: &Value, name: &str| row[name].as_str().and_then(units);
    for fill in fills.values() {
        let order = fill["order_id"].as_str().unwrap_or_default();
        let id = fill["fill_id"].as_str().unwrap_or_default();
        if !seen.insert((order, id)) {
            found.push((Breach::Overfilled, format!("fill {id} of {order} is there twice")));
        }
        match amount(fill, "qty") {
            Some(qty) => *sums.entry(order).or_default() += qty,
            None => found.push((Breach::Overfilled, format!("a fill without quantity: {fill}"))),
        }
    }
    for (order, sum) in sums {
        let row = listed.get(order).unwrap_or(&Value::Null);
        // The fills were read first: the order may know of more by now, never of less.
        let known = amount(row, "filled_qty").is_some_and(|filled| filled >= sum);
        let fits = amount(row, "qty").is_some_and(|qty| sum <= qty);
        if !(known && fits) {
            found.push((Breach::Overfilled, format!("fills of {order} sum to {sum}: {row}")));
        }
    }
    found
}

/// What `nija verify` says of the database.
pub(crate) fn database(site: &Site, found: &mut Vec<(Breach, String)>) -> Result<u64> {
    let verified = site.verify()?;
    if !(verified.sound && verified.balanced) {
        found.push((Breach::Unsound, verified.said.to_string()));
    }
    Ok(verified.batches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(key: &str, order: &str) -> String {
        let promise = json!({"order_id": order, "quantity": "2"});
        json!({"key": key, "promise": promise}).to_string() + "\n"
    }

    fn listed(rows: &[(&str, &str)]) -> Listed {
        let row = |qty| json!({"qty": qty, "filled_qty": qty, "origin": "user"});
        rows.iter().map(|(id, qty)| ((*id).to_owned(), row(qty))).collect()
    }

    #[test]
    fn a_key_has_one_order_and_an_order_one_key() {
        let text = [line("a", "1"), line("a", "1"), line("b", "2")].concat();
        let (orders, twice) = promised(&text).unwrap();
        assert_eq!((orders.len(), twice.len()), (2, 0));
        let (_, twice) = promised(&[line("a", "1"), line("a", "2")].concat()).unwrap();
        assert_eq!(twice.len(), 1);
        let (_, twice) = promised(&[line("a", "1"), line("b", "1")].concat()).unwrap();
        assert_eq!(twice.len(), 1);
        assert!(promised("{\"key\": ").is_err());
    }

    #[test]
    fn what_is_missing_changed_or_too_much_is_told() {
        let (orders, _) = promised(&[line("a", "1"), line("b", "2")].concat()).unwrap();
        let breaches = |rows: &[(&str, &str)]| -> Vec<Breach> {
            let found = compare(&orders, &listed(rows));
            found.into_iter().map(|(breach, _)| breach).collect()
        };
        assert_eq!(breaches(&[("1", "2"), ("2", "2")]), []);
        assert_eq!(breaches(&[("1", "2")]), [Breach::Lost]);
        assert_eq!(breaches(&[("1", "2"), ("2", "3")]), [Breach::Changed]);
        let doubled = breaches(&[("1", "2"), ("2", "2"), ("3", "2")]);
        assert_eq!(doubled, [Breach::Doubled]);
    }

    #[test]
    fn fills_are_unique_and_within_their_order() {
        let fill = |n, order, id, qty| {
            let row = json!({"order_id": order, "fill_id": id, "qty": qty});
            ((n, String::from(id)), row)
        };
        let check = |fills: Vec<((usize, String), Value)>| {
            overfilled(&fills.into_iter().collect(), &listed(&[("1", "2")])).len()
        };
        assert_eq!(check(vec![fill(0, "1", "a", "1.5"), fill(1, "1", "b", "0.5")]), 0);
        assert_eq!(check(vec![fill(0, "1", "a", "1"), fill(1, "1", "a", "1")]), 1);
        assert_eq!(check(vec![fill(0, "1", "a", "2.00000001")]), 1);
        assert_eq!(check(vec![fill(0, "9", "a", "1")]), 1);
        assert_eq!(check(vec![fill(0, "1", "a", "")]), 1);
    }
}
