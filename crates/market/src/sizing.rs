//! How large a position should be for how much it moves.

/// Part of full size that brings a volatility to its target, both as fractions of the same time; at most `most`.
/// Nothing where the volatility is not a positive number.
#[must_use]
pub fn for_volatility(target: f64, volatility: f64, most: f64) -> f64 {
    let part = target / volatility;
    if volatility > 0.0 && part.is_finite() { part.clamp(0.0, most.max(0.0)) } else { 0.0 }
}

/// The Turtles' unit (*The Original Turtle Rules*, 2003): contracts of which a move by one range costs `part` of
/// the equity. `range` is in points, `dollars_a_point` what a contract makes of one.
#[must_use]
pub fn turtle_unit(equity: f64, part: f64, range: f64, dollars_a_point: f64) -> f64 {
    let unit = part * equity / (range * dollars_a_point);
    if unit.is_finite() { unit.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_turtles_example_of_heating_oil() {
        let unit = turtle_unit(1_000_000.0, 0.01, 0.0141, 42_000.0);
        assert!((unit - 16.886).abs() < 5e-4, "{unit}");
        assert_eq!(unit.floor(), 16.0);
        assert_eq!(turtle_unit(1.0, 0.01, 0.0, 1.0), 0.0);
    }

    #[test]
    fn volatility_targets() {
        assert_eq!(for_volatility(0.2, 0.4, 1.0), 0.5);
        assert_eq!(for_volatility(0.2, 0.1, 1.0), 1.0);
        assert_eq!(for_volatility(0.2, 0.0, 1.0), 0.0);
        assert_eq!(for_volatility(f64::NAN, 0.1, 1.0), 0.0);
    }
}
