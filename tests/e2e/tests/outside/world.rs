//! A network that ends at this machine: every address of the world is answered here, and a resolver notes each name that
//! somebody asks for. The test runs again inside namespaces of its own; the computer's network and its `/etc` stay as
//! they are.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_test_support::Home;

/// Set inside, to the folder of the test's own `/etc`.
const INSIDE: &str = "DESKHAND_TEST_WORLD";
/// The resolver's address.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 53);
/// Where names lead: one address for each, from the second on (RFC 5737).
const NAMES: [u8; 3] = [198, 51, 100];

/// All addresses become this machine's own, so that a connection to any of them ends here, at once.
const ENTER: &str = r#"
set -e
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo
cp -r /etc/. "$DESKHAND_TEST_WORLD/" 2>/dev/null || true
rm -f "$DESKHAND_TEST_WORLD/resolv.conf"
echo "nameserver 192.0.2.53" > "$DESKHAND_TEST_WORLD/resolv.conf"
mkdir -p "$DESKHAND_TEST_WORLD/deskhand"
chmod 755 "$DESKHAND_TEST_WORLD" "$DESKHAND_TEST_WORLD/deskhand"
mount --bind "$DESKHAND_TEST_WORLD" /etc
exec "$@""#;

/// The namespaces that a test runs in, once it is inside.
pub(crate) struct World {
    etc: PathBuf,
    asked: Arc<Mutex<Asked>>,
}

/// The names that were asked for and where each leads, in the order of the questions.
#[derive(Default)]
struct Asked(Vec<String>);

impl Asked {
    fn address(&mut self, name: &str) -> Ipv4Addr {
        let known = self.0.iter().position(|asked| asked == name);
        let place = known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        let [a, b, c] = NAMES;
        Ipv4Addr::new(
            a,
            b,
            c,
            u8::try_from(place + 1).expect("a test asks for few names"),
        )
    }
}

impl World {
    /// Runs `test` again inside, and gives the world to that run; the run outside waits for it and gets `None`.
    pub(crate) fn enter(test: &str) -> Option<Self> {
        if let Some(etc) = std::env::var_os(INSIDE) {
            return Some(Self::resolving(etc.into()));
        }
        let etc = Home::new();
        let mut inner = Command::new("unshare");
        inner.args(["-rmn", "sh", "-c", ENTER, "sh"]);
        inner.arg(std::env::current_exe().expect("this program"));
        inner.args(["--exact", test, "--nocapture"]);
        let status = inner.env(INSIDE, etc.path()).status();
        assert!(
            status.expect("unshare is there").success(),
            "the test failed inside"
        );
        None
    }

    fn resolving(etc: PathBuf) -> Self {
        let asked = Arc::new(Mutex::new(Asked::default()));
        let socket = UdpSocket::bind((RESOLVER, 53)).expect("the resolver's port is free inside");
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || resolve(&socket, &noted));
        Self { etc, asked }
    }

    /// Where a name leads: for a test that puts a server there.
    pub(crate) fn address(&self, name: &str) -> Ipv4Addr {
        self.asked().address(name)
    }

    /// The names behind the addresses handed out so far.
    pub(crate) fn names(&self) -> BTreeMap<Ipv4Addr, String> {
        let names = self.asked().0.clone();
        let each = names.into_iter();
        each.map(|name| (self.address(&name), name)).collect()
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The administrator's file.
    pub(crate) fn manage(&self, settings: &serde_json::Value) {
        let file = self.etc.join("deskhand/managed-settings.json");
        std::fs::write(file, settings.to_string()).expect("the administrator's file");
    }

    /// Makes the computer trust an authority, as an administrator does: it is added to the system's own.
    pub(crate) fn trust(&self, authority: &str) {
        let bundle = self.etc.join("ssl/certs/ca-certificates.crt");
        let before = std::fs::read_to_string(&bundle).expect("the system's authorities");
        // Another file: the one in the copy may be a link to the computer's own.
        std::fs::remove_file(&bundle).expect("a copy");
        std::fs::write(bundle, format!("{before}\n{authority}")).expect("the copy's authorities");
    }
}

/// Answers each question until the process ends.
fn resolve(socket: &UdpSocket, asked: &Mutex<Asked>) {
    let mut buffer = [0; 512];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).expect("a question");
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answer(&buffer[..length], &mut asked);
        socket.send_to(&answer, from).expect("an answer");
    }
}

/// One IPv4 address for a question for that (RFC 1035), and none of any other kind.
fn answer(question: &[u8], asked: &mut Asked) -> Vec<u8> {
    let (name, end) = name_in(question);
    let is_ipv4 = question[end..end + 2] == [0, 1];
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
    answer.extend(&question[12..end + 4]);
    let address = asked.address(&name);
    if is_ipv4 {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    answer
}

/// The name that is asked for, and where it ends in the message.
fn name_in(question: &[u8]) -> (String, usize) {
    let mut labels = Vec::new();
    let mut at = 12;
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}
