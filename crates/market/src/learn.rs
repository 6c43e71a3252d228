//! What is learned from the past, and how far to believe it: statistics, the overfitting gate.
//!
//! Pure functions of history and of chance that is handed in, so that a replay learns the same.

pub mod overfit;
pub mod statistics;
