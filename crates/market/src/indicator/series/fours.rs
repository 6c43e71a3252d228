//! Sums and averages that take four numbers at a time. Each value needs the one before; taken one by one, all wait for
//! a chain of additions. Of four, what the new numbers add is worked out on the side and only the last one waits.

/// Four numbers that follow each other.
pub(super) type Four = [f64; 4];

/// Shows some rows by fours, as far as the shortest goes, and keeps what `step` says of each place. What is missing
/// to the last four is the last number repeated, of which nothing is kept.
#[inline(always)]
pub(super) fn push_fours<const ROWS: usize, T: Copy>(
    rows: [&[f64]; ROWS],
    out: &mut Vec<T>,
    mut step: impl FnMut([Four; ROWS]) -> [T; 4],
) {
    let len = rows.iter().map(|row| row.len()).min().unwrap_or(0);
    let (whole, rest) = (len / 4, len % 4);
    let fours = rows.map(|row| &row.as_chunks::<4>().0[..whole]);
    out.extend((0..whole).flat_map(|at| step(fours.map(|row| row[at]))));
    if rest > 0 {
        let place = |n: usize| (4 * whole + n).min(len - 1);
        let said = step(rows.map(|row| core::array::from_fn(|n| row[place(n)])));
        out.extend_from_slice(&said[..rest]);
    }
}

/// A running sum.
pub(super) struct Sum(f64);

impl Sum {
    pub(super) fn of(first: impl Iterator<Item = f64>) -> Self {
        Self(first.sum())
    }
    pub(super) const fn last(&self) -> f64 {
        self.0
    }
    /// Adds four numbers; gives the sum after each.
    #[inline(always)]
    pub(super) fn four(&mut self, [a, b, c, d]: Four) -> Four {
        let (before, ab, cd) = (self.0, a + b, c + d);
        self.0 = before + (ab + cd);
        [before + a, before + ab, before + (ab + c), self.0]
    }
}

/// An exponential average.
pub(super) struct Fade {
    weight: f64,
    /// What is left of a value after one to four further numbers.
    left: Four,
    last: f64,
}

impl Fade {
    pub(super) const fn new(weight: f64, last: f64) -> Self {
        let left = 1.0 - weight;
        let square = left * left;
        Self { weight, left: [left, square, square * left, square * square], last }
    }
    pub(super) const fn last(&self) -> f64 {
        self.last
    }
    /// Takes one number.
    pub(super) const fn one(&mut self, new: f64) {
        self.last = self.weight * new + self.left[0] * self.last;
    }
    /// Takes four numbers; gives the average after each.
    #[inline(always)]
    pub(super) fn four(&mut self, four: Four) -> Four {
        let [left, left2, left3, left4] = self.left;
        let [a, b, c, d] = four.map(|new| new * self.weight);
        let (ab, cd) = (b + left * a, d + left * c);
        let before = self.last;
        self.last = (cd + left2 * ab) + left4 * before;
        [a + left * before, ab + left2 * before, (c + left * ab) + left3 * before, self.last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn four_at_once_are_four_in_turn(
            numbers in prop::collection::vec(-1e6f64..1e6, 4),
            (weight, first) in (0.0f64..1.0, -1e6f64..1e6),
        ) {
            let four = [numbers[0], numbers[1], numbers[2], numbers[3]];
            let (mut by_four, mut by_one) = (Fade::new(weight, first), Fade::new(weight, first));
            let (mut sum, mut sums) = (first, Sum::of([first].into_iter()));
            for ((average, total), new) in by_four.four(four).into_iter().zip(sums.four(four)).zip(four) {
                by_one.one(new);
                sum += new;
                prop_assert!((average - by_one.last()).abs() < 1e-8);
                prop_assert!((total - sum).abs() < 1e-8);
            }
            prop_assert!((by_four.last() - by_one.last()).abs() < 1e-8 && (sums.last() - sum).abs() < 1e-8);
        }

        #[test]
        fn every_place_is_told_once_whatever_the_length(len in 0usize..40, more in 0usize..9) {
            let row: Vec<f64> = (0..len + more).map(|n| n as f64).collect();
            for rows in [[&row[..], &row[..len]], [&row[..len], &row[..]]] {
                let mut out = Vec::new();
                push_fours(rows, &mut out, |[a, b]| core::array::from_fn(|n| a[n] + b[n]));
                let twice: Vec<f64> = row[..len].iter().map(|n| n + n).collect();
                prop_assert_eq!(out, twice);
            }
        }
    }
}
