//! Files that are only read: PDFs, delimited text, spreadsheets of old formats.

use std::fmt;
use std::io::{Read, Seek, SeekFrom};

use deskhand_operations::text::{TextAnswer, TextOperation};
use deskhand_operations::{Answer, DocumentKind, Operation, Refusal, RefusalCode};
use deskhand_text::{DelimitedFile, LegacyFile, PdfFile};

/// What is read into memory as a whole, in bytes. Delimited text is not.
const MAX_BYTES: u64 = 256 << 20;

/// Where a file is read from.
pub trait Source: Read + Seek + Send + 'static {}

impl<T: Read + Seek + Send + 'static> Source for T {}

/// A file that is only read.
pub enum Flat {
    /// A PDF.
    Pdf(PdfFile),
    /// Delimited text, read as a stream.
    Csv(Box<DelimitedFile<Box<dyn Source>>>),
    /// A spreadsheet of an old format.
    Legacy(LegacyFile),
}

impl fmt::Debug for Flat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Flat").field(&self.kind()).finish()
    }
}

/// The kind of such a file by the ending of its name; `None` for all others.
pub fn flat_kind(name: &str) -> Option<DocumentKind> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "pdf" => Some(DocumentKind::Pdf),
        "csv" | "tsv" | "tab" => Some(DocumentKind::Csv),
        "xls" | "xlsb" | "ods" => Some(DocumentKind::Legacy),
        _ => None,
    }
}

/// True for the kinds of files that are only read.
pub fn is_flat(kind: DocumentKind) -> bool {
    matches!(kind, DocumentKind::Pdf | DocumentKind::Csv | DocumentKind::Legacy)
}

impl Flat {
    /// Opens a file of a kind that [`flat_kind`] told.
    pub fn open(kind: DocumentKind, mut source: impl Source) -> Result<Self, Refusal> {
        match kind {
            DocumentKind::Pdf => PdfFile::open(whole(&mut source)?).map(Self::Pdf),
            DocumentKind::Legacy => LegacyFile::open(whole(&mut source)?).map(Self::Legacy),
            DocumentKind::Csv => {
                let source: Box<dyn Source> = Box::new(source);
                DelimitedFile::open(source).map(|file| Self::Csv(Box::new(file)))
            }
            DocumentKind::Workbook | DocumentKind::Deck | DocumentKind::Document => Err(Refusal::new(
                RefusalCode::BadInput,
                "The file is a package and is opened as one.",
            )),
        }
    }

    /// The kind.
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Pdf(_) => DocumentKind::Pdf,
            Self::Csv(_) => DocumentKind::Csv,
            Self::Legacy(_) => DocumentKind::Legacy,
        }
    }

    /// Answers an operation.
    pub fn answer(&mut self, operation: &Operation) -> Result<Answer, Refusal> {
        match operation {
            Operation::Text(operation) => self.ask(operation).map(Answer::Text),
            other => Err(wrong_kind(other.definition().name)),
        }
    }

    pub(crate) fn ask(&mut self, operation: &TextOperation) -> Result<TextAnswer, Refusal> {
        match (self, operation) {
            (Self::Pdf(file), TextOperation::Pdf(operation)) => file.answer(operation).map(TextAnswer::Pdf),
            (Self::Csv(file), TextOperation::Csv(operation)) => file.answer(operation).map(TextAnswer::Csv),
            (Self::Legacy(file), TextOperation::Legacy(operation)) => {
                file.answer(operation).map(TextAnswer::Legacy)
            }
            (_, other) => Err(wrong_kind(other.definition().name)),
        }
    }
}

fn wrong_kind(name: &str) -> Refusal {
    Refusal::new(
        RefusalCode::BadInput,
        format!("`{name}` is for another kind of file."),
    )
}

fn whole(source: &mut impl Source) -> Result<Vec<u8>, Refusal> {
    let failed =
        |error: std::io::Error| Refusal::new(RefusalCode::Failed, format!("The file was not read: {error}."));
    source.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut bytes = Vec::new();
    source
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Refusal::new(
            RefusalCode::TooLarge,
            format!("The file is larger than {} MB.", MAX_BYTES >> 20),
        ));
    }
    Ok(bytes)
}
