//! The mood of a generated market, a Markov chain of three states, and the shocks all instruments share.

use super::STEPS;
use nija_core::words::time::Span;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StudentT};

/// State of the market's volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mood {
    /// Half of the usual volatility, drifting up.
    Calm,
    /// The usual.
    Normal,
    /// Two and a half times the usual, falling, with jumps.
    Wild,
}

impl Mood {
    /// Volatility as a multiple of the normal one.
    #[must_use]
    pub const fn volatility(self) -> f64 {
        match self {
            Self::Calm => 0.5,
            Self::Normal => 1.0,
            Self::Wild => 2.5,
        }
    }
    /// Drift of the common factor, in its own annual standard deviations a year.
    #[must_use]
    pub const fn drift(self) -> f64 {
        match self {
            Self::Calm => 0.9,
            Self::Normal => 0.4,
            Self::Wild => -0.8,
        }
    }
    /// Jumps to be expected in a year.
    #[must_use]
    pub const fn jumps(self) -> f64 {
        match self {
            Self::Calm => 3.0,
            Self::Normal => 8.0,
            Self::Wild => 60.0,
        }
    }
    /// Level that the fear index is drawn to.
    #[must_use]
    pub const fn fear(self) -> f64 {
        match self {
            Self::Calm => 12.0,
            Self::Normal => 18.0,
            Self::Wild => 45.0,
        }
    }
    /// Moods it may change to, with the average number of changes in a day.
    const fn exits(self) -> [(Self, f64); 2] {
        match self {
            Self::Calm => [(Self::Normal, 1.0 / 60.0), (Self::Wild, 1.0 / 400.0)],
            Self::Normal => [(Self::Calm, 1.0 / 60.0), (Self::Wild, 1.0 / 120.0)],
            Self::Wild => [(Self::Normal, 1.0 / 20.0), (Self::Calm, 0.0)],
        }
    }
}

/// Size of a jump against one day's usual volatility.
const JUMP: f64 = 1.5;
/// Freedom of Student's distribution: three give finite variance and fat tails.
const FREEDOM: f64 = 3.0;
/// Largest jump drawn, in units of the distribution: beyond it a price would leave every range.
const WORST: f64 = 12.0;
const YEAR_DAYS: f64 = 365.0;

/// What moves all instruments through one bucket of time.
pub(super) struct Shock {
    pub(super) mood: Mood,
    /// Standard normal moves of the common factor, one a step.
    pub(super) common: [f64; STEPS],
    /// A jump of the common factor, in days of usual volatility, and its step.
    pub(super) jump: Option<(usize, f64)>,
}

/// The chain and its source of chance.
pub(super) struct Chain {
    mood: Mood,
    chance: ChaCha8Rng,
}

impl Chain {
    pub(super) fn new(seed: u64, mood: Mood) -> Self {
        Self { mood, chance: ChaCha8Rng::seed_from_u64(seed) }
    }
    pub(super) const fn mood(&self) -> Mood {
        self.mood
    }
    /// Moves on by one bucket. The draws are the same in number whatever they show.
    pub(super) fn step(&mut self, span: Span) -> Shock {
        let days = span.0 as f64 / Span::DAY.0 as f64;
        let draw: f64 = self.chance.random();
        let mut floor = 0.0;
        for (mood, rate) in self.mood.exits() {
            let share = 1.0 - (-rate * days).exp();
            if (floor..floor + share).contains(&draw) {
                self.mood = mood;
                break;
            }
            floor += share;
        }
        let common = std::array::from_fn(|_| StandardNormal.sample(&mut self.chance));
        Shock { mood: self.mood, common, jump: jump(&mut self.chance, self.mood, days) }
    }
}

/// A jump within a stretch of days: its step and its size in days of usual volatility.
pub(super) fn jump(chance: &mut ChaCha8Rng, mood: Mood, days: f64) -> Option<(usize, f64)> {
    let (draw, step): (f64, usize) = (chance.random(), chance.random_range(0..STEPS));
    let size = StudentT::new(FREEDOM).ok()?.sample(chance).clamp(-WORST, WORST);
    (draw < 1.0 - (-mood.jumps() * days / YEAR_DAYS).exp()).then_some((step, size * JUMP))
}
