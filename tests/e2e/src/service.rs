//! The service as a process, and the command line of its user.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use deskhand_platform::Paths;
use deskhand_platform::local::LocalAddress;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_server::Attachment;
use deskhand_test_support::{Child, Home, binary, eventually, repository};
use serde_json::Value;

use crate::{FrontEnd, PATIENCE};

/// Shows a copy of `/etc` with the administrator's file in it, then becomes the program: the computer's own stays as it is.
const MANAGED: &str = r#"
cp -r /etc/. "$DESKHAND_HOME/etc/" 2>/dev/null
chmod 755 "$DESKHAND_HOME/etc" "$DESKHAND_HOME/etc/deskhand"
mount --bind "$DESKHAND_HOME/etc" /etc && exec "$@""#;

/// Whether this process is root.
fn is_root() -> bool {
    let told = Command::new("id").arg("-u").output().expect("id runs");
    told.stdout == b"0\n"
}

/// A user's home with its settings.
#[derive(Debug)]
pub struct Setup {
    home: Home,
}

/// A command that ended.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub status: ExitStatus,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Finished {
    /// The exit code; `None` when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// The program `deskhand` for the user of this home.
pub fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("deskhand"));
    command.env("DESKHAND_HOME", home).args(arguments);
    // The terminal of whoever runs the tests must not decide what is asked.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a command to its end, with `input` on its standard input.
pub fn finish(mut command: Command, input: &str) -> Finished {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("deskhand starts");
    let mut stdin = child.stdin.take().expect("standard input was piped");
    // A command that does not read its input closes it.
    stdin.write_all(input.as_bytes()).ok();
    drop(stdin);
    let output = child.wait_with_output().expect("deskhand can be waited for");
    Finished {
        status: output.status,
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Setup {
    /// A home without settings.
    pub fn empty() -> Self {
        Self { home: Home::new() }
    }

    /// A home whose gateway is at `url`, with the key `e2e-key`.
    pub fn with_gateway(url: &str) -> Self {
        let setup = Self::empty();
        setup.configure("inferenceProvider", "gateway");
        setup.configure("inferenceGatewayBaseUrl", url);
        setup.key("e2e-key");
        setup
    }

    /// Sets a key of the user's own.
    pub fn configure(&self, key: &str, value: &str) {
        let done = self.run(&["config", "set", key, value]);
        assert!(done.status.success(), "config set {key}: {}", done.err);
    }

    /// Sets the gateway's key.
    pub fn key(&self, key: &str) {
        self.give("inferenceGatewayApiKey", key);
    }

    /// Sets a key of the user's own by standard input.
    pub fn give(&self, key: &str, value: &str) {
        let set = command(self.path(), &["config", "set", key]);
        let done = finish(set, value);
        assert!(done.status.success(), "config set {key}: {}", done.err);
    }

    /// Writes the administrator's file, of which only [`Service::managed`] knows.
    pub fn manage(&self, settings: &Value) {
        let folder = self.path().join("etc/deskhand");
        std::fs::create_dir_all(&folder).expect("a folder");
        let beside = folder.join("new");
        std::fs::write(&beside, settings.to_string()).expect("a file");
        std::fs::rename(beside, folder.join("managed-settings.json")).expect("a file is exchanged");
    }

    /// A command line of `deskhand` under the administrator's file of the home. Who is root stays it; anybody else is root as far as
    /// `/etc` goes.
    pub fn under_management(&self, arguments: &[&str]) -> Command {
        let how = if is_root() { "-m" } else { "-rm" };
        let mut command = Command::new("unshare");
        command
            .args([how, "sh", "-c", MANAGED, "sh"])
            .arg(binary("deskhand"))
            .args(arguments)
            .env("DESKHAND_HOME", self.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The folder of everything.
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// A copy of a fixture, `workbooks/ironcalc__example.xlsx`, under another name in this home.
    pub fn fixture(&self, fixture: &str, name: &str) -> PathBuf {
        let copy = self.path().join(name);
        let bytes = std::fs::read(repository().join("file-tools/fixtures").join(fixture));
        std::fs::write(&copy, bytes.expect("the fixture")).expect("a file in the home");
        copy
    }

    /// A program of these lines for `sh`.
    #[cfg(unix)]
    pub fn program(&self, name: &str, lines: &str) -> PathBuf {
        let program = self.path().join(name);
        // Written by another process: a file that this one has open for writing could not be run.
        let mut write = Command::new("sh");
        write.args([
            "-c",
            "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$2\" && chmod 700 \"$2\"",
            "sh",
            lines,
        ]);
        assert!(write.arg(&program).status().expect("sh runs").success());
        program
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.path().join("data/local.db")
    }

    /// Runs `deskhand` to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        finish(command(self.path(), arguments), "")
    }
}

/// The command line of a service that ends with the test.
fn serve(port: &str) -> [&str; 5] {
    ["serve", "--ready-json", "--until-stdin-closes", "--port", port]
}

/// A running service. It is killed with the value.
#[derive(Debug)]
pub struct Service {
    home: PathBuf,
    child: Mutex<Child>,
    address: String,
}

impl Service {
    /// Starts one on a port; 0 takes a free one. It is there when this returns.
    pub fn start(setup: &Setup, port: u16) -> Self {
        Self::started(
            setup.path(),
            &mut command(setup.path(), &serve(&port.to_string())),
        )
    }

    /// The same under another program, such as strace, which is given the service's command line.
    pub fn under(setup: &Setup, program: &str, arguments: &[&str]) -> Self {
        let mut outer = Command::new(program);
        outer.env("DESKHAND_HOME", setup.path()).args(arguments);
        outer.arg(binary("deskhand")).args(serve("0"));
        Self::started(setup.path(), &mut outer)
    }

    /// Starts one under the administrator's file of the home.
    pub fn managed(setup: &Setup) -> Self {
        Self::under(setup, "unshare", &["-rm", "sh", "-c", MANAGED, "sh"])
    }

    /// Waits until a service that `command` starts is there.
    pub fn started(home: &Path, command: &mut Command) -> Self {
        let child = Child::spawn(command);
        let line = child.line(PATIENCE, |line| line.starts_with('{'));
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        let address = ready["address"].as_str().expect("an address").to_owned();
        Self {
            home: home.to_owned(),
            child: Mutex::new(child),
            address,
        }
    }

    /// Its origin, `https://localhost:47600`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        let port = self.address.rsplit(':').next().map(str::parse);
        port.expect("an address with a port").expect("a port")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// What it wrote to standard error, for a test that fails.
    pub fn errors(&self) -> String {
        self.child().errors()
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&self) {
        self.child().kill();
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&self) {
        let mut child = self.child();
        drop(child.stdin());
        child.ended(PATIENCE);
    }

    /// The way in over the local channel.
    pub async fn attachment(&self, kind: FrontEndKind) -> Attachment {
        let address = LocalAddress::of(&Paths::below(&self.home));
        let attached = deskhand_server::attach(&address, kind).await;
        attached.expect("the service answers on its local channel")
    }

    /// A window or a terminal that has said hello.
    pub async fn join(&self, kind: FrontEndKind) -> FrontEnd {
        self.joined(kind, self.attachment(kind).await).await
    }

    /// The same once a service that starts anew is there.
    pub async fn rejoin(&self, kind: FrontEndKind) -> FrontEnd {
        let address = LocalAddress::of(&Paths::below(&self.home));
        let attached = eventually("the service is there again", PATIENCE, async || {
            deskhand_server::attach(&address, kind).await.ok()
        });
        self.joined(kind, attached.await).await
    }

    async fn joined(&self, kind: FrontEndKind, attachment: Attachment) -> FrontEnd {
        let mut front_end = FrontEnd::connect(&attachment, Some(&attachment.token), None).await;
        front_end
            .hello(kind, &attachment.token, None)
            .await
            .expect("hello is answered");
        front_end
    }
}
