//! A package: parts by name, changed by patches only, written with everything else as it was.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::blob::Blob;
use crate::content::Content;
use crate::content_types::{self, ContentTypes};
use crate::error::PackageError;
use crate::foreign;
use crate::limits::Limits;
use crate::name::{self, relationships_of};
use crate::ole;
use crate::reader::PartReader;
use crate::relationships::{self, Relationship, Target};
use crate::source::{ReadAt, Region};
use crate::zip::{self, Packed, Tail};

/// Parts up to this size in bytes are kept inflated after the first look.
pub(crate) const KEPT: u64 = 1 << 20;
/// Bytes of parts that are kept inflated so, taken together: a small file may hold thousands of parts that swell.
const KEPT_ALL: u64 = 64 << 20;

/// One entry of the package. Entries that are no parts (folders) are kept too.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The part's name in its own spelling.
    pub(crate) name: String,
    pub(crate) content: Content,
    /// All of it, where it is small and was looked at.
    plain: OnceLock<Blob>,
}

/// An Office package. Cloning is cheap: content is shared.
#[derive(Clone, Debug)]
pub struct Package {
    /// By key, see [`name::key`].
    entries: HashMap<String, Arc<Entry>>,
    /// Keys in the order of the ZIP directory.
    pub(crate) directory: Vec<String>,
    /// Keys in the order in which the entries stand in the file.
    pub(crate) layout: Vec<String>,
    tail: Tail,
    limits: Limits,
    /// Bytes of parts that were kept inflated, over all clones.
    kept: Arc<AtomicU64>,
}

impl Package {
    /// A package without a part but the list of content types, to be filled through a [`crate::Draft`].
    pub fn new(limits: &Limits) -> Self {
        let mut package = Self {
            entries: HashMap::new(),
            directory: Vec::new(),
            layout: Vec::new(),
            tail: Tail::fresh(),
            limits: *limits,
            kept: Arc::default(),
        };
        let types = Content::Plain {
            content: content_types::EMPTY.into(),
            central: zip::fresh_header(content_types::PART).into(),
            former: None,
        };
        package.put(content_types::PART, types, None);
        package
    }

    /// Reads a package's directory; parts are inflated when they are asked for.
    pub fn open(bytes: impl Into<Blob>, limits: &Limits) -> Result<Self, PackageError> {
        Self::open_reader(Arc::new(bytes.into()), limits)
    }

    /// Reads a package's directory out of a file or anything else that is read at places; parts are read when they are
    /// asked for, and what is not touched is copied from there when the package is written.
    pub fn open_reader(source: Arc<dyn ReadAt>, limits: &Limits) -> Result<Self, PackageError> {
        let file = Region::of(source)?;
        if file.len() == 0 {
            return Err(PackageError::Empty);
        }
        if file.len() > limits.file_bytes {
            return Err(PackageError::TooLarge(format!("it has {} bytes", file.len())));
        }
        let start = file.slice(0..8).bytes()?;
        if !start.starts_with(b"PK\x03\x04") {
            if !ole::is_compound(&start) {
                let head = file.slice(0..foreign::LOOK.min(file.len())).bytes()?;
                return Err(foreign::cause(&head));
            }
            return Err(ole::cause(&file.bytes()?).unwrap_or(PackageError::NotAPackage));
        }
        let archive = zip::read(&file, limits)?;
        let mut package = Self {
            entries: HashMap::new(),
            directory: Vec::new(),
            layout: Vec::new(),
            tail: archive.tail,
            limits: *limits,
            kept: Arc::default(),
        };
        for (raw, packed) in archive.entries {
            let name = name::normalise(&raw)?;
            let key = name::key(&name);
            let entry = Entry {
                name,
                content: Content::Packed(packed),
                plain: OnceLock::new(),
            };
            if package.entries.insert(key.clone(), Arc::new(entry)).is_some() {
                return Err(PackageError::DuplicateName(raw));
            }
            package.directory.push(key);
        }
        package.layout = archive
            .layout
            .iter()
            .map(|index| package.directory[*index].clone())
            .collect();
        if !package.contains(content_types::PART) {
            return Err(foreign::archive(&file.slice(0..120).bytes()?));
        }
        Ok(package)
    }

    /// The caps that the package was opened with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The names of all parts, in the order of the file.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.directory
            .iter()
            .filter_map(|key| self.entries.get(key))
            .map(|entry| entry.name.as_str())
            .filter(|name| !name.ends_with('/'))
    }

    /// True when there is such a part, case aside.
    pub fn contains(&self, part: &str) -> bool {
        self.entries.contains_key(&name::key(part))
    }

    /// A part's name in the file's own spelling.
    pub fn spelling(&self, part: &str) -> Option<&str> {
        self.entry(part).map(|entry| entry.name.as_str())
    }

    pub(crate) fn entry(&self, part: &str) -> Option<&Entry> {
        self.entries.get(&name::key(part)).map(|entry| &**entry)
    }

    /// As [`Package::entry`], refused where there is no such part.
    pub(crate) fn held(&self, part: &str) -> Result<&Entry, PackageError> {
        self.entry(part)
            .ok_or_else(|| PackageError::MissingPart(part.to_owned()))
    }

    /// A part's content, all of it in memory. Of large parts [`Package::part_reader`] needs far less.
    pub fn part(&self, part: &str) -> Result<Blob, PackageError> {
        let entry = self.held(part)?;
        if let Some(content) = entry.plain.get() {
            return Ok(content.clone());
        }
        let content = match &entry.content {
            Content::Plain { content, .. } => return Ok(content.clone()),
            Content::Packed(packed) => packed
                .inflate()
                .map_err(|fault| PackageError::of_part(&entry.name, fault))?
                .into(),
            Content::Edited(_) => entry.content.reader(&entry.name).take_bytes(usize::MAX)?,
        };
        let length = content.len() as u64;
        if length <= KEPT && self.kept.fetch_add(length, Ordering::Relaxed) <= KEPT_ALL {
            return Ok(entry.plain.get_or_init(|| content).clone());
        }
        Ok(content)
    }

    /// A part's content, piece by piece.
    pub fn part_reader(&self, part: &str) -> Result<PartReader, PackageError> {
        let entry = self.held(part)?;
        Ok(match entry.plain.get() {
            Some(content) => PartReader::of(&entry.name, content.clone()),
            None => entry.content.reader(&entry.name),
        })
    }

    /// The size of a part's content in bytes, as the file declares it; reading holds the part to it.
    pub fn part_size(&self, part: &str) -> Result<u64, PackageError> {
        Ok(self.held(part)?.content.size())
    }

    /// The declared content types.
    pub fn content_types(&self) -> Result<ContentTypes, PackageError> {
        ContentTypes::parse(&self.part(content_types::PART)?, &self.limits)
    }

    /// The relationships of a part, or of the package itself when `source` is empty; none where it has no such part.
    pub fn relationships(&self, source: &str) -> Result<Vec<Relationship>, PackageError> {
        let part = relationships_of(source);
        if !self.contains(&part) {
            return Ok(Vec::new());
        }
        relationships::parse(source, &part, &self.part(&part)?, &self.limits)
    }

    /// The parts that `source` is related to by a type, given by the last segment of its URI (`worksheet`), in the
    /// spelling of the file. Targets that are not in the package are left out.
    pub fn related(&self, source: &str, kind: &str) -> Result<Vec<String>, PackageError> {
        let relationships = self.relationships(source)?;
        let parts = relationships
            .iter()
            .filter(|relationship| relationship.is(kind))
            .filter_map(|relationship| match &relationship.target {
                Target::Part(part) => self.spelling(part).map(str::to_owned),
                Target::External(_) => None,
            });
        Ok(parts.collect())
    }

    /// The main part: the workbook, the presentation, the document.
    pub fn main_part(&self) -> Result<String, PackageError> {
        let part = self.related("", "officeDocument")?.into_iter().next();
        part.ok_or_else(|| PackageError::Damaged("it has no main part".to_owned()))
    }

    /// True when the package carries a digital signature, which any edit invalidates.
    pub fn is_signed(&self) -> Result<bool, PackageError> {
        Ok(self
            .relationships("")?
            .iter()
            .any(|relationship| relationship.kind.ends_with("digital-signature/origin")))
    }

    /// What each digital signature covers, and who signed when by its own account.
    pub fn signatures(&self) -> Result<Vec<crate::signature::Signature>, PackageError> {
        crate::signature::read(self)
    }

    /// The sensitivity labels, those that were taken away among them.
    pub fn labels(&self) -> Result<Vec<crate::label::Label>, PackageError> {
        crate::label::read(self)
    }

    /// The sensitivity label for showing: the name of the first one that counts where the file tells it, otherwise its id.
    pub fn label(&self) -> Result<Option<String>, PackageError> {
        let labels = self.labels()?;
        let active = labels.iter().find(|label| label.is_active());
        Ok(active.map(|label| label.display().to_owned()))
    }

    /// The add-ins that the document names, with what each keeps in it.
    pub fn web_extensions(&self) -> Result<Vec<crate::extension::WebExtension>, PackageError> {
        crate::extension::read(self)
    }

    /// A part's entry in the file that was read, without the changes since.
    pub(crate) fn base(&self, part: &str) -> Option<&Packed> {
        self.entry(part)?.content.base()
    }

    /// Sets a part's content, with all of it where it is known and small. A new part stands last.
    pub(crate) fn put(&mut self, part: &str, content: Content, plain: Option<Blob>) {
        let key = name::key(part);
        let held = self.entries.get(&key);
        let name = held.map_or_else(|| part.to_owned(), |entry| entry.name.clone());
        let plain = plain.filter(|plain| plain.len() as u64 <= KEPT);
        let plain = plain.map_or_else(OnceLock::new, OnceLock::from);
        let entry = Arc::new(Entry { name, content, plain });
        if self.entries.insert(key.clone(), entry).is_none() {
            self.directory.push(key.clone());
            self.layout.push(key);
        }
    }

    /// Moves a part to places in directory and file; places beyond the end mean the end.
    pub(crate) fn place(&mut self, part: &str, directory: usize, layout: usize) {
        let key = name::key(part);
        for (order, place) in [(&mut self.directory, directory), (&mut self.layout, layout)] {
            order.retain(|other| *other != key);
            order.insert(place.min(order.len()), key.clone());
        }
    }

    /// Where a part stands in directory and file.
    pub(crate) fn places(&self, part: &str) -> Option<(usize, usize)> {
        let key = name::key(part);
        let find = |order: &[String]| order.iter().position(|other| *other == key);
        Some((find(&self.directory)?, find(&self.layout)?))
    }

    /// Takes a part out.
    pub(crate) fn take(&mut self, part: &str) {
        let key = name::key(part);
        self.entries.remove(&key);
        self.directory.retain(|other| *other != key);
        self.layout.retain(|other| *other != key);
    }

    /// Writes the package: untouched entries as they stand, of changed ones the blocks that changed.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = zip::Writer::new(out);
        let mut positions = HashMap::with_capacity(self.layout.len());
        for key in &self.layout {
            if let Some(entry) = self.entries.get(key) {
                positions.insert(key, positions.len());
                writer.entry(entry.content.output()?)?;
            }
        }
        let directory: Vec<usize> = self
            .directory
            .iter()
            .filter_map(|key| positions.get(key).copied())
            .collect();
        writer.finish(&directory, &self.tail)
    }

    /// The package as bytes.
    pub fn write(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
