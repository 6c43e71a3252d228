//! The four gates and the kill switch, in fixed order. Only this module mints [`Approved`](approval::Approved).
//!
//! `approve` walks every gate for an entry; `approve_exit` lets an order that reduces risk pass in every state.
//! A refusal says what was measured, against which limit, how old the inputs were, and what would flip it.

pub mod approval;
pub mod capital;
pub mod drawdown;
pub mod execution;
pub mod facts;
pub mod kill;
pub mod refusal;
pub mod volatility;
