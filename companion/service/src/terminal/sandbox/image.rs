//! `deskhand sandbox fetch`, and what `status` and `doctor` say of images.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use deskhand_platform::Paths;
use deskhand_protocol::Method;
use deskhand_protocol::sandbox::FetchedImage;
use deskhand_protocol::session::Nothing;
use deskhand_sandbox::unavailable;
use deskhand_trail::Actor;
use deskhand_vm_host::{Fetching, SandboxError, Step, Store};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::client::join;
use super::super::safe::safe_line;
use super::super::sessions::{print, print_json};
use crate::audit::{Notes, write_notes_alone};
use crate::code::images::{Images, view};
use crate::sandbox::own_images;
use crate::serve::{gate, open_secrets};
use crate::settings::Settings;

/// How often it is shown how far a fetch is.
const SHOWN_EACH: Duration = Duration::from_millis(200);

/// `deskhandImageStoreUrl`.
pub(super) fn address(settings: &Settings) -> Option<&str> {
    let address = settings.policy.sandbox.deskhand_image_store_url.value.as_ref();
    address.map(deskhand_policy::types::BaseUrl::as_str)
}

/// Has the image store's image here: by the service where one runs, else by this process.
pub(super) async fn fetch(paths: &Paths, settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::new(own_images(paths));
    let shows = !json && std::io::stderr().is_terminal();
    let mut fetching = Box::pin(fetched(paths, settings));
    let mut shown = tokio::time::interval(SHOWN_EACH);
    let fetched = loop {
        tokio::select! {
            fetched = &mut fetching => break fetched,
            _ = shown.tick(), if shows => show(&store)?,
        }
    };
    if shows {
        // What was shown of it goes.
        write!(std::io::stderr().lock(), "\r\x1b[K")?;
    }
    let fetched = fetched?;
    if json {
        print_json(&fetched)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (id, size) = (short(&fetched.id), megabytes(fetched.bytes));
    print(&if fetched.is_new {
        let came = megabytes(fetched.fetched);
        format!(
            "Image {id} is here, verified, and in use from now on: {size} MB, of which {came} MB were fetched."
        )
    } else {
        format!("Image {id} is the one of the image store, and is in use already.")
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn fetched(paths: &Paths, settings: &Settings) -> anyhow::Result<FetchedImage> {
    if let Some((_, mut client)) = join(paths).await? {
        return client.call(Method::SandboxFetch, Nothing {}).await;
    }
    let secrets = open_secrets(paths).await?;
    let (notes, noted) = Notes::new();
    let gate = gate(settings, None, Some(Arc::new(notes.clone())));
    let images = Images::new(paths, settings, &gate, &notes);
    let end = CancellationToken::new();
    let fetching = async {
        let taken = images.fetch(Actor::Terminal, &|_| {}).await;
        notes.flush();
        end.cancel();
        taken
    };
    let writing = write_notes_alone((paths, &secrets, settings), noted, end.clone());
    let (taken, written) = tokio::join!(fetching, writing);
    let taken = taken.map_err(|error| unavailable(&error))?;
    written?;
    Ok(view(&taken))
}

/// One line that takes the place of the one before.
fn show(store: &Store) -> std::io::Result<()> {
    let line = match store.fetching() {
        Some(Fetching {
            running: true,
            done,
            total,
            percent,
            ..
        }) if total > 0 => {
            format!("{percent:>3} %, {} of {} MB", megabytes(done), megabytes(total))
        }
        _ => "asking the image store".to_owned(),
    };
    write!(std::io::stderr().lock(), "\r\x1b[K{line}")
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or_default()
}

/// What lies here and what is on its way, for programs.
pub(super) fn json_of(paths: &Paths, settings: &Settings) -> Value {
    let store = Store::new(own_images(paths));
    let kept: Vec<Value> = store
        .kept()
        .iter()
        .map(|kept| json!({ "id": kept.id, "bytes": kept.bytes, "current": kept.current }))
        .collect();
    let fetch = store.fetching().map(|fetch| {
        json!({
            "id": fetch.id,
            "done": fetch.done,
            "total": fetch.total,
            "percent": fetch.percent,
            "running": fetch.running,
            "failed": fetch.failed,
        })
    });
    json!({ "store": address(settings), "kept": kept, "fetch": fetch })
}

/// The same for a person.
pub(super) fn lines(paths: &Paths, settings: &Settings) -> Vec<String> {
    let store = Store::new(own_images(paths));
    let mut lines = Vec::new();
    for kept in store.kept().iter().filter(|kept| !kept.current) {
        let (id, size) = (short(&kept.id), megabytes(kept.bytes));
        lines.push(format!(
            "Older image  {id}, {size} MB: goes once no program uses it"
        ));
    }
    lines.push(match address(settings) {
        Some(address) => format!("Image store  {}", safe_line(address)),
        None => "Image store  none is set (`deskhandImageStoreUrl`)".to_owned(),
    });
    if let Some(fetch) = store.fetching() {
        let here = format!(
            "{} of {} MB are here",
            megabytes(fetch.done),
            megabytes(fetch.total)
        );
        let how = match (fetch.running, &fetch.failed) {
            (true, _) => "under way".to_owned(),
            (false, Some(failed)) => format!("failed: {}", safe_line(&failed.reason)),
            (false, None) => "left in the middle; the next one goes on there".to_owned(),
        };
        lines.push(if fetch.total > 0 {
            format!("Fetch        {} %, {here}; {how}", fetch.percent)
        } else {
            format!("Fetch        {how}")
        });
    }
    lines
}

/// How it stands with the image store, as a step of the doctor: what the last fetch came to, as far as it failed.
pub(super) fn looked(paths: &Paths, settings: &Settings) -> Result<String, SandboxError> {
    let fetching = Store::new(own_images(paths)).fetching();
    let Some(address) = address(settings) else {
        return Ok("none is set (`deskhandImageStoreUrl`): no image is fetched".to_owned());
    };
    match fetching {
        Some(Fetching {
            failed: Some(failed), ..
        }) => {
            let failed = SandboxError::new(Step::Image, failed.reason, failed.remedy);
            Err(failed.with_detail(format!("the image store is {address}")))
        }
        Some(Fetching {
            running: true,
            percent,
            ..
        }) => Ok(format!("{address}: {percent} % are here")),
        _ => Ok(address.to_owned()),
    }
}
