//! Copy trading: what a master leads, on which terms a follower copies, and what the record of both is.
//!
//! A copy is a *sleeve*: an account of its own beside the follower's main account, with its own cash, positions,
//! books and high-water mark. Its orders pass the follower's gates, which look at all of the follower's accounts
//! together. Leaders and followers may live in different partitions: a lead travels as a parcel.

pub mod decline;
pub mod lead;
pub mod master;
pub mod parcel;
pub mod record;
pub mod sleeve;
pub mod terms;
