//! LibreOffice in a machine of its own: one document goes in by standard input, what is made of it comes out by standard output.
//!
//! The machine is made for this one document. It has no folder and no network, and it ends with the call: a document that takes
//! LibreOffice over has nothing to read, nothing to change and nowhere to go. Whatever comes out is only bytes, within caps.

use std::time::Duration;

use deskhand_core::ports::Progress;
use deskhand_core::tool::{ToolFailure, ToolResult};
use deskhand_core::turn::denied_by;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::SettledBy;
use deskhand_protocol::sandbox::SandboxTier;
use deskhand_vm_host::{End, Ended, Job, RunLimits, RunOutput, SandboxError};
use tokio::sync::OwnedSemaphorePermit;

use crate::collected::plain;
use crate::fault;
use crate::machine::Machine;
use crate::paper_calls::{Family, Form};
use crate::told;

/// The largest document that goes in, in bytes.
pub(crate) const MOST_IN: u64 = 64 << 20;
/// The largest file that comes out.
const MOST_OUT: u64 = 64 << 20;
/// The largest picture of a page: the model takes no larger one (Messages API).
const MOST_PICTURE: u64 = 3_932_160;
/// Bytes of what programs say.
const MOST_SAID: u64 = 64 * 1024;
/// A picture that is larger comes as JPEG.
const PLAIN_PICTURE: u32 = 1_500_000;
/// Pixels of a page's longer side: what a model sees without making it smaller (Messages API).
const LONG_SIDE: u32 = 1_568;
/// How long LibreOffice may take, and each of the small steps, in milliseconds.
const OPENS: u64 = 4 * 60 * 1000;
const STEP: u64 = 60 * 1000;
/// How often it is looked whether a person stopped the turn.
const HEED: Duration = Duration::from_millis(200);
/// The settings of a user.
const PROFILE: &str = ".config/libreoffice/4/user";
/// Values that a file holds are not believed but computed; else LibreOffice does so only where it thinks that it must.
const ALWAYS_COMPUTES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"#;
/// Pieces in which a document goes in.
const PIECE: usize = 64 * 1024;

/// Why nothing came of a document.
#[derive(Debug)]
pub(crate) enum Not {
    /// A person stopped the turn.
    Stopped,
    /// The mode lets nothing be changed any more.
    Allowed,
    Failed(ToolFailure),
}

impl From<SandboxError> for Not {
    fn from(error: SandboxError) -> Self {
        Self::Failed(fault::of_call(&error))
    }
}

impl From<ToolFailure> for Not {
    fn from(failure: ToolFailure) -> Self {
        Self::Failed(failure)
    }
}

impl Not {
    /// As the result of the call.
    pub(crate) fn told(self) -> ToolResult {
        match self {
            Self::Stopped => {
                let output = "Stopped by the user. Nothing was changed.";
                ToolResult::new(ToolOutcome::Stopped, "Stopped", output)
            }
            Self::Allowed => denied_by(SettledBy::Mode),
            Self::Failed(failure) => ToolResult::new(ToolOutcome::Failed, failure.title, failure.output),
        }
    }
}

/// A machine with one document.
pub(crate) struct Office<'a> {
    machine: Machine,
    _turn: OwnedSemaphorePermit,
    progress: &'a dyn Progress,
}

/// What a step came to.
struct Done {
    ended: Ended,
    out: Vec<u8>,
    said: String,
}

impl<'a> Office<'a> {
    pub(crate) fn new((machine, turn): (Machine, OwnedSemaphorePermit), progress: &'a dyn Progress) -> Self {
        Self {
            machine,
            _turn: turn,
            progress,
        }
    }

    /// Ends it, once what was seen of it is in the log; answers where it ran.
    pub(crate) async fn end(self) -> SandboxTier {
        self.machine.sights().written().await;
        self.machine.tier()
    }

    /// Makes a PDF of a document; answers how many pages it has.
    pub(crate) async fn draw(&mut self, content: Vec<u8>, form: Form, print: bool) -> Result<u32, Not> {
        let options = match form.family {
            Family::Workbook if !print => {
                r#"calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}"#
            }
            Family::Workbook => "calc_pdf_Export",
            // Else the number of a page would not be that of its slide.
            Family::Deck => r#"impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}"#,
            Family::Text => "writer_pdf_Export",
        };
        self.open(content, form, &format!("pdf:{options}"), "pdf").await?;
        let counted = self
            .step(
                "pdfinfo made/document.pdf | sed -n 's/^Pages: *//p'",
                STEP,
                MOST_SAID,
            )
            .await?;
        let pages = String::from_utf8_lossy(&counted.out).trim().parse().ok();
        pages.filter(|pages| *pages > 0).ok_or_else(|| {
            Not::Failed(failure(
                "Nothing to be seen",
                "LibreOffice found no page in the document",
            ))
        })
    }

    /// The picture of a page.
    pub(crate) async fn picture(&mut self, page: u32) -> Result<Vec<u8>, Not> {
        let draw = format!("pdftoppm -f {page} -l {page} -singlefile -scale-to {LONG_SIDE}");
        let script = format!(
            "{draw} -png made/document.pdf page && [ $(stat -c %s page.png) -le {PLAIN_PICTURE} ] && cat page.png && exit; \
             {draw} -jpeg -jpegopt quality=85 made/document.pdf page && cat page.jpg"
        );
        let done = self.step(&script, STEP, MOST_PICTURE).await?;
        if done.ended.end == (End::Exited { code: 0 }) {
            return Ok(done.out);
        }
        let why = format!("page {page} was not drawn: the command {}", how(done.ended));
        Err(failure("Not drawn", &why).into())
    }

    /// Makes a document of today of one in an old format; answers its bytes.
    pub(crate) async fn convert(&mut self, content: Vec<u8>, form: Form) -> Result<Vec<u8>, Not> {
        let (ending, filter) = match form.family {
            Family::Workbook => ("xlsx", "Calc MS Excel 2007 XML"),
            Family::Deck => ("pptx", "Impress MS PowerPoint 2007 XML"),
            Family::Text => ("docx", "MS Word 2007 XML"),
        };
        self.open(content, form, &format!("{ending}:{filter}"), ending)
            .await?;
        let read = format!("cat made/document.{ending}");
        let done = self.step(&read, STEP, MOST_OUT).await?;
        if done.ended.end == (End::Exited { code: 0 }) {
            return Ok(done.out);
        }
        let why = format!(
            "what LibreOffice made was not read: the command {}",
            how(done.ended)
        );
        Err(failure("Not converted", &why).into())
    }

    /// Has LibreOffice compute every formula of a workbook anew; answers the workbook as it saves it.
    pub(crate) async fn compute(&mut self, content: Vec<u8>, form: Form) -> Result<Vec<u8>, Not> {
        let settings = format!(
            "mkdir -p {PROFILE} && printf '%s' '{ALWAYS_COMPUTES}' > {PROFILE}/registrymodifications.xcu"
        );
        self.step_in("~", &settings, STEP, MOST_SAID).await?;
        self.convert(content, form).await
    }

    /// Has LibreOffice open a document and write it by a filter.
    async fn open(&mut self, content: Vec<u8>, form: Form, filter: &str, makes: &str) -> Result<(), Not> {
        let from = form.ending;
        let Some(reads) = form.reads(&content) else {
            let why = "it is not what its name says, protected by a password, or damaged at its beginning";
            return Err(failure("Not opened", why).into());
        };
        let script = format!(
            "mkdir -p paper/made && cd paper && cat > document.{from} && \
             soffice --headless --norestore {reads} --convert-to '{filter}' --outdir made document.{from} < /dev/null > said 2>&1; \
             grep -v javaldx said | tail -c 2000 >&2; test -s made/document.{makes}"
        );
        let limits = limits(OPENS, MOST_SAID);
        let mut job = self
            .machine
            .start_with(&format!("cd && {script}"), true, limits)
            .await?;
        let input = job.input();
        // A task of its own, since a program that does not read holds up whoever writes. It ends with the job.
        let writing = tokio::spawn(async move {
            for piece in content.chunks(PIECE) {
                if input.write(piece).await.is_err() {
                    return;
                }
            }
            input.end().await.ok();
        });
        let done = follow(&mut job, self.progress, MOST_SAID).await;
        writing.abort();
        let done = done?;
        match done.ended.end {
            End::Exited { code: 0 } => Ok(()),
            End::Exited { .. } => {
                let why = "LibreOffice could not open it: it is damaged, protected by a password, or not what its name says";
                Err(with_words("Not opened", why, &done.said).into())
            }
            _ => {
                let why = format!("LibreOffice {} while it had the document open", how(done.ended));
                Err(with_words("Not opened", &why, &done.said).into())
            }
        }
    }

    async fn step(&mut self, script: &str, time: u64, cap: u64) -> Result<Done, Not> {
        self.step_in("~/paper", script, time, cap).await
    }

    async fn step_in(&mut self, place: &str, script: &str, time: u64, cap: u64) -> Result<Done, Not> {
        let script = format!("cd {place} && {{ {script}; }}");
        let mut job = self.machine.start_with(&script, false, limits(time, cap)).await?;
        follow(&mut job, self.progress, cap).await
    }
}

/// The last kilobytes of what a program said are enough, and the cap of its output holds for both together.
fn limits(time: u64, output: u64) -> RunLimits {
    RunLimits {
        output: output + MOST_SAID,
        ..crate::terms::limits(time)
    }
}

async fn follow(job: &mut Job, progress: &dyn Progress, cap: u64) -> Result<Done, Not> {
    let mut looks = tokio::time::interval(HEED);
    let (mut out, mut said) = (Vec::new(), Vec::new());
    loop {
        tokio::select! {
            next = job.next() => match next? {
                Some(RunOutput::Out(bytes)) => out.extend(bytes),
                Some(RunOutput::Err(bytes)) => said.extend(bytes),
                Some(RunOutput::Started(_)) => {}
                Some(RunOutput::Ended(ended)) => return Ok(Done { ended, out, said: plain(&said) }),
                None => return Err(told::machine_ended().into()),
            },
            _ = looks.tick() => if progress.is_cancelled() {
                // Its machine ends with it.
                return Err(Not::Stopped);
            },
        }
        if out.len() as u64 > cap || said.len() as u64 > MOST_SAID {
            let why = "what was made of the document is larger than is taken";
            return Err(failure("Too large", why).into());
        }
    }
}

fn how(ended: Ended) -> String {
    told::end(&Ok(ended))
}

fn failure(title: &str, why: &str) -> ToolFailure {
    ToolFailure {
        title: title.to_owned(),
        output: format!("{title}: {why}. Nothing was changed."),
    }
}

fn with_words(title: &str, why: &str, said: &str) -> ToolFailure {
    let mut told = failure(title, why);
    if !said.is_empty() {
        told.output.push('\n');
        told.output.push_str(&deskhand_core::instructions::as_data(
            "what LibreOffice said",
            said,
        ));
    }
    told
}
