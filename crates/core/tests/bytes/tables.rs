//! Tables of tiers, plans and instruments as an operator may hand them in: what is read is sane, all else refused.

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::words::catalog::{self, CatalogError, Family, FamilyError};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Pct;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const CATALOG: &str = r#"
[[instrument]]
id = "00000001"
symbol = "BTC-USD"
class = "crypto"
kind = { kind = "spot" }
hours = "always"
tick = "0.01"
lot = "0.0001"
stale_after = 60000000
venue = "paper"

[[instrument]]
id = "00000002"
symbol = "SPY-C-500"
class = "derivatives"
kind = { kind = "option", underlying = "00000001", right = "call", strike = "500", multiplier = 100, expiry = 0 }
hours = "nyse"
tick = "0.01"
lot = "1"
stale_after = 60000000
venue = "paper"

[[instrument]]
id = "00000003"
symbol = "ESH6"
class = "derivatives"
kind = { kind = "future", multiplier = 50, expiry = 1773927000000000, maintenance = "5" }
hours = "cme"
tick = "0.25"
lot = "1"
stale_after = 360000000000
venue = "paper"

[[instrument]]
id = "00000004"
symbol = "ESM6"
class = "derivatives"
kind = { kind = "future", multiplier = 50, expiry = 1781789400000000, maintenance = "6" }
hours = "cme"
tick = "0.25"
lot = "1"
stale_after = 360000000000
venue = "paper"

[[family]]
name = "ES"
months = ["ESH6", "ESM6"]
"#;

/// A shipped table with some characters replaced.
fn spoiled(table: &str, at: usize, length: usize, text: &str) -> String {
    let kept = |n| table.chars().take(n).collect::<String>();
    let start = at % table.chars().count();
    let rest: String = table.chars().skip(start + length).collect();
    [&kept(start), text, &rest].concat()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_table_makes_it_panic(at: u16, length in 0usize..40, text in ".{0,24}") {
        let _ = TierTable::parse(&text);
        let _ = Plans::parse(&text);
        let _ = TierTable::parse(&spoiled(DEFAULT_TABLE, at.into(), length, &text));
        if let Ok(read) = catalog::parse(&spoiled(CATALOG, at.into(), length, &text)) {
            let sane = read.instruments.iter().all(|row| row.lot.is_positive() && row.multiplier() > 0);
            let rolls = |family: &Family| family.months().is_sorted_by(|one, next| one.1 < next.1);
            prop_assert!(sane && read.families.iter().all(rolls), "{:?}", read);
        }
        if let Ok(plans) = Plans::parse(&spoiled(DEFAULT_PLANS, at.into(), length, &text)) {
            let rates = plans.performance();
            let all = rates.platform.saturating_add(rates.leader);
            prop_assert!(all <= Pct::whole(100), "{:?}", rates);
        }
    }
}

#[test]
fn a_catalog_names_the_row_that_cannot_be() {
    let with = |from: &str, to: &str| catalog::parse(&CATALOG.replace(from, to));
    assert_eq!(with("", "").unwrap().instruments.len(), 4);
    assert!(matches!(with("00000002", "00000001"), Err(CatalogError::SameId(_))));
    assert!(matches!(with("SPY-C-500", "BTC-USD"), Err(CatalogError::SameSymbol(_))));
    for (from, to) in [
        ("lot = \"1\"", "lot = \"0\""),
        ("tick = \"0.01\"", "tick = \"-0.01\""),
        ("multiplier = 100", "multiplier = 0"),
        ("60000000", "0"),
    ] {
        assert!(matches!(with(from, to), Err(CatalogError::Steps(_))), "{to}");
    }
    assert!(matches!(with("spot", "spit"), Err(CatalogError::Malformed(_))));
}

#[test]
fn a_family_is_the_months_of_one_future_in_their_order() {
    let read = catalog::parse(CATALOG).unwrap();
    let months: Vec<InstrumentId> = read.families[0].months().map(|(month, _)| month).collect();
    assert_eq!((read.families.len(), read.families[0].name()), (1, "ES"));
    assert_eq!(months, [InstrumentId(3), InstrumentId(4)]);

    let with = |from: &str, to: &str| {
        assert!(CATALOG.contains(from), "{from}");
        match catalog::parse(&CATALOG.replace(from, to)) {
            Err(CatalogError::Family(_, why)) => why,
            other => panic!("{to}: {other:?}"),
        }
    };
    let (name, named) = ("name = \"ES\"", "[\"ESH6\", \"ESM6\"]");
    let [march, june] = ["ESH6", "ESM6"].map(str::to_owned);
    let unlisted = FamilyError::Unlisted("ESU6".to_owned());
    assert_eq!(with(named, "[]"), FamilyError::Few);
    assert_eq!(with(named, "[\"ESH6\"]"), FamilyError::Few);
    assert_eq!(with(named, "[\"ESH6\", \"ESU6\"]"), unlisted);
    assert_eq!(with(named, "[\"ESH6\", \"ESH6\"]"), FamilyError::Taken(march.clone()));
    let turned = FamilyError::Order(june.clone(), march.clone());
    assert_eq!(with(named, "[\"ESM6\", \"ESH6\"]"), turned);
    let at_once = FamilyError::Order(march.clone(), june.clone());
    assert_eq!(with("1781789400000000", "1773927000000000"), at_once);
    for other in ["name = \"NQ\"", "name = \"\"", "name = \"ESH6\""] {
        assert_eq!(with(name, other), FamilyError::Root(march.clone()), "{other}");
    }
    let second = format!("{named}\n[[family]]\nname = \"E\"\nmonths = [\"ESM6\", \"ESH6\"]");
    assert_eq!(with(named, &second), FamilyError::Taken(june.clone()), "a month of two families");
    let future = "future\", multiplier = 50, expiry = 1781789400000000, maintenance = \"6\"";
    assert_eq!(with(future, "share\""), FamilyError::NoFuture(june.clone()));
    let other = FamilyError::Terms(june, march);
    let class = ["derivatives", "equity"].map(|class| format!("\"ESM6\"\nclass = \"{class}\""));
    assert_eq!(with(&class[0], &class[1]), other);
    assert_eq!(with("50, expiry = 1781", "5, expiry = 1781"), other);
    for shape in ["months = 5", "months = [5]", "years = []"] {
        let spoiled = CATALOG.replace(&format!("months = {named}"), shape);
        assert!(matches!(catalog::parse(&spoiled), Err(CatalogError::Malformed(_))), "{shape}");
    }
}

#[test]
fn a_pair_stands_behind_its_coins() {
    let coin = CATALOG.split("[[instrument]]").nth(1).unwrap();
    let row = |n: u32, kind: &str| {
        let row = coin.replace("00000001", &format!("0000000{n}"));
        let row = row.replace("BTC-USD", &format!("C{n}")).replace("kind = \"spot\"", kind);
        format!("[[instrument]]{row}")
    };
    let table = |rows: &[(u32, &str)]| {
        let rows = rows.iter().map(|(n, kind)| row(*n, kind));
        catalog::parse(&rows.collect::<String>())
    };
    let spot = "kind = \"spot\"";
    let pair = "kind = \"pair\", base = \"00000002\", quote = \"00000001\"";
    assert_eq!(table(&[(1, spot), (2, spot), (3, pair)]).unwrap().instruments.len(), 3);
    let same = "kind = \"pair\", base = \"00000001\", quote = \"00000001\"";
    for rows in [
        &[(1, spot), (3, pair), (2, spot)][..],
        &[(1, spot), (3, pair)],
        &[(1, spot), (2, "kind = \"index\""), (3, pair)],
        &[(1, spot), (3, same)],
    ] {
        assert!(matches!(table(rows), Err(CatalogError::Pair(_))), "{rows:?}");
    }
}
