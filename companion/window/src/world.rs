//! What the window does outside its web view: the local channel, the service's program, the browser, its one file.
//! Decides nothing; each result goes back to the controller as an event.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use deskhand_platform::{Paths, open};

use crate::bootstrap;
use crate::controller::Event;
use crate::geometry::Geometry;
use crate::messages::{Item, ItemKind};

/// What is kept of the service's last words, in bytes.
const SAID_CAP: u64 = 16 * 1024;

/// Takes an event to the controller, from any thread.
pub(crate) type Send = Arc<dyn Fn(Event) + std::marker::Send + Sync>;

/// The world as the window may touch it.
#[derive(Debug)]
pub(crate) struct World {
    paths: Paths,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new(paths: Paths) -> anyhow::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(1)
            .enable_all()
            .build()
            .context("no thread for the local channel")?;
        Ok(Self { paths, runtime })
    }

    /// The shape of the last time, if one was kept.
    pub(crate) fn geometry(&self) -> Option<Geometry> {
        Geometry::read(&self.geometry_file())
    }

    /// Keeps the shape. A shape that cannot be kept is no reason to trouble anybody.
    pub(crate) fn remember(&self, geometry: Geometry) {
        if let Err(error) = self
            .paths
            .create()
            .and_then(|()| geometry.write(&self.geometry_file()))
        {
            eprintln!("the window's size was not kept: {error}");
        }
    }

    fn geometry_file(&self) -> PathBuf {
        self.paths.data().join("window.json")
    }

    /// Asks the service for the page.
    pub(crate) fn bootstrap(&self, send: Send) {
        let paths = self.paths.clone();
        self.runtime
            .spawn(async move { send(Event::Bootstrapped(bootstrap::fetch(&paths).await)) });
    }

    /// Starts the service that lies beside this program; it outlives the window.
    pub(crate) fn start_service(&self, send: Send) {
        let paths = self.paths.clone();
        self.runtime
            .spawn_blocking(move || send(Event::ServiceStarted(start(&paths))));
    }

    /// Looks what lies at paths that were dropped. A drive that is slow to answer holds up nobody else.
    pub(crate) fn look_at(&self, paths: Vec<PathBuf>, send: Send) {
        self.runtime.spawn_blocking(move || {
            send(Event::LookedAt(
                paths.iter().map(|path| Item::new(path, kind_of(path))).collect(),
            ));
        });
    }

    /// Hands an address to the browser; what is no web or mail address is refused there.
    pub(crate) fn open_in_browser(address: &str) {
        if let Err(error) = open::in_browser(address) {
            eprintln!("the link was not opened: {error}");
        }
    }
}

/// What lies at a path, links followed as they are when a path is typed.
fn kind_of(path: &Path) -> ItemKind {
    match path.metadata() {
        Ok(found) if found.is_dir() => ItemKind::Folder,
        Ok(found) if found.is_file() => ItemKind::File,
        _ => ItemKind::Other,
    }
}

/// Runs `deskhand serve` until it listens, or gives the reason why it does not. What it logs goes to a file and not to
/// a pipe: the service must not end because the window did.
fn start(paths: &Paths) -> Result<(), String> {
    let log = paths.cache().join("service.log");
    let no_log = |error: &dyn std::fmt::Display| format!("the service's log cannot be written: {error}");
    paths.create().map_err(|error| no_log(&error))?;
    let window = std::env::current_exe().map_err(|error| format!("this program has no place: {error}"))?;
    let mut service =
        Command::new(window.with_file_name(format!("deskhand{}", std::env::consts::EXE_SUFFIX)));
    service.args(["serve", "--ready-json"]);
    listening(&mut service, &log).map_err(|error| match error {
        NotListening::Start(error) => format!("`deskhand` could not be started: {error}"),
        NotListening::Log(error) => no_log(&error),
        NotListening::Ended(said) => said,
    })
}

/// Why a service does not listen.
#[derive(Debug)]
enum NotListening {
    Log(io::Error),
    Start(io::Error),
    Ended(String),
}

/// Waits for the line of JSON that says the service listens, or gives its last words. A service that finds another one
/// running says so and ends well: that is fine too.
fn listening(service: &mut Command, log: &Path) -> Result<(), NotListening> {
    let errors = File::create(log).map_err(NotListening::Log)?;
    let service = service.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
    let mut service = service.spawn().map_err(NotListening::Start)?;
    let ready = service.stdout.take().is_some_and(|out| {
        BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .any(|line| line.starts_with('{'))
    });
    if ready {
        return Ok(());
    }
    let status = service.wait().map_err(NotListening::Start)?;
    if status.success() {
        return Ok(());
    }
    let said = last_words(log).map_err(NotListening::Log)?;
    Err(NotListening::Ended(if said.trim().is_empty() {
        status.to_string()
    } else {
        said
    }))
}

/// The end of a log.
fn last_words(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(SAID_CAP)))?;
    let mut said = Vec::new();
    file.take(SAID_CAP).read_to_end(&mut said)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str) -> Result<(), String> {
        let home = deskhand_test_support::Home::new();
        let result = listening(Command::new("sh").args(["-c", script]), &home.path().join("log"));
        result.map_err(|error| match error {
            NotListening::Ended(said) => said,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_service_that_says_it_is_ready_listens() {
        assert_eq!(
            run(r#"echo hello; echo '{"url":"https://localhost:1"}'; exec sleep 5"#),
            Ok(())
        );
    }

    #[test]
    fn a_service_that_finds_another_one_is_no_failure() {
        assert_eq!(run("echo 'runs already'"), Ok(()));
    }

    #[test]
    fn a_service_that_fails_is_quoted() {
        assert_eq!(
            run("echo 'NET_PORT_TAKEN' >&2; exit 1"),
            Err("NET_PORT_TAKEN\n".into())
        );
        assert_eq!(run("exit 3"), Err("exit status: 3".into()));
    }

    #[test]
    fn folders_and_files_are_told_apart_from_all_else() {
        let home = deskhand_test_support::Home::new();
        let file = home.path().join("a.xlsx");
        std::fs::write(&file, "x").expect("a file");
        let socket = home.path().join("socket");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        assert_eq!(kind_of(home.path()), ItemKind::Folder);
        assert_eq!(kind_of(&file), ItemKind::File);
        for other in [socket, home.path().join("nowhere")] {
            assert_eq!(kind_of(&other), ItemKind::Other, "{}", other.display());
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_said() {
        let home = deskhand_test_support::Home::new();
        let result = listening(&mut Command::new("no such program"), &home.path().join("log"));
        assert!(matches!(result, Err(NotListening::Start(_))));
    }
}
