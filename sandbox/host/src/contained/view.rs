//! What a process sandbox sees of this computer: its programs and libraries, for reading, and files of our own where its own would
//! name people, hosts or secrets. No home folder, no socket, no process, no other network than a loopback of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::path::Path;

/// Where the agent is within.
pub(super) const AGENT: &str = "/run/deskhand/agent";

/// What is shown of `/etc`: what programs of `/usr` need to start, to draw letters and to know authorities of TLS. No name of a
/// host or a person and no secret is in it.
const SETTINGS: [&str; 20] = [
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "debian_version",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "libreoffice",
    "localtime",
    "magic",
    "magic.mime",
    "matplotlibrc",
    "mime.types",
    "os-release",
    "paperspecs",
    "pki/tls/certs",
    "pki/ca-trust",
    "ssl/certs",
    "ssl/openssl.cnf",
];

/// Folders of a system that are links into `/usr` on most.
const ROOTS: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Devices that every program may have (bubblewrap's own set).
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// The rights of the agent within its own namespaces: it mounts, enters the namespaces of the corner, and looks at processes there.
const RIGHTS: [&str; 3] = ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE"];

/// Arguments of bubblewrap (bwrap(1)).
#[derive(Debug)]
pub(super) struct Arguments(pub(super) Vec<OsString>);

impl Arguments {
    pub(super) fn word(&mut self, word: &str) {
        self.0.push(word.into());
    }

    pub(super) fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    /// A file of ours, by its descriptor, which keeps its number: a copy of it, since what bubblewrap binds from a descriptor can be bound
    /// no second time.
    pub(super) fn given(&mut self, mode: &str, file: &File, place: &str) {
        let number = file.as_raw_fd().to_string();
        self.words(&["--perms", mode, "--file", &number, place]);
    }
}

/// Whether commands see what is at this place: one of the programs' folders, wherever a link leads.
pub(super) fn shows(place: &Path) -> bool {
    let roots = ROOTS.iter().map(|name| format!("/{name}"));
    let mut shown = roots.chain(["/usr".to_owned()]);
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    shown.any(|root| place.starts_with(root))
}

/// All but the files that are given.
pub(super) fn arguments(user: u32, fuse: &Path) -> Arguments {
    let mut list = Arguments(Vec::new());
    namespaces(&mut list, user);
    list.words(&["--ro-bind", "/usr", "/usr"]);
    for name in ROOTS {
        let place = format!("/{name}");
        match fs::read_link(&place) {
            Ok(target) => list.words(&["--symlink", &target.to_string_lossy(), &place]),
            Err(_) => list.words(&["--ro-bind-try", &place, &place]),
        }
    }
    for place in [
        "/etc",
        "/etc/pki",
        "/etc/ssl",
        "/home",
        "/sys",
        "/sys/devices",
        "/sys/devices/system",
        "/var",
        "/var/tmp",
    ] {
        list.words(&["--perms", "0755", "--dir", place]);
    }
    for name in SETTINGS {
        let place = format!("/etc/{name}");
        list.words(&["--ro-bind-try", &place, &place]);
    }
    list.words(&[
        "--ro-bind-try",
        "/sys/devices/system/cpu",
        "/sys/devices/system/cpu",
    ]);
    list.words(&["--proc", "/proc"]);
    // Not bubblewrap's own /dev: for its terminals it would put another user namespace around the agent, without rights on mounts.
    list.words(&[
        "--perms", "0755", "--dir", "/dev", "--perms", "0755", "--dir", "/dev/shm",
    ]);
    for name in DEVICES {
        let place = format!("/dev/{name}");
        list.words(&["--dev-bind", &place, &place]);
    }
    list.words(&["--dev-bind"]);
    list.0.push(fuse.into());
    list.word("/dev/fuse");
    for (target, place) in [
        ("/proc/self/fd", "/dev/fd"),
        ("/proc/self/fd/0", "/dev/stdin"),
        ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
    ] {
        list.words(&["--symlink", target, place]);
    }
    for place in ["/mnt", "/session", "/tmp", "/run", "/run/deskhand"] {
        list.words(&["--perms", "0755", "--dir", place]);
    }
    list.words(&["--chdir", "/"]);
    list
}

fn namespaces(list: &mut Arguments, user: u32) {
    let user = user.to_string();
    list.words(&["--unshare-user", "--uid", &user, "--gid", &user]);
    list.words(&[
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--hostname",
        "sandbox",
        "--as-pid-1",
        "--die-with-parent",
        "--new-session",
    ]);
    for right in RIGHTS {
        list.words(&["--cap-add", right]);
    }
}

/// Files of our own in the place of this computer's.
pub(super) fn files(user: u32) -> [(&'static str, String); 4] {
    let nobody = "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
    [
        (
            "/etc/passwd",
            format!(
                "root:x:0:0::/root:/usr/sbin/nologin\nuser:x:{user}:{user}::/home/user:/bin/bash\n{nobody}"
            ),
        ),
        (
            "/etc/group",
            format!("root:x:0:\nuser:x:{user}:\nnogroup:x:65534:\n"),
        ),
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n".to_owned()),
        (
            "/etc/nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files\n".to_owned(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_among_programs_is_known_also_behind_a_link() {
        for place in ["/usr/home/ada", "/usr/local/home", "/lib/ada"] {
            assert!(shows(Path::new(place)), "{place}");
        }
        for place in ["/home/ada", "/root", "/usrs/ada", "/"] {
            assert!(!shows(Path::new(place)), "{place}");
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("home");
        std::os::unix::fs::symlink("/usr/share", &link).unwrap();
        assert!(shows(&link));
    }
}
