//! Kept states: the memory of a machine whose agent was up and for which no session had begun. A machine that resumes
//! from one is up in a fraction of the time.
//!
//! A state is good for one engine of one version, one image, one size of machine and one accelerator; anything else starts
//! cold. It holds nothing of a session. Only this user may read it, and it is refused where its tag is another.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, Tag};

use crate::machine::{Engine, MachineSpec};
use crate::parts::sha256;

/// Where states are kept.
#[derive(Clone, Debug)]
pub struct StateStore {
    folder: PathBuf,
    seal: Arc<Seal>,
}

/// What shows that a state is what was kept: a tag over its name and content, HMAC-SHA-256
/// (<https://www.rfc-editor.org/rfc/rfc2104>).
#[derive(Debug)]
struct Seal(Key);

/// The largest state, in bytes: the memory of the largest machine.
pub(crate) const MAX_STATE: u64 = 16 << 30;

/// The bytes of a tag.
const TAG: usize = 32;

impl Seal {
    /// Without a key of the service's own everybody knows it: what is damaged is found, what was replaced is not.
    fn new(key: Option<&[u8; 32]>) -> Self {
        Self(Key::new(HMAC_SHA256, key.unwrap_or(&[0; 32])))
    }

    /// The name is part of it: a state under the name of another machine's is none.
    fn tag(&self, file: &Path, content: &[u8]) -> Tag {
        let mut context = Context::with_key(&self.0);
        // Of one length for all of them, so that nothing of it passes for content.
        let name = sha256(file.file_name().unwrap_or_default().as_encoded_bytes());
        context.update(name.as_bytes());
        context.update(content);
        context.sign()
    }

    fn holds(&self, file: &Path, content: &[u8], tag: &[u8]) -> bool {
        verify_slices_are_equal(self.tag(file, content).as_ref(), tag).is_ok()
    }
}

impl StateStore {
    /// The store in this folder.
    pub fn new(folder: PathBuf) -> Self {
        let seal = Arc::new(Seal::new(None));
        Self { folder, seal }
    }

    /// The same with a key that only the service has: a state that somebody else put there is refused, and so is one that
    /// was kept without it.
    #[must_use]
    pub fn with_key(self, key: &[u8; 32]) -> Self {
        let seal = Arc::new(Seal::new(Some(key)));
        Self { seal, ..self }
    }

    /// The state for such a machine, where a good one is kept. One that is damaged goes.
    pub async fn get(&self, engine: &dyn Engine, spec: &MachineSpec) -> Option<Vec<u8>> {
        let (file, seal) = (self.place(engine, spec), Arc::clone(&self.seal));
        blocking(move || {
            let kept = fs::read(&file)?;
            let opened = open(&seal, &file, &kept);
            if opened.is_none() {
                fs::remove_file(&file).ok();
            }
            opened.ok_or_else(|| io::ErrorKind::InvalidData.into())
        })
        .await
        .ok()
    }

    /// Whether a state for such a machine is kept, without a look into it: one that is damaged is found when it is used.
    pub async fn has(&self, engine: &dyn Engine, spec: &MachineSpec) -> bool {
        let file = self.place(engine, spec);
        blocking(move || fs::metadata(file))
            .await
            .is_ok_and(|found| found.is_file())
    }

    /// Keeps a state, and lets go of those of other engines and images; answers its size on the disk, in bytes.
    pub async fn put(&self, engine: &dyn Engine, spec: &MachineSpec, state: Vec<u8>) -> io::Result<u64> {
        let (file, seal) = (self.place(engine, spec), Arc::clone(&self.seal));
        let folder = self.folder.clone();
        blocking(move || put(&seal, &folder, &file, &state)).await
    }

    /// Lets go of all of them.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What they take on the disk, in bytes.
    pub fn size(&self) -> u64 {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        files
            .filter_map(|file| file.metadata().ok())
            .map(|found| found.len())
            .sum()
    }

    fn place(&self, engine: &dyn Engine, spec: &MachineSpec) -> PathBuf {
        self.folder.join(format!("{}.state", key(engine, spec)))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A state has hundreds of megabytes; reading, packing and comparing it is no work for a runtime's own threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn put(seal: &Seal, folder: &Path, file: &Path, state: &[u8]) -> io::Result<u64> {
    fs::create_dir_all(folder)?;
    for other in fs::read_dir(folder)?.flatten() {
        fs::remove_file(other.path()).ok();
    }
    let packed = zstd::bulk::compress(state, 1)?;
    let mut content = (state.len() as u64).to_be_bytes().to_vec();
    content.extend_from_slice(&packed);
    // Under a name of its own until it is whole; only this user may read it from the beginning.
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(seal.tag(file, &content).as_ref())?;
    beside.write_all(&content)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok((content.len() + TAG) as u64)
}

/// Everything that a state depends on. Disks are named by their place, which has the name of its content.
fn key(engine: &dyn Engine, spec: &MachineSpec) -> String {
    let text = format!("{}\n{spec:?}\n{}", engine.version(), processor());
    sha256(text.as_bytes())
}

/// The model of this computer's processor: with hardware acceleration the guest saw it.
fn processor() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = told
        .lines()
        .find(|line| line.starts_with("model name") || line.starts_with("CPU part"));
    line.unwrap_or_default().to_owned()
}

/// Checks the tag before anything is unpacked.
fn open(seal: &Seal, file: &Path, kept: &[u8]) -> Option<Vec<u8>> {
    let (tag, content) = kept.split_at_checked(TAG)?;
    if !seal.holds(file, content, tag) {
        return None;
    }
    let (length, packed) = content.split_first_chunk::<8>()?;
    let length = u64::from_be_bytes(*length);
    // Room is made for as many bytes at once.
    if length > MAX_STATE {
        return None;
    }
    zstd::bulk::decompress(packed, length as usize).ok()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::accelerator::Accelerator;
    use crate::error::SandboxError;
    use crate::machine::{BoxFuture, Machine, Start};
    use crate::qemu::Cage;

    /// An engine that has a name and starts nothing.
    #[derive(Debug)]
    struct Named;

    impl Engine for Named {
        fn version(&self) -> String {
            "named 1".to_owned()
        }

        fn cage(&self) -> Cage {
            Cage::default()
        }

        fn start<'a>(
            &'a self,
            _: &'a MachineSpec,
            _: Start,
        ) -> BoxFuture<'a, Result<Box<dyn Machine>, SandboxError>> {
            Box::pin(std::future::pending())
        }
    }

    fn spec(memory: u32) -> MachineSpec {
        MachineSpec {
            kernel: "/kernel".into(),
            initial: "/initrd".into(),
            disks: Vec::new(),
            session_disk: None,
            memory,
            processors: 1,
            accelerator: Accelerator::Tcg,
            words: Vec::new(),
        }
    }

    fn file_of(store: &StateStore) -> PathBuf {
        let mut files = fs::read_dir(store.folder()).unwrap();
        files.next().expect("a state").unwrap().path()
    }

    #[tokio::test]
    async fn a_state_is_given_back_as_it_was_for_the_machine_that_it_is_of() {
        let home = tempfile::tempdir().unwrap();
        let store = StateStore::new(home.path().join("states")).with_key(&[7; 32]);
        assert!(!store.has(&Named, &spec(512)).await);
        let size = store.put(&Named, &spec(512), b"a state".to_vec()).await.unwrap();
        assert_eq!(size, store.size());
        assert!(store.has(&Named, &spec(512)).await && !store.has(&Named, &spec(256)).await);
        assert_eq!(
            store.get(&Named, &spec(512)).await.as_deref(),
            Some(&b"a state"[..])
        );
        assert_eq!(store.get(&Named, &spec(256)).await, None);
    }

    #[tokio::test]
    async fn a_state_is_not_given_to_a_machine_with_another_disk_or_word() {
        let home = tempfile::tempdir().unwrap();
        let store = StateStore::new(home.path().join("states"));
        store.put(&Named, &spec(512), b"a state".to_vec()).await.unwrap();
        let layered = MachineSpec {
            disks: vec![("office".to_owned(), "/office".into())],
            ..spec(512)
        };
        let asked = MachineSpec {
            words: vec!["deskhand.office".to_owned()],
            ..spec(512)
        };
        assert!(!store.has(&Named, &layered).await && !store.has(&Named, &asked).await);
    }

    #[tokio::test]
    async fn a_state_that_somebody_without_the_key_put_there_is_refused_and_goes() {
        let home = tempfile::tempdir().unwrap();
        let open_to_all = StateStore::new(home.path().join("states"));
        for (kept_with, read_with) in [
            (open_to_all.clone(), open_to_all.clone().with_key(&[7; 32])),
            (
                open_to_all.clone().with_key(&[8; 32]),
                open_to_all.clone().with_key(&[7; 32]),
            ),
            (open_to_all.clone().with_key(&[7; 32]), open_to_all.clone()),
        ] {
            kept_with
                .put(&Named, &spec(512), b"another's".to_vec())
                .await
                .unwrap();
            let file = file_of(&kept_with);
            assert_eq!(read_with.get(&Named, &spec(512)).await, None);
            assert!(!file.exists());
        }
    }

    #[tokio::test]
    async fn a_state_under_the_name_of_another_machines_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let store = StateStore::new(home.path().join("states")).with_key(&[7; 32]);
        store.put(&Named, &spec(512), b"a state".to_vec()).await.unwrap();
        fs::rename(file_of(&store), store.place(&Named, &spec(256))).unwrap();
        assert_eq!(store.get(&Named, &spec(256)).await, None);
    }

    #[tokio::test]
    async fn a_state_that_was_changed_or_cut_anywhere_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let store = StateStore::new(home.path().join("states"));
        store.put(&Named, &spec(512), b"a state".to_vec()).await.unwrap();
        let file = file_of(&store);
        let whole = fs::read(&file).unwrap();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&file, changed).unwrap();
            assert_eq!(store.get(&Named, &spec(512)).await, None, "byte {place}");
            fs::write(&file, &whole[..place]).unwrap();
            assert_eq!(store.get(&Named, &spec(512)).await, None, "{place} bytes");
        }
        let mut endless = u64::MAX.to_be_bytes().to_vec();
        endless.extend_from_slice(&whole[TAG + 8..]);
        let tag = store.seal.tag(&file, &endless);
        fs::write(&file, [tag.as_ref(), &endless].concat()).unwrap();
        assert_eq!(store.get(&Named, &spec(512)).await, None, "a length without end");
        fs::write(&file, &whole).unwrap();
        assert!(store.get(&Named, &spec(512)).await.is_some());
    }
}
