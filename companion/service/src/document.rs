//! `deskhand document …`: the file tools for scripts, tests and support. The same code that the agent uses, on files that
//! the user names; no service, no model, no network.

mod back;
mod flat;
mod guarded;
mod journal;
mod make;
mod show;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use deskhand_documents::error_code;
use deskhand_operations::{Refusal, RefusalCode};
use deskhand_platform::Paths;
use deskhand_protocol::UserError;

use crate::terminal::safe::safe_line;

/// Bad input, or a file that is not read: nothing was written.
const REFUSED: u8 = 2;

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentCommand {
    /// Lists what a file holds: workbooks, decks, word documents, PDFs, delimited text, old spreadsheets.
    Info(OneFile),
    /// Reads a range, a slide, or from a block, page or row on.
    Read(Read),
    /// Applies operations, all or none. Without --out in place, and `document undo` leads back. Makes a file that is not
    /// there where the first operation is `workbook.create`, `deck.create` or `document.create`.
    Apply(Apply),
    /// Lists what `document apply` changed in a file, and what of it was taken back.
    History(OneFile),
    /// Takes a change set of `document apply` back.
    Undo {
        /// The change set, from the answer of `document apply` or from `document history`.
        change_set: String,
        #[command(flatten)]
        password: Password,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Checks a file for damage; exit code 1 with findings.
    Check(OneFile),
    /// Computes every formula anew and writes the values that differ.
    Recalc(Recalc),
    /// Recomputes a workbook with a second engine and looks for errors of modelling.
    TieOut(TieOut),
    /// Tells how two files differ.
    Diff {
        /// The earlier file.
        before: PathBuf,
        /// The later file.
        after: PathBuf,
        #[command(flatten)]
        password: Password,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Password {
    /// The file is protected by the password that is the first line of standard input. What is saved is protected by it too.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OneFile {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    password: Password,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The file.
    file: PathBuf,
    /// The range with its sheet, `'Q1 2026'!B2:D9`, or a sheet alone.
    #[arg(long, conflicts_with = "slide")]
    range: Option<String>,
    /// What to read, with commas between: values, formulas, numberFormats, formats, texts, notes, table.
    #[arg(long, value_delimiter = ',', requires = "range")]
    what: Vec<String>,
    /// The slide, by its id from `document info`.
    #[arg(long)]
    slide: Option<String>,
    /// Where to begin: a block of a word document (p12, t3, header1), a page of a PDF, a row of delimited text.
    #[arg(long, conflicts_with_all = ["range", "slide"])]
    from: Option<String>,
    /// How many blocks, pages or rows at the most.
    #[arg(long)]
    count: Option<u32>,
    #[command(flatten)]
    password: Password,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The file.
    file: PathBuf,
    /// The operations, `{"ops":[…]}`: a file, or `-` for standard input.
    #[arg(long)]
    ops: PathBuf,
    #[command(flatten)]
    to: To,
    /// Tell what would change, and change nothing.
    #[arg(long, conflicts_with = "out")]
    preview: bool,
    #[command(flatten)]
    password: Password,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct To {
    /// Write the result here and leave the file as it is.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Replace what stands at --out.
    #[arg(long, requires = "out")]
    replace: bool,
    /// Change a file that is signed, although that breaks its signature.
    #[arg(long)]
    break_signature: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Recalc {
    /// The workbook.
    file: PathBuf,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    password: Password,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TieOut {
    /// The workbook.
    file: PathBuf,
    /// The relative difference that counts as equal.
    #[arg(long)]
    tolerance: Option<f64>,
    /// Sheets to look at, with commas between; all when absent.
    #[arg(long, value_delimiter = ',')]
    sheets: Vec<String>,
    /// Write the findings to a new sheet of this name.
    #[arg(long)]
    report: Option<String>,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    password: Password,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs a command. What is refused is said in one sentence with its code on standard error, under exit code 2.
pub(crate) async fn run(paths: &Paths, command: DocumentCommand) -> anyhow::Result<ExitCode> {
    let outcome = match command {
        DocumentCommand::Info(file) => work::info(&file),
        DocumentCommand::Read(read) => work::read(&read),
        DocumentCommand::Apply(apply) => work::apply(paths, &apply).await,
        DocumentCommand::History(file) => back::history(paths, &file).await,
        DocumentCommand::Undo {
            change_set,
            password,
            json,
        } => back::undo(paths, &change_set, &password, json).await,
        DocumentCommand::Check(file) => work::check(&file),
        DocumentCommand::Recalc(recalc) => work::recalc(paths, &recalc).await,
        DocumentCommand::TieOut(tie_out) => work::tie_out(paths, &tie_out).await,
        DocumentCommand::Diff {
            before,
            after,
            password,
            json,
        } => work::diff(&before, &after, &password, json),
    };
    outcome.or_else(|trouble| match trouble {
        Trouble::Refused(refusal) => {
            say(&refusal.message, error_code(refusal.code).as_str());
            Ok(ExitCode::from(REFUSED))
        }
        Trouble::User(error) => {
            let sentence = format!("{} {} {}", error.happened, error.kept, error.action);
            say(&sentence, error.code.as_str());
            Ok(ExitCode::from(REFUSED))
        }
        Trouble::Other(error) => Err(error),
    })
}

#[expect(clippy::print_stderr, reason = "the terminal is where this error belongs")]
fn say(sentence: &str, code: &str) {
    eprintln!("{} [{code}]", safe_line(sentence));
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Trouble {
    /// The document or the input.
    Refused(Refusal),
    /// The journal.
    User(Box<UserError>),
    /// The terminal.
    Other(anyhow::Error),
}

type Outcome<T> = Result<T, Trouble>;

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<UserError> for Trouble {
    fn from(error: UserError) -> Self {
        Self::User(Box::new(error))
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<UserError>() {
            Ok(error) => error.into(),
            Err(error) => Self::Other(error),
        }
    }
}

fn refused<T>(code: RefusalCode, sentence: impl Into<String>) -> Outcome<T> {
    Err(Refusal::new(code, sentence).into())
}
