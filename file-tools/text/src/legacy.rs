//! Spreadsheets that are only read: `.xls` ([MS-XLS]), `.xlsb` ([MS-XLSB]) and `.ods` (ODF 1.3), through calamine.
//!
//! Owns the caps in front of that reader and what its answers mean. Reads anew for each question, on a thread with a time.

mod guard;
mod sheet;

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use calamine::{Data, Ods, Range, Reader as _, SheetVisible, Xls, Xlsb};
use deskhand_operations::answer::DefinedName;
use deskhand_operations::text::legacy::{LegacyContent, LegacySheet};
use deskhand_operations::text::{LegacyAnswer, LegacyOperation};
use deskhand_operations::{Refusal, RefusalCode};

use crate::bounded::within;
use crate::refuse;

/// How long one question may take.
const TIME: Duration = Duration::from_mins(1);
/// Names that an answer lists.
const MAX_NAMES: usize = 1_000;

type Bytes = Cursor<Arc<[u8]>>;

/// Which format the bytes are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Xls,
    Xlsb,
    Ods,
}

/// A spreadsheet of an old format, open for reading.
#[derive(Clone, Debug)]
pub struct LegacyFile {
    data: Arc<[u8]>,
    kind: Kind,
}

/// The reader of one format.
enum Book {
    Xls(Box<Xls<Bytes>>),
    Xlsb(Box<Xlsb<Bytes>>),
    Ods(Box<Ods<Bytes>>),
}

impl LegacyFile {
    /// Takes a file in, after caps on its size and on what it unpacks to.
    ///
    /// Refused where it is none of these formats, encrypted or above a cap.
    pub fn open(data: impl Into<Arc<[u8]>>) -> Result<Self, Refusal> {
        let data = data.into();
        let guarded = Arc::clone(&data);
        let kind = within(TIME, "the spreadsheet", move || guard::kind(&guarded))?;
        Ok(Self { data, kind })
    }

    /// Answers an operation.
    pub fn answer(&self, operation: &LegacyOperation) -> Result<LegacyAnswer, Refusal> {
        let (data, kind, operation) = (Arc::clone(&self.data), self.kind, operation.clone());
        within(TIME, "the spreadsheet", move || {
            let mut book = Book::open(data, kind)?;
            match &operation {
                LegacyOperation::Info(_) => Ok(LegacyAnswer::Info(book.info(kind))),
                LegacyOperation::Read(read) => sheet::read(&mut book, read).map(LegacyAnswer::Read),
            }
        })
    }
}

/// What calamine says, as a refusal.
fn failed(error: &impl std::fmt::Display) -> Refusal {
    let message: String = error.to_string().chars().take(200).collect();
    if message.contains("password protected") {
        return Refusal::new(
            RefusalCode::Encrypted,
            "the spreadsheet is protected by a password",
        );
    }
    if message.to_lowercase().contains("limit") {
        return refuse::too_large(format!("the spreadsheet is above a limit: {message}"));
    }
    refuse::corrupt(format!("the spreadsheet cannot be read: {message}"))
}

impl Book {
    fn open(data: Arc<[u8]>, kind: Kind) -> Result<Self, Refusal> {
        let bytes = Cursor::new(data);
        Ok(match kind {
            Kind::Xls => Self::Xls(Box::new(Xls::new(bytes).map_err(|error| failed(&error))?)),
            Kind::Xlsb => Self::Xlsb(Box::new(Xlsb::new(bytes).map_err(|error| failed(&error))?)),
            Kind::Ods => Self::Ods(Box::new(Ods::new(bytes).map_err(|error| failed(&error))?)),
        })
    }

    /// The names of the sheets, and whether each is shown.
    fn sheets(&self) -> Vec<(String, bool)> {
        let metadata = match self {
            Self::Xls(book) => book.sheets_metadata(),
            Self::Xlsb(book) => book.sheets_metadata(),
            Self::Ods(book) => book.sheets_metadata(),
        };
        let sheets = metadata.iter();
        sheets
            .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
            .collect()
    }

    fn names(&self) -> Vec<DefinedName> {
        let names = match self {
            Self::Xls(book) => book.defined_names(),
            Self::Xlsb(book) => book.defined_names(),
            Self::Ods(book) => book.defined_names(),
        };
        let names = names.iter().take(MAX_NAMES);
        names
            .map(|(name, refers_to)| DefinedName {
                name: name.clone(),
                refers_to: refers_to.trim_start_matches('=').to_owned(),
                hidden: false,
            })
            .collect()
    }

    /// The values of a sheet.
    fn values(&mut self, name: &str) -> Result<Range<Data>, Refusal> {
        match self {
            Self::Xls(book) => book.worksheet_range(name).map_err(|error| failed(&error)),
            Self::Xlsb(book) => sheet::sparse_values(book, name),
            Self::Ods(book) => book.worksheet_range(name).map_err(|error| failed(&error)),
        }
    }

    /// The formulas of a sheet.
    fn formulas(&mut self, name: &str) -> Result<Range<String>, Refusal> {
        match self {
            Self::Xls(book) => book.worksheet_formula(name).map_err(|error| failed(&error)),
            Self::Xlsb(book) => sheet::sparse_formulas(book, name),
            Self::Ods(book) => book.worksheet_formula(name).map_err(|error| failed(&error)),
        }
    }

    fn info(&mut self, kind: Kind) -> LegacyContent {
        let mut sheets = Vec::new();
        for (name, visible) in self.sheets() {
            let values = self.values(&name);
            sheets.push(LegacySheet {
                used_range: values.as_ref().ok().and_then(sheet::used_range),
                problem: values.err().map(|refusal| refusal.message),
                name,
                visible,
            });
        }
        let kind = match kind {
            Kind::Xls => "xls",
            Kind::Xlsb => "xlsb",
            Kind::Ods => "ods",
        };
        LegacyContent {
            kind: kind.to_owned(),
            names: self.names(),
            sheets,
        }
    }
}
