//! The roles of the binary, one file each.

pub(crate) mod admin;
pub(crate) mod backtest;
pub(crate) mod backup;
pub(crate) mod check_config;
mod database;
pub(crate) mod demo;
pub(crate) mod journal;
pub(crate) mod migrate;
pub(crate) mod model;
pub(crate) mod openapi;
pub(crate) mod parity;
pub(crate) mod regimes;
pub(crate) mod replay;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod verify;
