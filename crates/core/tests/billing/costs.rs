//! What the cost screen told is what a year then costs.

use crate::house::{House, START, plan};
use nija_core::billing::cost::Case;
use nija_core::billing::mark::Mark;
use nija_core::billing::plans::Cycle;
use nija_core::words::fixed::Round;
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::Tier;

#[test]
fn a_year_costs_what_the_screen_told() {
    for tier in [Tier::Starter, Tier::Investor, Tier::Baller] {
        for cycle in Cycle::ALL {
            let mut house = House::with(&[
                ("trial_days = 14", "trial_days = 0"),
                ("tax_pct = \"0\"", "tax_pct = \"8.1\""),
            ]);
            let capital = Money::whole(10_000);
            let case = Case {
                plan: plan(tier, cycle),
                capital,
                expected_pct: Pct::whole(24),
                copied_pct: Pct::ZERO,
            };
            let told = case.cost(&house.plans, &house.tiers).unwrap().year;

            let (mut mark, mut equity) = (Mark::new(), capital);
            let rates = house.plans.performance();
            mark.flow(capital, Money::ZERO, &rates).unwrap();
            let mut performance = Money::ZERO;
            house.subscribe(tier, cycle);
            for number in 0..12 {
                house.wait(START.plus_months(number, 31).since(house.now));
                if house.subscription.open().is_some() {
                    house.pay_all();
                }
                let month = capital.percent(Pct::whole(2), Round::Down).unwrap();
                equity = equity.saturating_add(month);
                let fee = mark.crystallize(equity, &rates).total();
                equity = equity.saturating_sub(fee);
                performance = performance.saturating_add(fee);
            }
            assert_eq!(house.books.earned, told.subscription);
            assert_eq!(house.books.tax, told.tax);
            assert_eq!(performance, told.performance);
        }
    }
}
