//! New files: the first operation makes the document, the others go on from it. What is there is never overwritten.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_document::{create, kind_of_new};
use deskhand_documents::Door;
use deskhand_opc::Limits;
use deskhand_operations::{Refusal, RefusalCode};
use deskhand_platform::Paths;
use serde_json::{Value, json};

use super::guarded::Saved;
use super::work::{asked, done, revision, save_to, stopped};
use super::{Apply, Outcome, refused, show};

/// Makes the file that is not there yet. There is nothing to go back to, so no change set either.
pub(super) fn document(paths: &Paths, apply: &Apply, input: Value) -> Outcome<ExitCode> {
    apply.password.check_none()?;
    let Some(kind) = kind_of_new(&apply.file.to_string_lossy()) else {
        let sentence = format!("There is no file {}.", apply.file.display());
        return refused(RefusalCode::NotFound, sentence);
    };
    if apply.to.out.is_some() {
        return refused(
            RefusalCode::BadInput,
            "--out goes with a file that is there; name the new file itself. Nothing was written.",
        );
    }
    let list = asked(paths, kind, input)?;
    let change = create(&list, &revision(), &|path| template(Path::new(path)))
        .map_err(|at| stopped(at, list.len()))?;
    if !apply.preview {
        save_to(&Saved::of(change.document.package(), None)?, &apply.file, false)?;
    }
    let answer = json!({ "changeSet": null, "preview": apply.preview, "results": change.answers,
        "warnings": change.warnings });
    done(apply.json, &answer, || {
        let mut lines = show::applied(None, &change);
        let what = if apply.preview {
            "would be made"
        } else {
            "was made"
        };
        lines.push(format!("{} {what}.", apply.file.display()));
        lines
    })
}

/// A template in base64, as operations carry packages.
fn template(path: &Path) -> Result<String, Refusal> {
    let limits = Limits::default();
    let (mut file, _) = Door::to(path)?.open(limits.file_bytes)?;
    let mut bytes = Vec::new();
    match file.read_to_end(&mut bytes) {
        Ok(_) => Ok(STANDARD.encode(bytes)),
        Err(error) => Err(Refusal::new(
            RefusalCode::Failed,
            format!("{} was not read: {error}; nothing was written.", path.display()),
        )),
    }
}
