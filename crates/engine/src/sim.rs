//! The simulated venue ("paper"): a pure, seeded exchange, and the door that makes a venue of it.
//!
//! It trades on the events of a market feed and on nothing else: no clock, no chance that is not derived from
//! its seed and the order, no second sort of execution. Every doubt is decided against the trader.
//!
//! What it promises: an order trades only on an event after its acceptance plus latency, never inside the bar
//! that gave the signal; at one bar's range stops go before limits, and a stop that triggers keeps the limits
//! of its account on the same side from trading in that bar; buys never above a limit, sells never below.
//! Where books are followed, takers get what is displayed and makers wait behind it (decision 0026).

mod book;
mod check;
mod depth;
pub mod exchange;
pub mod fee;
pub mod filling;
mod fold;
pub mod friction;
pub mod latency;
mod line;
mod matching;
mod memory;
mod order;
pub mod paper;
mod place;
pub mod rules;
pub mod slippage;
mod trading;

pub(crate) use depth::Depth;
pub use exchange::Exchange;
pub use paper::Paper;
pub use rules::Rules;

#[cfg(test)]
mod tests;
