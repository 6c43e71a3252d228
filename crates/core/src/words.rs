//! The words every room speaks: numbers, ids, time, instruments, tiers, orders, signals.
//! Newtypes and enums only; no rule of the business lives here.

pub mod catalog;
pub mod conditions;
pub mod fixed;
pub mod id;
pub mod insight;
pub mod instrument;
pub mod money;
pub mod order;
pub mod score;
pub mod signal;
pub mod tier;
pub mod time;
