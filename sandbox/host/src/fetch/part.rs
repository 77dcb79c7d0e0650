//! One part of an image: from an image that is here already, or from the store.

use std::fs;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout, timeout_at};

use super::state::here;
use super::writing::Writing;
use super::{BEGINS, Progress, Told, of_source, on_disk, partial, refused, slow, wrong};
use crate::error::{SandboxError, Step};
use crate::image::{Image, Part};
use crate::parts::{beside, sha256_of};
use crate::source::{Body, Source, SourceErrorKind};
use crate::store::Store;

/// How much comes before it is written, in bytes.
const PIECE: usize = 1 << 20;

/// How many times a connection that broke is opened again for one part, each where the one before ended.
const RESUMES: usize = 5;

/// In each such time at least so many bytes have to come: a store that gives a byte now and then holds nobody for ever, and
/// a slow line has all the time that it needs.
const WINDOW: Duration = Duration::from_mins(1);
const LEAST: u64 = 64 * 1024;

/// Puts parts into the folder of the fetch that an image here has already, by their digests, and removes those there that are
/// not what they are to be.
pub(super) fn reuse(store: &Store, image: &Image) -> io::Result<()> {
    let others: Vec<Image> = store
        .ids()
        .iter()
        .filter_map(|id| Image::open(&store.folder.join(id)).ok())
        .collect();
    for part in &image.parts {
        let place = image.folder.join(&part.name);
        if place.is_file() {
            if sha256_of(&place)? == part.sha256 {
                continue;
            }
            fs::remove_file(&place)?;
        }
        let has = |other: &Image| {
            let same = other.parts.iter().find(|one| one.sha256 == part.sha256)?;
            let file = other.part_path(same).ok()?;
            sha256_of(&file)
                .is_ok_and(|found| found == part.sha256)
                .then_some(file)
        };
        // The same file under both names: it is never written again. Where there are no such names, it comes from the store.
        if let Some(file) = others.iter().find_map(has) {
            fs::hard_link(file, &place).ok();
        }
    }
    Ok(())
}

/// Has one part here, whole and verified; says how many bytes of it came from the store.
pub(super) async fn take(
    source: &dyn Source,
    image: &Image,
    part: &Part,
    told: &Told<'_>,
) -> Result<u64, SandboxError> {
    let name = image.folder.join(&part.name);
    if name.is_file() {
        return Ok(0);
    }
    let mut taking = Taking {
        source,
        image,
        part,
        told,
        step: format!("fetching `{}`", part.name),
        fetched: 0,
    };
    let (path, size) = (partial(image, &part.name), part.size);
    let mut writing = taking.on_disk(move || Writing::open(&path, size)).await?;
    loop {
        writing = taking.fill(writing).await?;
        if writing.digest() == part.sha256 {
            taking.on_disk(move || writing.finish(&name)).await?;
            return Ok(taking.fetched);
        }
        // What lay here before may be to blame, and is not asked twice.
        if writing.found == 0 {
            taking.on_disk(move || writing.discard()).await?;
            let why = format!("`{}` is another file than its list says (SHA-256)", part.name);
            return Err(wrong(source, &taking.step, &why));
        }
        writing = taking
            .on_disk(move || writing.restart().map(|()| writing))
            .await?;
    }
}

/// A part that is on its way.
struct Taking<'a> {
    source: &'a dyn Source,
    image: &'a Image,
    part: &'a Part,
    told: &'a Told<'a>,
    step: String,
    fetched: u64,
}

/// How a connection ended.
enum Way {
    /// All of the part is here.
    Whole,
    /// It broke, for this reason.
    Broke(SandboxError),
    /// The file cannot be begun where it was left.
    Anew,
}

impl Taking<'_> {
    /// Until the part is as long as it is to be, over as many connections as that may take.
    async fn fill(&mut self, mut writing: Writing) -> Result<Writing, SandboxError> {
        let mut resumes = 0;
        loop {
            self.tell(writing.length);
            if writing.length == self.part.size {
                return Ok(writing);
            }
            let way;
            (writing, way) = self.stream(writing).await?;
            match way {
                Way::Whole => {}
                Way::Broke(error) if resumes == RESUMES => return Err(error),
                Way::Anew if resumes == RESUMES => {
                    return Err(refused(
                        self.source,
                        &self.step,
                        "it gives no part of a file and no whole one",
                    ));
                }
                Way::Broke(error) => {
                    tracing::info!(%error, "the image is asked for again where the connection broke");
                    resumes += 1;
                }
                Way::Anew => {
                    resumes += 1;
                    writing = self.on_disk(move || writing.restart().map(|()| writing)).await?;
                }
            }
        }
    }

    /// One connection.
    async fn stream(&mut self, mut writing: Writing) -> Result<(Writing, Way), SandboxError> {
        let path = format!("{}/{}", self.image.id, self.part.name);
        let opened = timeout(BEGINS, self.source.open(&path, writing.length)).await;
        let opened = match opened.map_err(|_| slow(self.source, &self.step))? {
            Ok(opened) => opened,
            Err(error) => {
                let way = match error.kind {
                    SourceErrorKind::PastEnd if writing.length > 0 => Way::Anew,
                    SourceErrorKind::Cut => Way::Broke(of_source(self.source, &self.step, &error)),
                    _ => return Err(of_source(self.source, &self.step, &error)),
                };
                return Ok((writing, way));
            }
        };
        if let Some(size) = opened.size.filter(|size| *size != self.part.size) {
            let why = format!(
                "`{}` has {size} bytes there, and its list says {}",
                self.part.name, self.part.size
            );
            return Err(wrong(self.source, &self.step, &why));
        }
        if opened.from != writing.length {
            if opened.from != 0 {
                return Err(refused(
                    self.source,
                    &self.step,
                    "it begins elsewhere than it was asked to",
                ));
            }
            writing = self.on_disk(move || writing.restart().map(|()| writing)).await?;
        }
        self.pour(opened.body, writing).await
    }

    /// The bytes of one connection, written a mebibyte at a time.
    async fn pour(
        &mut self,
        mut body: Box<dyn Body>,
        mut writing: Writing,
    ) -> Result<(Writing, Way), SandboxError> {
        let mut pace = Pace::begin();
        let mut piece: Vec<u8> = Vec::new();
        loop {
            let next = pace.next(body.as_mut()).await;
            let ended = match next {
                Next::Bytes(bytes) => {
                    let all = writing.length + (piece.len() + bytes.len()) as u64;
                    if all > self.part.size {
                        self.on_disk(move || writing.discard()).await?;
                        let why = format!("`{}` is longer than its list says", self.part.name);
                        return Err(wrong(self.source, &self.step, &why));
                    }
                    piece.extend_from_slice(&bytes);
                    (all == self.part.size).then_some(Ok(Way::Whole))
                }
                Next::End => Some(Ok(Way::Broke(self.broke("it ended before the file did")))),
                Next::Cut(error) => Some(match error.kind {
                    SourceErrorKind::Cut => Ok(Way::Broke(of_source(self.source, &self.step, &error))),
                    _ => Err(of_source(self.source, &self.step, &error)),
                }),
                Next::Slow => Some(Err(slow(self.source, &self.step))),
            };
            if piece.len() >= PIECE || ended.is_some() {
                let bytes = std::mem::take(&mut piece);
                self.fetched += bytes.len() as u64;
                writing = self
                    .on_disk(move || writing.add(&bytes).map(|()| writing))
                    .await?;
                self.tell(writing.length);
            }
            // A store that goes on sending was not asked for more: the connection is let go of.
            if let Some(way) = ended {
                return way.map(|way| (writing, way));
            }
        }
    }

    fn broke(&self, why: &str) -> SandboxError {
        let remedy = "check the network, then run `deskhand sandbox fetch`: it goes on where this ended";
        super::failed(
            self.source,
            &self.step,
            why,
            remedy,
            crate::error::IMAGE_UNREACHABLE,
        )
    }

    /// Says how far the image is.
    fn tell(&self, length: u64) {
        let others = self.image.parts.iter().filter(|part| part.name != self.part.name);
        let others: u64 = others
            .map(|part| here(&self.image.folder, &part.name, part.size))
            .sum();
        (self.told)(Progress {
            id: &self.image.id,
            part: &self.part.name,
            done: others + length,
            total: self.image.size(),
        });
    }

    /// Reads or writes beside the runtime's threads.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let place = self.image.folder.clone();
        beside(Step::Image, move || {
            work().map_err(|error| on_disk(&place, &error))
        })
        .await
    }
}

/// What came next.
enum Next {
    Bytes(Bytes),
    End,
    Cut(crate::source::SourceError),
    Slow,
}

/// A deadline by progress.
struct Pace {
    until: Instant,
    came: u64,
}

impl Pace {
    fn begin() -> Self {
        Self {
            until: Instant::now() + WINDOW,
            came: 0,
        }
    }

    async fn next(&mut self, body: &mut dyn Body) -> Next {
        loop {
            match timeout_at(self.until, body.next()).await {
                Ok(Ok(Some(bytes))) => {
                    self.came += bytes.len() as u64;
                    return Next::Bytes(bytes);
                }
                Ok(Ok(None)) => return Next::End,
                Ok(Err(error)) => return Next::Cut(error),
                Err(_) if self.came < LEAST => return Next::Slow,
                Err(_) => *self = Self::begin(),
            }
        }
    }
}
