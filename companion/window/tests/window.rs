//! The real window on a screen without a monitor, against a small service that speaks the local channel and TLS.
//! What a test says it saw is counted in the pixels of the screen; the pictures are kept in `target/window/`.
#![cfg(target_os = "linux")]

#[path = "window/drag.rs"]
mod drag;
#[path = "window/screen.rs"]
mod screen;
#[path = "window/service.rs"]
mod service;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use deskhand_test_support::{Child, Home, wait_for};
use screen::Screen;
use service::{Certificate, Service};

/// Enough for a web view to start on a busy machine.
const LONG: Duration = Duration::from_mins(1);
/// The background of the test's page.
const PAGE: [u8; 3] = [0x12, 0x86, 0x4c];
/// The icon of the error page.
const ERROR: [u8; 3] = [0xb1, 0x0e, 0x1c];
/// The button of the test's page that asks for a dialog.
const PICK: [u8; 3] = [0xa0, 0x5f, 0xd0];
/// The main button of the error page.
const BUTTON: [u8; 3] = [0x3a, 0x4c, 0xa6];

#[test]
fn shows_the_page_of_the_service() {
    let (screen, home) = (Screen::start(), Home::new());
    let certificate = Certificate::new();
    let service = Service::start(home.path(), &certificate, &[&certificate]);
    let _window = window(&screen, &home, Path::new(env!("CARGO_BIN_EXE_deskhand-window")));

    screen.wait_for_colour("the page", PAGE, LONG);
    assert_eq!(
        requests(&service),
        ["GET /desktop/ HTTP/1.1", "GET /seen?token=tok-1 HTTP/1.1"]
    );
    let shot = screen.keep("page");
    assert!(
        shot.deviation() > 10.0,
        "the screen is blank: {}",
        shot.deviation()
    );
}

#[test]
fn shows_the_page_again_when_the_certificate_was_renewed() {
    let (screen, home) = (Screen::start(), Home::new());
    let (old, renewed) = (Certificate::new(), Certificate::new());
    let service = Service::start(home.path(), &renewed, &[&old, &renewed]);
    let _window = window(&screen, &home, Path::new(env!("CARGO_BIN_EXE_deskhand-window")));

    screen.wait_for_colour("the page", PAGE, LONG);
    assert_eq!(requests(&service)[1], "GET /seen?token=tok-2 HTTP/1.1");
}

#[test]
fn sends_nothing_to_a_server_with_another_certificate() {
    let (screen, home) = (Screen::start(), Home::new());
    let (pinned, foreign) = (Certificate::new(), Certificate::new());
    let service = Service::start(home.path(), &foreign, &[&pinned]);
    let _window = window(&screen, &home, Path::new(env!("CARGO_BIN_EXE_deskhand-window")));

    screen.wait_for_colour("the error page", ERROR, LONG);
    assert_eq!(service.requests(), [""; 0]);
    screen.keep("foreign-certificate");
}

#[test]
fn says_when_there_is_no_service_and_starts_it() {
    let (screen, home) = (Screen::start(), Home::new());
    let programs = home.path().join("programs");
    std::fs::create_dir(&programs).expect("a folder for the programs");
    let (program, source, note) = (
        programs.join("deskhand-window"),
        home.path().join("service.sh"),
        home.path().join("started"),
    );
    let script = format!(
        "#!/bin/sh\necho \"$@\" > {}\necho 'DB_NEWER: made by a newer Deskhand' >&2\nexit 1\n",
        note.display()
    );
    std::fs::write(&source, script).expect("a service that cannot start");
    install(Path::new(env!("CARGO_BIN_EXE_deskhand-window")), &program);
    install(&source, &programs.join("deskhand"));
    let _window = window(&screen, &home, &program);

    screen.wait_for_colour("the error page", ERROR, LONG);
    screen.keep("no-service");
    screen.click(BUTTON);
    let asked = wait_for("the service to be started", LONG, || {
        std::fs::read_to_string(&note)
            .ok()
            .filter(|text| text.ends_with('\n'))
    });
    assert_eq!(asked, "serve --ready-json\n");
    screen.wait_for_colour("the error page again", ERROR, LONG);
    screen.keep("service-cannot-start");
}

#[test]
fn the_page_opens_the_dialog_of_the_desktop_and_is_told_what_was_chosen() {
    let (screen, home) = (Screen::start(), Home::new());
    let certificate = Certificate::new();
    let service = Service::start(home.path(), &certificate, &[&certificate]);
    let _window = window(&screen, &home, Path::new(env!("CARGO_BIN_EXE_deskhand-window")));
    let folder = home.path().join("plans");
    std::fs::create_dir(&folder).expect("a folder to choose");

    screen.wait_for_colour("the button of the page", PICK, LONG);
    screen.click(PICK);
    screen.answer("Attach folders", &folder.display().to_string(), LONG);
    assert_eq!(told(&service, "picked"), picked(&folder.display().to_string()));
}

#[test]
fn what_is_dropped_is_told_to_the_page_and_stays_where_it_is() {
    if let Some(file) = drag::wanted() {
        return drag::show(&file);
    }
    let (screen, home) = (Screen::start(), Home::new());
    let certificate = Certificate::new();
    let service = Service::start(home.path(), &certificate, &[&certificate]);
    let _window = window(&screen, &home, Path::new(env!("CARGO_BIN_EXE_deskhand-window")));
    let file = home.path().join("plan.txt");
    std::fs::write(&file, "kept").expect("a file to drop");
    let _source = drag::Source::start(
        &screen,
        &file,
        "what_is_dropped_is_told_to_the_page_and_stays_where_it_is",
    );

    screen.wait_for_colour("the page", PAGE, LONG);
    screen.wait_for_colour("the file to drag", drag::COLOUR, LONG);
    screen.drag(drag::COLOUR, PICK);
    assert!(told(&service, "dragEntered").is_object());
    screen.let_go();
    let item = serde_json::json!({ "path": file, "kind": "file" });
    let chosen = serde_json::json!({ "items": [item], "total": 1 });
    let dropped = serde_json::json!({ "type": "dropped", "chosen": chosen });
    assert_eq!(told(&service, "dropped"), dropped);
    screen.keep("dropped");
    screen.wait_for_colour("the page still", PAGE, LONG);
    let loads = service.requests();
    let loads = loads
        .iter()
        .filter(|request| request.starts_with("GET /desktop/"));
    assert_eq!(loads.count(), 1, "the page was not loaded anew");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "kept");
}

/// What the page was told by the window in a message of this type.
fn told(service: &Service, kind: &str) -> serde_json::Value {
    wait_for("the window's message", LONG, || {
        let requests = service.requests();
        let mut said = requests.iter().filter_map(|request| message_in(request));
        said.find(|said| said["type"] == kind)
    })
}

fn message_in(request: &str) -> Option<serde_json::Value> {
    let query = request.strip_prefix("GET /told?")?.trim_end_matches(" HTTP/1.1");
    serde_json::from_str(&query.replace("%22", "\"")).ok()
}

fn picked(folder: &str) -> serde_json::Value {
    let item = serde_json::json!({ "path": folder, "kind": "folder" });
    serde_json::json!({ "type": "picked", "id": 3, "chosen": { "items": [item], "total": 1 } })
}

/// What the page asked for, once its script has said that it runs: the page is drawn before that.
fn requests(service: &Service) -> Vec<String> {
    wait_for("the page's script", LONG, || {
        Some(service.requests()).filter(|requests| requests.len() > 1)
    })
}

fn window(screen: &Screen, home: &Home, program: &Path) -> Child {
    let (name, value) = home.variable();
    let mut command = Command::new(program);
    command
        .env(name, value)
        .env("DISPLAY", screen.display())
        .env_remove("WAYLAND_DISPLAY");
    // Without a session bus the toolkit would look for one in vain.
    command
        .env("GTK_THEME", "Adwaita")
        .env("NO_AT_BRIDGE", "1")
        .env("GSETTINGS_BACKEND", "memory");
    Child::spawn(&mut command)
}

/// Copies a program. Another process does it: a file that this one has open for writing while a test in another thread
/// forks could not be run ("text file busy").
fn install(from: &Path, to: &Path) {
    let status = Command::new("install")
        .args(["-m", "755"])
        .args([from, to])
        .status();
    assert!(status.expect("coreutils are there").success());
}
