//! Writes invoices, credit notes and statements as HTML, PDF and CSV.
//!
//! Promises: equal figures give equal bytes; text of users can neither become markup nor a formula, and no
//! character makes it fail. Absent: clocks, files, the network, shaping of scripts that need it: one glyph for
//! one character, and a mark for those that the font lacks.
#![deny(missing_docs)]

mod chart;
mod figure;
mod html;
mod invoice;
mod pdf;
mod press;
mod returns;
mod sheet;
mod statement;
mod table;
mod text;

pub use press::Press;
