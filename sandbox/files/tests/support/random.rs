//! Random folders and random changes, the same for the same seed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::guest::{FSYNC, Guest};

/// Numbers that are the same for the same seed (xorshift64*).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }

    /// One of few paths, so that changes meet.
    pub fn path(&mut self) -> String {
        let depth = self.below(3) + 1;
        let names: Vec<String> = (0..depth)
            .map(|_| ["a", "b", "c"][self.below(3) as usize].to_owned())
            .collect();
        names.join("/")
    }

    pub fn content(&mut self) -> Vec<u8> {
        let length = [0, 1, 100, 5_000][self.below(4) as usize];
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// What a person had in the folder.
pub fn fill(host: &Path, chance: &mut Chance) {
    for _ in 0..chance.below(9) {
        let path = host.join(chance.path());
        match chance.below(4) {
            0 => drop(fs::create_dir_all(&path)),
            1 => drop(std::os::unix::fs::symlink("a/b", &path)),
            _ => {
                drop(fs::create_dir_all(path.parent().unwrap()));
                if fs::write(&path, chance.content()).is_ok() {
                    let mode = [0o644, 0o600, 0o755][chance.below(3) as usize];
                    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                }
            }
        }
    }
}

/// One random change; what is refused is refused. Some leave a file open and written.
pub fn change(guest: &mut Guest, chance: &mut Chance) {
    let path = chance.path();
    let _ = match chance.below(12) {
        0 | 1 => guest.put(&path, &chance.content()),
        2 => guest.mkdir(&path),
        3 => guest.unlink(&path),
        4 => guest.rmdir(&path),
        5 | 6 => guest.rename(&path, &chance.path()),
        7 => guest.symlink(&path, ["c", "b/c", "a"][chance.below(3) as usize]),
        8 => guest.set(&path, 1, 0, 0, [0o600, 0o700, 0o640][chance.below(3) as usize], 0),
        9 => guest.set(&path, 1 << 5, 0, chance.below(1 << 30), 0, 0),
        10 => guest.set(&path, 1 << 3, chance.below(300), 0, 0, 0),
        _ => match guest.open(&path, 2) {
            Ok(handle) => {
                let data = chance.content();
                let at = chance.below(200);
                let wrote = guest.write(handle, at, &data);
                match chance.below(3) {
                    0 => wrote,
                    1 => guest.with(FSYNC, handle),
                    _ => guest.close(handle),
                }
            }
            Err(errno) => Err(errno),
        },
    };
}
