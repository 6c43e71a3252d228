//! What is learned from the past, and how far to believe it: statistics, the overfitting gate, the weight of each
//! strategy in each regime.
//!
//! Pure functions of history and of chance that is handed in, so that a replay learns the same.

pub mod bandit;
pub mod boost;
pub mod contest;
pub mod features;
pub mod overfit;
pub mod progress;
pub mod ranker;
pub mod statistics;
pub mod weighing;
