//! The door's implementation: composes a sheet, then has it written in the format asked for.

use crate::pdf::fonts::Fonts;
use crate::sheet::Sheet;
use crate::{html, invoice, pdf, returns, statement};
use nija_core::ports::documents::invoice::InvoiceDocument;
use nija_core::ports::documents::statement::Statement;
use nija_core::ports::documents::{Document, DocumentError, Documents, Format, Returns};

/// Makes documents. Holds the fonts, nothing else: one for the whole process, shared by all threads.
pub struct Press {
    fonts: Fonts,
}

impl Press {
    /// Reads the fonts that lie in the program.
    ///
    /// # Errors
    /// [`DocumentError::Unwritten`] where they cannot be read: a bug of the build.
    pub fn new() -> Result<Self, DocumentError> {
        Ok(Self { fonts: Fonts::load()? })
    }

    fn write(&self, sheet: &Sheet, format: Format) -> Result<Document, DocumentError> {
        let (media_type, suffix, bytes) = match format {
            Format::Html => ("text/html; charset=utf-8", "html", html::write(sheet).into_bytes()),
            Format::Pdf => ("application/pdf", "pdf", pdf::write(sheet, &self.fonts)?),
            Format::Csv => return Err(DocumentError::NoSuchFormat),
        };
        Ok(Document { media_type, file_name: format!("{}.{suffix}", sheet.file), bytes })
    }
}

impl Documents for Press {
    fn invoice(
        &self,
        invoice: &InvoiceDocument,
        format: Format,
    ) -> Result<Document, DocumentError> {
        invoice.check()?;
        self.write(&invoice::compose(invoice), format)
    }

    fn statement(&self, statement: &Statement, format: Format) -> Result<Document, DocumentError> {
        if format != Format::Csv {
            return self.write(&statement::compose(statement), format);
        }
        Ok(Document {
            media_type: "text/csv; charset=utf-8; header=present",
            file_name: format!("{}.csv", statement::file(statement.facts())),
            bytes: statement::records::write(statement)?,
        })
    }

    fn returns(&self, statement: &Statement) -> Returns {
        returns::of(statement)
    }
}
