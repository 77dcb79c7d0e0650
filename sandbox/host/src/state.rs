//! Kept states: the memory of a machine whose agent was up and for which no session had begun. A machine that resumes
//! from one is up in a fraction of the time.
//!
//! A state is good for one engine of one version, one image, one size of machine and one accelerator; anything else starts
//! cold. It holds nothing of a session. Only this user may read it, and it is refused where its digest is another.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::machine::{Engine, MachineSpec};
use crate::parts::sha256;

/// Where states are kept.
#[derive(Clone, Debug)]
pub struct StateStore {
    folder: PathBuf,
}

impl StateStore {
    /// The store in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The state for such a machine, where a good one is kept. One that is damaged goes.
    pub async fn get(&self, engine: &dyn Engine, spec: &MachineSpec) -> Option<Vec<u8>> {
        let file = self.place(engine, spec);
        blocking(move || {
            let kept = fs::read(&file)?;
            let opened = open(&kept);
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
        let (folder, file) = (self.folder.clone(), self.place(engine, spec));
        blocking(move || put(&folder, &file, &state)).await
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

fn put(folder: &Path, file: &Path, state: &[u8]) -> io::Result<u64> {
    fs::create_dir_all(folder)?;
    for other in fs::read_dir(folder)?.flatten() {
        fs::remove_file(other.path()).ok();
    }
    let packed = zstd::bulk::compress(state, 1)?;
    let mut content = (state.len() as u64).to_be_bytes().to_vec();
    content.extend_from_slice(&packed);
    // Under a name of its own until it is whole; only this user may read it from the beginning.
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(sha256(&content).as_bytes())?;
    beside.write_all(&content)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok(content.len() as u64 + 64)
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

/// Checks the digest before anything is unpacked.
fn open(kept: &[u8]) -> Option<Vec<u8>> {
    let (digest, content) = kept.split_at_checked(64)?;
    verify_slices_are_equal(sha256(content).as_bytes(), digest).ok()?;
    let (length, packed) = content.split_first_chunk::<8>()?;
    zstd::bulk::decompress(packed, u64::from_be_bytes(*length) as usize).ok()
}
