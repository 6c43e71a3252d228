//! What the analyst reads and the strategies trade: one data file, embedded, replaceable by the operator. Instruments
//! are named by id, or by the symbol that the catalog gives them. A file that names what is not there, or what nobody
//! can trade, is refused.

use anyhow::{Context, bail, ensure};
use nija_core::words::instrument::{Instrument, Kind};
use nija_market::analyst::Setup;
use std::path::Path;
use toml::{Table, Value};

const EMBEDDED: &str = include_str!("../data/analyst.toml");
/// Parts of a setup that are no business of this file, and where they stand.
const ELSEWHERE: [(&str, &str); 5] = [
    ("playbook", "NIJA_STRATEGIES_FILE"),
    ("calendar", "NIJA_EARNINGS_FILE"),
    ("rates", "NIJA_RATES_FILE"),
    ("derivatives.contracts", "the instrument catalog"),
    ("derivatives.families", "the instrument catalog, or --roll"),
];
/// Settings whose words name no instrument.
const WORDS: [&str; 2] = ["timeframe", "hours"];
/// Settings that are read and not traded.
const READ: [&str; 2] = ["roles.", "equity.bills"];

/// The embedded setup.
pub(crate) fn shipped() -> anyhow::Result<Setup> {
    toml::from_str(EMBEDDED).context("analyst.toml")
}

/// The operator's setup of these instruments, or the embedded one.
pub(crate) fn read(file: Option<&Path>, instruments: &[Instrument]) -> anyhow::Result<Setup> {
    let Some(path) = file else { return shipped() };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the analyst's setup {}", path.display()))?;
    parse(&text, instruments).with_context(|| path.display().to_string())
}

fn parse(text: &str, instruments: &[Instrument]) -> anyhow::Result<Setup> {
    let table: Table = text.parse()?;
    let mut all = Value::Table(table);
    resolve(&mut all, "", instruments)?;
    let setup: Setup = all.try_into()?;
    let equity = &setup.equity;
    ensure!(
        !equity.rotation.is_empty() || (equity.bills.is_none() && equity.refuge.is_none()),
        "equity.rotation is empty: bills and refuge are its; name the funds that compete"
    );
    for triangle in &setup.crypto.triangles {
        let pair = instruments.iter().find(|row| row.id == triangle.pair);
        let Some(pair) = pair else { bail!("crypto.triangles: there is no pair") };
        let coins = Kind::Pair { base: triangle.base, quote: triangle.quote };
        ensure!(
            pair.kind == coins,
            "crypto.triangles: {} is no pair of these coins in the catalog",
            pair.symbol
        );
    }
    Ok(setup)
}

/// Writes ids in place of symbols, and refuses what cannot be meant.
fn resolve(value: &mut Value, place: &str, instruments: &[Instrument]) -> anyhow::Result<()> {
    match value {
        Value::Table(table) => {
            for (key, value) in table.iter_mut() {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                if let Some((_, elsewhere)) = ELSEWHERE.iter().find(|(part, _)| *part == place) {
                    bail!("{place} does not belong here: it stands in {elsewhere}");
                }
                if !WORDS.contains(&key.as_str()) {
                    resolve(value, &place, instruments)?;
                }
            }
        }
        Value::Array(all) => {
            for n in 0..all.len() {
                resolve(&mut all[n], place, instruments)?;
                let earlier = all[..n].contains(&all[n]);
                ensure!(!earlier, "{place} names the same twice: the {}. is a repetition", n + 1);
            }
        }
        Value::String(text) => {
            let is_it = |row: &&Instrument| row.symbol == *text || row.id.to_string() == *text;
            let Some(row) = instruments.iter().find(is_it) else {
                bail!(
                    "{place}: `{text}` is no instrument of the catalog; write its symbol or its id"
                );
            };
            let is_read = READ.iter().any(|part| place.starts_with(part));
            ensure!(
                row.is_tradable() || is_read,
                "{place}: {} is an index, which nobody can trade",
                row.symbol
            );
            *text = row.id.to_string();
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use nija_core::words::id::InstrumentId;

    fn parsed(text: &str) -> anyhow::Result<Setup> {
        parse(text, &catalog::read(None).unwrap().instruments)
    }

    #[test]
    fn the_embedded_setup_is_one_that_an_operator_could_write() {
        assert_eq!(parsed(EMBEDDED).unwrap(), shipped().unwrap());
    }

    #[test]
    fn symbols_and_ids_name_the_same() {
        let text = "[roles]\nindex = 'SPY'\nvix = 'VIX'\n[equity]\nrotation = ['SPY', '00000015']\nbills = 'VIX'\n\
                    refuge = 'DIA'\n[derivatives]\n\
                    scalping = [{ instrument = 'QQQ', timeframe = '5m', hours = 'nyse' }]\n";
        let setup = parsed(text).unwrap();
        let rows = catalog::read(None).unwrap();
        let id =
            |symbol| rows.instruments.iter().find(|row| row.symbol == symbol).map(|row| row.id);
        assert_eq!((setup.roles.index, setup.roles.leader), (id("SPY"), None));
        assert_eq!(setup.equity.rotation, [id("SPY").unwrap(), InstrumentId(0x15)]);
        assert_eq!((setup.equity.bills, setup.equity.refuge), (id("VIX"), id("DIA")));
        assert_eq!(Some(setup.derivatives.scalping[0].instrument), id("QQQ"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        let told = |text: &str| format!("{:#}", parsed(text).unwrap_err());
        for (text, want) in [
            ("[equity]\nrotation = ['SPY', 'TLT']", "equity.rotation: `TLT` is no instrument"),
            (
                "[equity]\nrotation = ['SPY']\nrefuge = '000000ff'",
                "equity.refuge: `000000ff` is no",
            ),
            ("[equity]\nrotation = ['SPY']\nrefuge = 'VIX'", "equity.refuge: VIX is an index"),
            ("[equity]\nrotation = ['SPY', '00000014']", "equity.rotation names the same twice"),
            ("[equity]\nbills = 'SPY'", "equity.rotation is empty"),
            ("[equity]\nrefuse = 'SPY'", "unknown field `refuse`"),
            (
                "[crypto]\ncrossing = [['BTC-USD', 'BTC-USD']]",
                "crypto.crossing names the same twice",
            ),
            (
                "[crypto]\ntriangles = [{ pair = 'BTC-USDT', base = 'ETH-USD', quote = 'BTC-USD' }]",
                "BTC-USDT is no pair of these coins",
            ),
            ("[playbook]\n", "playbook does not belong here: it stands in NIJA_STRATEGIES_FILE"),
            ("[derivatives]\ncontracts = []", "derivatives.contracts does not belong here"),
            ("rates = []", "it stands in NIJA_RATES_FILE"),
            ("[roles]\nindex = 5", "invalid type"),
            ("[roles\n", "line 1"),
        ] {
            assert!(told(text).contains(want), "{text}: {}", told(text));
        }
    }
}
