//! What is done in a shared folder: the same scripts for ours and for what it stands beside.

use std::path::{Path, PathBuf};

/// A script of the shell that runs within the folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// As the reader is told.
    pub(super) name: &'static str,
    /// What runs.
    pub(super) script: &'static str,
    /// How much of a file it moves, where that is what counts.
    pub(super) megabytes: f64,
}

/// Bytes of the file that is read: 64 MB as `dd` counts them.
const BIG: usize = 64 << 20;

/// First of all: the repository that the others look at.
pub(super) const REPOSITORY: Work = Work {
    name: "a repository of 1,000 files made",
    script: "mkdir repo && cd repo && for d in 0 1 2 3 4 5 6 7 8 9; do mkdir $d; for i in $(seq 100); do \
             head -c 2000 /dev/urandom > $d/$i; done; done; git init -q . && git add -A && \
             git -c user.email=a@b.example -c user.name=a commit -qm x",
    megabytes: 0.0,
};

/// What follows, in this order.
pub(super) const WORK: [Work; 4] = [
    Work {
        name: "read 64 MB",
        script: "cat big > /dev/null",
        megabytes: 64.0,
    },
    Work {
        name: "write 32 MB, flushed",
        script: "dd if=/dev/zero of=out bs=1M count=32 conv=fsync 2>/dev/null",
        megabytes: 32.0,
    },
    Work {
        name: "git status on 1,000 files, first",
        script: "cd repo && git status --short",
        megabytes: 0.0,
    },
    Work {
        name: "  again",
        script: "cd repo && git status --short",
        megabytes: 0.0,
    },
];

/// A folder of the host, with the file that is read: the host wrote it, so it is in no cache of a guest.
pub(super) fn folder(home: &Path, name: &str) -> PathBuf {
    let folder = home.join(name);
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("big"), vec![7_u8; BIG]).expect("a file");
    folder
}

/// The repository and then the rest, by what runs a script in the folder and answers its milliseconds.
pub(super) fn all(mut run: impl FnMut(&str) -> f64) -> Vec<f64> {
    std::iter::once(&REPOSITORY)
        .chain(&WORK)
        .map(|work| run(work.script))
        .collect()
}
