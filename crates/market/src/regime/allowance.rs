//! How many switches are left: they grow with time up to a few that are saved, and each switch takes one. Pure numbers.

use super::Thresholds;

/// Parts of a switch: what a day brings is then a whole number.
const ONE: i32 = 365;

/// What is left, in parts of a switch; below zero where more was taken than there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    left: i32,
    /// Up to which day it has grown; none before the first.
    day: Option<i32>,
}

impl Allowance {
    /// As much as can be saved.
    pub(super) const fn full(limits: &Thresholds) -> Self {
        Self { left: limits.switches_saved.saturating_mul(ONE), day: None }
    }

    /// Lets it grow up to a day.
    pub(super) fn grow(&mut self, today: i32, limits: &Thresholds) {
        let days = today.saturating_sub(self.day.unwrap_or(today)).max(0);
        let grown = self.left.saturating_add(days.saturating_mul(limits.switches_a_year));
        self.left = grown.min(limits.switches_saved.saturating_mul(ONE));
        self.day = Some(today);
    }

    /// Is there a whole switch?
    pub(super) const fn has_one(&self) -> bool {
        self.left >= ONE
    }

    /// Takes one, whether or not there is one.
    pub(super) const fn spend(&mut self) {
        self.left = self.left.saturating_sub(ONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_what_can_be_saved_and_can_be_overdrawn() {
        let limits = Thresholds { switches_a_year: 73, switches_saved: 2, ..Thresholds::default() };
        let mut allowance = Allowance::full(&limits);
        allowance.grow(100, &limits);
        for left in [true, false, false] {
            allowance.spend();
            assert_eq!(allowance.has_one(), left);
        }
        // Five days bring one of 73 a year: the first pays what was overdrawn.
        for (day, has) in [(105, false), (109, false), (110, true), (109, true), (500, true)] {
            allowance.grow(day, &limits);
            assert_eq!(allowance.has_one(), has, "day {day}");
        }
        allowance.spend();
        allowance.spend();
        assert!(!allowance.has_one(), "no more than two were saved");
    }
}
