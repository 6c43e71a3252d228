//! Writes a sheet as PDF: pages laid out first, then painted, because each page says how many there are.
//! Tagged for readers that do not see it, and held by krilla to PDF/UA-1 and PDF/A-2a while it is written.

mod flow;
pub(crate) mod fonts;
mod grid;
mod layout;
mod lines;
mod paint;

use crate::sheet::Sheet;
use fonts::Fonts;
use layout::Layout;
use nija_core::ports::documents::DocumentError;

/// The file.
pub(crate) fn write(sheet: &Sheet, fonts: &Fonts) -> Result<Vec<u8>, DocumentError> {
    let mut layout = Layout::new(fonts);
    flow::lay_out(sheet, &mut layout);
    paint::paint(sheet, layout)
}

#[cfg(test)]
mod tests;
