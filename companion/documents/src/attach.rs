//! Files and folders that a person makes part of a session. Only what was attached here is reachable as a file
//! (Invariant 8); what leads there again after a restart is kept in the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_opc::{Limits, open_file};
use deskhand_protocol::document::{DocumentKind, DocumentView};
use deskhand_protocol::{DocumentId, ErrorCode, SessionId, UserError};
use deskhand_workspace::{
    Access, FileKind, Folder, Folders, ListLimits, RelativePath, WorkspaceError, nearest,
};
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::tools::DocumentTools;

/// Files of a folder that become documents of a session with it; `document_open` opens the others.
const MAX_FOLDER_FILES: usize = 50;

/// The setting of the add-in that holds a document's id, as the panes write it.
const EMBEDDED_ID: &str = "deskhand.documentId";

/// What leads to an attached file again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attached {
    folder: PathBuf,
    below: String,
    alone: bool,
}

/// A folder that became part of a session.
#[derive(Clone, Debug)]
pub struct AttachedFolder {
    /// Its real path.
    pub path: String,
    /// True where it may be read only.
    pub read_only: bool,
    /// Its documents, the nearest ones first. The caller makes them part of the session.
    pub documents: Vec<DocumentView>,
}

impl DocumentTools {
    /// Opens the door to a file for a session. The caller makes the document part of the session.
    pub async fn attach_file(&self, session: &SessionId, path: &Path) -> Result<DocumentView, UserError> {
        let path = path.to_owned();
        let held = self.registry.folders(session);
        let only_in_folders = self.access.only_in_folders;
        let opening = self.with_folders(move |folders| {
            let (kind, door) = one_file(folders, &path)?;
            if only_in_folders && nearest(&held, &door.path()).is_err() {
                return Err(UserError::new(ErrorCode::FolderRefused)
                    .happened("Your organisation allows files of attached folders only.")
                    .detail("blockReadsOutsideWorkingDirectories"));
            }
            Ok((kind, door))
        });
        let (kind, door) = opening.await?;
        self.admit(session, kind, door).await
    }

    /// Opens a folder and the doors to its documents for a session.
    pub async fn attach_folder(&self, session: &SessionId, path: &Path) -> Result<AttachedFolder, UserError> {
        let path = path.to_owned();
        let opened = self
            .with_folders(move |folders| whole_folder(folders, &path))
            .await?;
        self.admit_folder(session, opened).await
    }

    /// The same with a folder whose real path was told to a person: another one, to which a link leads by now, is refused.
    pub(crate) async fn attach_exactly(
        &self,
        session: &SessionId,
        path: &str,
    ) -> Result<AttachedFolder, UserError> {
        let told = path.to_owned();
        let opening = self.with_folders(move |folders| {
            let opened = whole_folder(folders, Path::new(&told))?;
            if opened.1 == told {
                Ok(opened)
            } else {
                Err(UserError::new(ErrorCode::FolderRefused)
                    .happened("The path leads to another folder than when it was allowed."))
            }
        });
        self.admit_folder(session, opening.await?).await
    }

    async fn admit_folder(
        &self,
        session: &SessionId,
        (folder, path, doors): Opened,
    ) -> Result<AttachedFolder, UserError> {
        self.records.put_folder(session, &path, true).await?;
        let read_only = folder.access() == Access::ReadOnly;
        self.registry.put_folder(session, folder);
        let mut documents = Vec::with_capacity(doors.len());
        for (kind, door) in with_ids(doors).await? {
            documents.push(self.admit_known(session, kind.0, door, kind.1).await?);
        }
        Ok(AttachedFolder {
            path,
            read_only,
            documents,
        })
    }

    /// Takes a folder out of a session: whoever works in it can do nothing more there. Answers the documents that came with
    /// it; the caller takes them out of the session.
    pub async fn detach_folder(&self, session: &SessionId, path: &str) -> Result<Vec<DocumentId>, UserError> {
        let documents = self.registry.take_folder(session, Path::new(path));
        self.records.put_folder(session, path, false).await?;
        for document in &documents {
            self.detach(session, document).await?;
        }
        Ok(documents)
    }

    /// Opens the doors of a session again that an earlier run opened, as far as the policy of today allows.
    pub async fn reattach(&self, session: &SessionId) -> Result<(), UserError> {
        for path in self.records.attached_folders(session).await? {
            let open = move |folders: &Folders| folders.open(&path).map_err(|error| refused(&error));
            match self.with_folders(open).await {
                Ok(folder) => self.registry.put_folder(session, folder),
                Err(error) => tracing::warn!(code = error.code.as_str(), "a folder is not attached again"),
            }
        }
        for (document, attached) in self.records.attached(session).await? {
            let held = self.registry.folders(session);
            let opened = self
                .with_folders(move |folders| attached.open(folders, &held))
                .await;
            match opened {
                Ok(door) => self.registry.put_door(session, &document, door),
                // The document stays part of the session and says so itself when it is used.
                Err(error) => tracing::warn!(%document, code = error.code.as_str(), "not attached again"),
            }
        }
        Ok(())
    }

    /// Closes the door to a file for a session. The caller takes the document out of the session.
    pub async fn detach(&self, session: &SessionId, document: &DocumentId) -> Result<(), UserError> {
        self.registry.leave(session, document);
        self.records.put_attached(session, document, None).await
    }

    pub(crate) async fn admit(
        &self,
        session: &SessionId,
        kind: DocumentKind,
        door: Door,
    ) -> Result<DocumentView, UserError> {
        let found = with_ids(vec![(kind, door)]).await?.pop();
        let (of, door) = found.ok_or_else(|| UserError::new(ErrorCode::Internal))?;
        self.admit_known(session, of.0, door, of.1).await
    }

    /// Makes a document known by the id that is embedded in it, where there is one, and keeps the way to it.
    async fn admit_known(
        &self,
        session: &SessionId,
        kind: DocumentKind,
        door: Door,
        embedded: Option<DocumentId>,
    ) -> Result<DocumentView, UserError> {
        let path = door.path();
        let path = path
            .to_str()
            .ok_or_else(|| UserError::new(ErrorCode::FolderRefused).detail("the path is not Unicode"))?;
        let fresh = DocumentId::new(self.world.now(), self.world.chance());
        let view = self.registry.attach_file(kind, path, embedded.as_ref(), fresh);
        let attached = Attached::of(&door);
        self.records
            .put_attached(session, &view.id, Some(attached))
            .await?;
        self.registry.put_door(session, &view.id, door);
        Ok(view)
    }

    pub(crate) async fn with_folders<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folders) -> Result<T, UserError> + Send + 'static,
    ) -> Result<T, UserError> {
        let folders = Arc::clone(&self.folders);
        let work = tokio::task::spawn_blocking(move || work(&folders)).await;
        work.map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?
    }
}

impl Attached {
    fn of(door: &Door) -> Self {
        let (folder, below, alone) = door.parts();
        Self {
            folder: folder.path().to_owned(),
            below: below.as_str().to_owned(),
            alone,
        }
    }

    fn open(self, folders: &Folders, held: &[Arc<Folder>]) -> Result<Door, UserError> {
        let of_session = held
            .iter()
            .find(|folder| !self.alone && folder.path() == self.folder);
        let folder = of_session.map_or_else(|| folders.open(&self.folder), |folder| Ok(Arc::clone(folder)));
        let folder = folder.map_err(|error| refused(&error))?;
        let below = RelativePath::parse(&self.below).map_err(|fault| refused(&fault.into()))?;
        Ok(if self.alone {
            Door::alone(folder, below)
        } else {
            Door::within(folder, below)
        })
    }
}

/// A document with the id that is embedded in it.
type Known = (DocumentKind, Option<DocumentId>);

/// Looks up the ids that are embedded in documents. Only those that a pane may stand in have one.
async fn with_ids(doors: Vec<(DocumentKind, Door)>) -> Result<Vec<(Known, Door)>, UserError> {
    let looking = tokio::task::spawn_blocking(move || {
        let found = doors.into_iter().map(|(kind, door)| {
            let may_be_live = matches!(kind, DocumentKind::Workbook | DocumentKind::Deck);
            let embedded = may_be_live.then(|| embedded_id(&door)).flatten();
            ((kind, embedded), door)
        });
        found.collect()
    });
    looking
        .await
        .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))
}

/// The id that a pane embedded in the file. One that cannot be read has none: using it says why. Of the file only the names
/// of its parts and the parts in question are read, and nothing is brought out of a cloud for it.
fn embedded_id(door: &Door) -> Option<DocumentId> {
    let limits = Limits::default();
    let file = door.stream_where_here()?;
    let extensions = open_file(file, &limits).ok()?.web_extensions().ok()?;
    let mut properties = extensions.into_iter().flat_map(|extension| extension.properties);
    let (_, value) = properties.find(|(name, _)| name == EMBEDDED_ID)?;
    serde_json::from_str(&value).ok()
}

/// The kind of document that a file name promises.
pub(crate) fn kind_of(name: &str) -> Option<DocumentKind> {
    match FileKind::of_name(name)? {
        FileKind::Workbook => Some(DocumentKind::Workbook),
        FileKind::Deck => Some(DocumentKind::Deck),
        FileKind::Text => Some(DocumentKind::Document),
        FileKind::Pdf => Some(DocumentKind::Pdf),
        FileKind::Table => Some(DocumentKind::Csv),
        FileKind::OldSheets => Some(DocumentKind::Legacy),
        FileKind::Plain => None,
    }
}

fn one_file(folders: &Folders, path: &Path) -> Result<(DocumentKind, Door), UserError> {
    let missing = || UserError::new(ErrorCode::DocumentNotFound);
    // A link is followed once, now, while the person names it; afterwards the file is what it led to.
    let real = path.canonicalize().map_err(|_| missing())?;
    let (Some(parent), Some(name)) = (real.parent(), real.file_name().and_then(|name| name.to_str())) else {
        return Err(missing());
    };
    let kind = kind_of(name).ok_or_else(|| UserError::new(ErrorCode::DocumentWrongKind))?;
    let folder = folders.open(parent).map_err(|error| refused(&error))?;
    let below = RelativePath::parse(name).map_err(|fault| refused(&fault.into()))?;
    folder
        .open_for_read(&below)
        .map_err(|error| missing().detail(error))?;
    Ok((kind, Door::alone(folder, below)))
}

/// A folder, its path, and the ways to its documents.
type Opened = (Arc<Folder>, String, Vec<(DocumentKind, Door)>);

fn whole_folder(folders: &Folders, path: &Path) -> Result<Opened, UserError> {
    let folder = folders.open(path).map_err(|error| refused(&error))?;
    let shown = folder
        .path()
        .to_str()
        .ok_or_else(|| UserError::new(ErrorCode::FolderRefused).detail("the path is not Unicode"))?
        .to_owned();
    let listing = folder
        .list(ListLimits::default())
        .map_err(|error| refused(&error))?;
    let documents = listing.entries.into_iter().filter_map(|entry| {
        let kind = kind_of(entry.path.name())?;
        Some((kind, Door::within(Arc::clone(&folder), entry.path)))
    });
    let documents = documents.take(MAX_FOLDER_FILES).collect();
    Ok((folder, shown, documents))
}

/// Why a folder was not opened, for a person.
pub(crate) fn refused(error: &WorkspaceError) -> UserError {
    let refusal = UserError::new(ErrorCode::FolderRefused);
    match error {
        WorkspaceError::NotAllowed(_) => refusal
            .happened("Your organisation does not allow this folder.")
            .detail("allowedWorkspaceFolders"),
        other => refusal.detail(other),
    }
}

#[cfg(test)]
mod tests;
