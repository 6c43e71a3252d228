//! Documents as they leave the house: figures to the cent, structure that no text can break, equal bytes.
#![allow(clippy::unwrap_used)]

mod golden;
mod noise;
mod rates;
mod sample;
mod table;
