//! What a part holds: as it stands in a file, or with changes that are yet to be written.

use std::io;
use std::sync::Arc;

use crate::blob::Blob;
use crate::changes::{Changes, Piece};
use crate::deflate::{Fault, Runs, Stream, bits, splice};
use crate::former::{Blocks, Former, Head, Trace};
use crate::patch::{EntryImage, Span};
use crate::reader::PartReader;
use crate::source::{Chain, Region};
use crate::zip::{Output, Packed, PackedReader};

/// The content of an entry.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// As it stands in a file.
    Packed(Packed),
    /// Changed since.
    Edited(Arc<Edited>),
    /// New: to be deflated under this central record when the package is written.
    Plain {
        content: Blob,
        central: Blob,
        /// The entry that stood here before an edit and a removal, while those are being taken back.
        former: Option<EntryImage>,
    },
}

/// An entry of a file, and how it was changed since.
#[derive(Clone, Debug)]
pub(crate) struct Edited {
    pub(crate) base: Packed,
    pub(crate) changes: Changes,
    /// Blocks that are made anew when it is written. They only ever grow, so that the patches of one part together hold all
    /// blocks that its file loses.
    runs: Runs,
    /// Blocks of an earlier file, while the patches that replaced them are being taken back.
    pub(crate) former: Vec<Blocks>,
}

impl Content {
    /// Its entry in a file, changed or not.
    pub(crate) fn base(&self) -> Option<&Packed> {
        match self {
            Self::Packed(packed) => Some(packed),
            Self::Edited(edited) => Some(&edited.base),
            Self::Plain { .. } => None,
        }
    }

    /// The central record under which it stands or will stand.
    pub(crate) fn central(&self) -> &Blob {
        match self {
            Self::Packed(packed) => &packed.central,
            Self::Edited(edited) => &edited.base.central,
            Self::Plain { central, .. } => central,
        }
    }

    /// Bytes of it. What a file declares is held to when it is read.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Packed(packed) => packed.size,
            Self::Edited(edited) => edited.changes.size(edited.base.size),
            Self::Plain { content, .. } => content.len() as u64,
        }
    }

    pub(crate) fn reader(&self, part: &str) -> PartReader {
        match self {
            Self::Packed(packed) => PartReader::of_file(part, packed),
            Self::Edited(edited) => {
                let Edited { base, changes, .. } = &**edited;
                let pieces = changes.pieces(0..base.size, true).collect();
                PartReader::new(part, pieces, Some(PackedReader::new(base)))
            }
            Self::Plain { content, .. } => PartReader::of(part, content.clone()),
        }
    }

    /// This content with spans replaced, and what its file loses by that beyond what it lost before. The spans stand in
    /// order and within the content; new content is not changed here.
    pub(crate) fn edited(&self, spans: &[Span]) -> Result<Option<(Edited, Former)>, Fault> {
        let (base, changes, runs) = match self {
            Self::Packed(packed) => (packed, &Changes::default(), &Runs::default()),
            Self::Edited(edited) => (&edited.base, &edited.changes, &edited.runs),
            Self::Plain { .. } => return Ok(None),
        };
        let index = base.index()?;
        let changes = changes.with(spans, base.size);
        let mut covered = runs.clone();
        if base.deflated {
            covered.cover(&index, changes.iter().map(|change| change.old.clone()));
        }
        let data = base.data();
        let mut blocks = Vec::new();
        for run in covered.without(runs) {
            let bits = bits(&index, &run, data.len());
            let bytes = data.slice(bits.start / 8..bits.end.div_ceil(8)).bytes()?;
            blocks.push(Blocks {
                start: bits.start,
                end: bits.end,
                content: index.marks.get(run.end).map_or(base.size, |mark| mark.content),
                bytes: bytes.into(),
            });
        }
        let head = match self {
            Self::Packed(packed) => Some(Head::of(packed)?),
            _ => None,
        };
        let edited = Edited {
            base: base.clone(),
            changes,
            runs: covered,
            former: Vec::new(),
        };
        Ok(Some((edited, Former::Trace(Trace { head, blocks }))))
    }

    /// The entry to write.
    pub(crate) fn output(&self) -> io::Result<Output> {
        match self {
            Self::Packed(packed) => Ok(Output {
                extent: packed.extent.clone(),
                central: packed.central.clone(),
            }),
            Self::Edited(edited) => edited.output(),
            Self::Plain { content, central, .. } => Output::deflate(central, content),
        }
    }
}

impl Edited {
    fn output(&self) -> io::Result<Output> {
        let size = self.changes.size(self.base.size);
        let central = &self.base.central;
        let failed = |fault: Fault| match fault {
            Fault::Io(kind) => io::Error::from(kind),
            _ => io::Error::new(io::ErrorKind::InvalidData, "a part changed while it was read"),
        };
        if !self.base.deflated {
            let data = self.stored();
            let mut checksum = crc32fast::Hasher::new();
            data.copy_to(&mut Summing(&mut checksum))?;
            return Output::new(central, false, data, size, checksum.finalize());
        }
        let index = self.base.index().map_err(failed)?;
        let data = self.base.data();
        let stream = Stream {
            data: &data,
            index: &index,
            size: self.base.size,
            checksum: self.base.crc,
        };
        let mut packed = Some(PackedReader::new(&self.base));
        let spliced = splice(&stream, &self.runs, &mut |range, with_end, sink| {
            let pieces = self.changes.pieces(range, with_end).collect();
            packed = read(pieces, packed.take(), sink)?;
            Ok(())
        });
        let spliced = spliced.map_err(failed)?;
        Output::new(central, true, spliced.data.into(), size, spliced.checksum)
    }

    /// The present content of an entry that is not deflated.
    pub(crate) fn stored(&self) -> Region {
        let data = self.base.data();
        let mut chain = Chain::default();
        for piece in self.changes.pieces(0..self.base.size, true) {
            chain.push(match piece {
                Piece::Kept(range) => data.slice(range),
                Piece::New(blob) => blob.into(),
            });
        }
        chain.into()
    }
}

/// Passes pieces on, and gives the reader back.
fn read(
    pieces: Vec<Piece>,
    packed: Option<PackedReader>,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<Option<PackedReader>, Fault> {
    let size = pieces.iter().map(Piece::len).sum();
    let mut reader = PartReader::new("", pieces, packed);
    while reader.position() < size {
        let chunk = reader.fault_or_chunk()?;
        if chunk.is_empty() {
            return Err(Fault::Size);
        }
        sink(chunk)?;
        let count = chunk.len();
        reader.advance(count);
    }
    Ok(reader.into_packed())
}

/// Takes bytes into a checksum.
struct Summing<'a>(&'a mut crc32fast::Hasher);

impl io::Write for Summing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
