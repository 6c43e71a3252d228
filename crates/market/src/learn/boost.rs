//! Gradient-boosted trees for a probability: shallow trees over binned numbers, logistic loss, second-order steps
//! (Friedman 2001; the histogram form of Chen and Guestrin 2016). No chance, no threads: equal rows give equal trees.

use super::features::{FEATURES, Row};
use serde::{Deserialize, Serialize};

/// What turns the numbers of a share into a score; higher is better.
pub trait Scorer {
    /// Which training it came from; 0 for fixed rules.
    fn version(&self) -> u32;
    /// Probability, or rank, from 0 to 1.
    fn score(&self, row: &Row) -> f64;
}

/// The plain baseline: the rank of the 12-1 return.
#[derive(Clone, Copy, Debug, Default)]
pub struct Baseline;

impl Scorer for Baseline {
    fn version(&self) -> u32 {
        0
    }
    fn score(&self, row: &Row) -> f64 {
        row[0] + 0.5
    }
}

/// How trees are grown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How many trees, at most 1,000.
    pub rounds: usize,
    /// Questions from root to leaf, 1 to 6.
    pub depth: usize,
    /// Part of each tree's answer that is taken.
    pub rate: f64,
    /// Rows that a leaf must hold.
    pub least: usize,
    /// What draws a leaf's answer to zero, in rows of even odds times four.
    pub penalty: f64,
}

impl Default for Parameters {
    /// Chosen once for a weak signal, before any result was seen, and not tuned on one.
    fn default() -> Self {
        Self { rounds: 50, depth: 3, rate: 0.05, least: 50, penalty: 10.0 }
    }
}

/// Bins of each number.
const BINS: usize = 32;

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct Boosted {
    version: u32,
    base: f64,
    trees: Vec<Tree>,
}

/// Questions in the order of a heap, then the answers. A place without a question goes left.
#[derive(Clone, Debug, PartialEq)]
struct Tree {
    questions: Vec<Option<Question>>,
    answers: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Question {
    feature: usize,
    above: f64,
}

/// First and second derivative of the loss over some rows.
#[derive(Clone, Copy, Default)]
struct Slope {
    first: f64,
    second: f64,
    rows: usize,
}

impl Slope {
    fn add(&mut self, other: Self) {
        self.first += other.first;
        self.second += other.second;
        self.rows += other.rows;
    }
    fn without(self, other: Self) -> Self {
        Self {
            first: self.first - other.first,
            second: self.second - other.second,
            rows: self.rows - other.rows,
        }
    }
    fn merit(self, penalty: f64) -> f64 {
        self.first * self.first / (self.second + penalty)
    }
}

fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

impl Scorer for Boosted {
    fn version(&self) -> u32 {
        self.version
    }
    fn score(&self, row: &Row) -> f64 {
        logistic(self.trees.iter().fold(self.base, |sum, tree| sum + tree.answer(row)))
    }
}

impl Tree {
    fn answer(&self, row: &Row) -> f64 {
        let mut place = 0;
        while let Some(question) = self.questions.get(place) {
            let right = question.is_some_and(|q| row[q.feature] > q.above);
            place = 2 * place + 1 + usize::from(right);
        }
        self.answers[place - self.questions.len()]
    }
}

impl Boosted {
    /// Trains on rows and labels from 0 to 1; none when there are fewer rows than two leaves hold, numbers of
    /// rows and labels differ, or one is no number.
    #[must_use]
    pub fn train(
        rows: &[Row],
        labels: &[f64],
        parameters: &Parameters,
        version: u32,
    ) -> Option<Self> {
        let finite = rows.iter().flatten().chain(labels).all(|x| x.is_finite());
        if rows.len() != labels.len() || rows.len() < 2 * parameters.least.max(1) || !finite {
            return None;
        }
        let mean = (labels.iter().sum::<f64>() / labels.len() as f64).clamp(0.001, 0.999);
        let base = (mean / (1.0 - mean)).ln();
        let binned = Binned::new(rows);
        let mut margins = vec![base; rows.len()];
        let mut trees = Vec::new();
        for _ in 0..parameters.rounds.min(1_000) {
            let slope = |(&margin, &label): (&f64, &f64)| {
                let p = logistic(margin);
                Slope { first: p - label, second: p * (1.0 - p), rows: 1 }
            };
            let slopes: Vec<Slope> = margins.iter().zip(labels).map(slope).collect();
            let tree = binned.grow(&slopes, parameters);
            for (margin, row) in margins.iter_mut().zip(rows) {
                *margin += tree.answer(row);
            }
            trees.push(tree);
        }
        Some(Self { version, base, trees })
    }

    /// How often each number is asked for, as a share of all questions.
    #[must_use]
    pub fn asked(&self) -> Row {
        let mut asked = [0.0; FEATURES];
        let questions = self.trees.iter().flat_map(|tree| tree.questions.iter().flatten());
        questions.clone().for_each(|question| asked[question.feature] += 1.0);
        let all = questions.count().max(1) as f64;
        asked.map(|count| count / all)
    }
}

/// Rows with each number replaced by its bin, and where the bins end.
struct Binned {
    rows: Vec<[u8; FEATURES]>,
    edges: [Vec<f64>; FEATURES],
}

impl Binned {
    fn new(rows: &[Row]) -> Self {
        let edges = core::array::from_fn(|feature| {
            let mut column: Vec<f64> = rows.iter().map(|row| row[feature]).collect();
            column.sort_by(f64::total_cmp);
            let edge = |n: usize| column[n * (column.len() - 1) / BINS];
            let mut edges: Vec<f64> = (1..BINS).map(edge).collect();
            edges.dedup();
            edges
        });
        let bin = |row: &Row| {
            core::array::from_fn(|feature| {
                let edges: &Vec<f64> = &edges[feature];
                edges.partition_point(|&edge| edge < row[feature]) as u8
            })
        };
        Self { rows: rows.iter().map(bin).collect(), edges }
    }

    fn grow(&self, slopes: &[Slope], parameters: &Parameters) -> Tree {
        let depth = parameters.depth.clamp(1, 6);
        let mut questions = Vec::new();
        let mut places = vec![0_usize; slopes.len()];
        for level in 0..depth {
            let found = self.ask(&places, 1 << level, slopes, parameters);
            for (place, row) in places.iter_mut().zip(&self.rows) {
                let right = found[*place].is_some_and(|(feature, bin)| row[feature] > bin);
                *place = 2 * *place + usize::from(right);
            }
            questions.extend(found.iter().map(|found| {
                found.map(|(feature, bin)| Question {
                    feature,
                    above: self.edges[feature][usize::from(bin)],
                })
            }));
        }
        let mut leaves = vec![Slope::default(); 1 << depth];
        places.iter().zip(slopes).for_each(|(&place, &slope)| leaves[place].add(slope));
        let step = |leaf: &Slope| {
            let step = -leaf.first / (leaf.second + parameters.penalty);
            if step.is_finite() { parameters.rate * step } else { 0.0 }
        };
        Tree { questions, answers: leaves.iter().map(step).collect() }
    }

    /// The best question of each place: a number, and the bin that it must lie above to go right.
    fn ask(
        &self,
        places: &[usize],
        count: usize,
        slopes: &[Slope],
        parameters: &Parameters,
    ) -> Vec<Option<(usize, u8)>> {
        let mut bins = vec![[[Slope::default(); BINS]; FEATURES]; count];
        for ((&place, row), &slope) in places.iter().zip(&self.rows).zip(slopes) {
            for (feature, &bin) in row.iter().enumerate() {
                bins[place][feature][usize::from(bin)].add(slope);
            }
        }
        bins.iter().map(|features| best(features, parameters)).collect()
    }
}

fn best(features: &[[Slope; BINS]; FEATURES], parameters: &Parameters) -> Option<(usize, u8)> {
    let mut all = Slope::default();
    features[0].iter().for_each(|&bin| all.add(bin));
    let (mut found, mut most) = (None, all.merit(parameters.penalty) + 1e-9);
    for (feature, bins) in features.iter().enumerate() {
        let mut left = Slope::default();
        for (bin, &slope) in bins.iter().enumerate().take(BINS - 1) {
            left.add(slope);
            let right = all.without(left);
            if left.rows < parameters.least || right.rows < parameters.least {
                continue;
            }
            let merit = left.merit(parameters.penalty) + right.merit(parameters.penalty);
            if merit > most {
                (found, most) = (Some((feature, bin as u8)), merit);
            }
        }
    }
    found
}

/// Area under the curve: probability that one labeled above a half scores higher than one that is not. None where
/// one side is missing.
#[must_use]
pub fn area(scores: &[f64], labels: &[f64]) -> Option<f64> {
    let side = |up: bool| {
        let of = move |(&s, &l): (&f64, &f64)| ((l > 0.5) == up).then_some(s);
        scores.iter().zip(labels).filter_map(of)
    };
    let mut low: Vec<f64> = side(false).collect();
    low.sort_by(f64::total_cmp);
    let (mut sum, mut count) = (0.0, 0.0);
    for score in side(true) {
        let below = low.partition_point(|&other| other < score);
        let up_to = low.partition_point(|&other| other <= score);
        sum += f64::midpoint(below as f64, up_to as f64);
        count += 1.0;
    }
    (count > 0.0 && !low.is_empty()).then(|| sum / (count * low.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use rand_distr::{Distribution, StandardNormal, Uniform};

    /// Rows of noise between -0.5 and 0.5, and noise to label with.
    fn noise(count: usize) -> (Vec<Row>, Vec<f64>) {
        let mut chance = ChaCha8Rng::seed_from_u64(3);
        let uniform = Uniform::new(-0.5, 0.5).unwrap();
        let mut row = || core::array::from_fn(|_| uniform.sample(&mut chance));
        let rows = (0..count).map(|_| row()).collect();
        let mut chance = ChaCha8Rng::seed_from_u64(4);
        (rows, (0..count).map(|_| StandardNormal.sample(&mut chance)).collect())
    }

    fn held_out(rows: &[Row], labels: &[f64]) -> (Boosted, f64) {
        let half = rows.len() / 2;
        let model =
            Boosted::train(&rows[..half], &labels[..half], &Parameters::default(), 1).unwrap();
        let scores: Vec<f64> = rows[half..].iter().map(|row| model.score(row)).collect();
        let area = area(&scores, &labels[half..]).unwrap();
        (model, area)
    }

    #[test]
    fn labels_without_meaning_teach_nothing() {
        let (rows, noise) = noise(12_000);
        let labels: Vec<f64> = noise.iter().map(|n| f64::from(*n > 0.0)).collect();
        let (_, area) = held_out(&rows, &labels);
        assert!((area - 0.5).abs() <= 0.02, "{area}");
    }

    #[test]
    fn a_planted_linear_factor_is_recovered() {
        let (rows, noise) = noise(12_000);
        let factor = |row: &Row| 2.0 * row[2] - row[5];
        let labels: Vec<f64> =
            rows.iter().zip(&noise).map(|(row, n)| f64::from(factor(row) + n > 0.0)).collect();
        let (model, found) = held_out(&rows, &labels);
        let best: Vec<f64> = rows[6_000..].iter().map(factor).collect();
        let best = area(&best, &labels[6_000..]).unwrap();
        assert!(best > 0.7 && found > best - 0.02, "{found} of {best}");
        let asked = model.asked();
        assert!(asked[2] > asked[5] && asked[2] + asked[5] > 0.8, "{asked:?}");
    }

    #[test]
    fn two_that_only_count_together_are_found() {
        let (rows, noise) = noise(12_000);
        let both = |row: &Row| if row[0] > 0.0 && row[1] > 0.0 { 1.0 } else { -0.3 };
        let labels: Vec<f64> =
            rows.iter().zip(&noise).map(|(row, n)| f64::from(both(row) + n > 0.0)).collect();
        let (_, found) = held_out(&rows, &labels);
        assert!(found > 0.63, "{found}");
    }

    #[test]
    fn equal_rows_give_equal_trees_and_odd_ones_none() {
        let (rows, labels) = noise(400);
        let labels: Vec<f64> = labels.iter().map(|n| f64::from(*n > 0.0)).collect();
        let train =
            |rows: &[Row], labels: &[f64]| Boosted::train(rows, labels, &Parameters::default(), 7);
        assert_eq!(train(&rows, &labels), train(&rows, &labels));
        assert_eq!(train(&rows[..99], &labels[..99]), None);
        assert_eq!(train(&rows, &labels[1..]), None);
        let mut broken = rows.clone();
        broken[3][3] = f64::NAN;
        assert_eq!(train(&broken, &labels), None);
        // Rows that are all alike leave the mean.
        let same = vec![[0.0; FEATURES]; 200];
        let model = train(&same, &[1.0; 150].into_iter().chain([0.0; 50]).collect::<Vec<_>>());
        assert!((model.unwrap().score(&same[0]) - 0.75).abs() < 1e-9);
    }

    #[test]
    fn area_by_hand() {
        assert_eq!(area(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]), Some(0.75));
        assert_eq!(area(&[0.5, 0.5], &[0.0, 1.0]), Some(0.5));
        assert_eq!(area(&[0.5], &[1.0]), None);
    }
}
