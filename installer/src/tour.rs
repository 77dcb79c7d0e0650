//! `cargo xtask run --tour`: the same service and window, with a stand-in for the model and host pages that stand for
//! Excel and PowerPoint, in a data folder of their own. Everything but the model's words is real, and nothing of it touches the user's
//! own sessions, settings or certificates.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::command::{command, find, output};
use crate::options::Run;
use crate::place;
use crate::program::{Program, built};
use crate::run::serve;

/// What the stand-in plays.
const SCRIPT: &str = "tests/standins/scripts/tour.yaml";
/// The workbook and the deck that are opened in host pages; the tour has copies.
const WORKBOOK: &str = "tests/standins/scripts/tour.xlsx";
const DECK: &str = "tests/standins/scripts/tour.pptx";

/// Starts the stand-ins and the service against them, and shows documents, panes and window side by side.
pub(crate) fn tour(options: &Run, with_window: bool) -> Result<()> {
    let stage = Stage::new()?;
    let script = place::root().join(SCRIPT);
    let mut gateway =
        Program::start(command(built(options, "deskhand-standins"), &["gateway", "--script"]).arg(script))?;
    stage.configure(&gateway.ready("url")?)?;

    let ports = free_ports()?;
    let origins = ports.map(|port| format!("https://localhost:{port}"));
    let mut service = Program::start(
        serve(options)
            .args(["--tour", "--port", "0"])
            .args(origins.iter().flat_map(|origin| ["--test-host-origin", origin]))
            .arg("--office-js")
            .arg(place::root().join("addin-web/node_modules/@microsoft/office-js/dist"))
            .env("DESKHAND_HOME", &stage.home),
    )?;
    let address = service.ready("address")?;
    let [workbook_origin, deck_origin] = &origins;
    let mut workbook = stage.host(options, ports[0], &stage.workbook, &format!("{address}/excel/"));
    let mut workbook = Program::start(workbook.args(["--beside", deck_origin]))?;
    let mut deck = stage.host(options, ports[1], &stage.deck, &format!("{address}/powerpoint/"));
    let mut deck = Program::start(&mut deck)?;
    workbook.ready("url")?;
    deck.ready("url")?;
    stage.trust(options)?;

    let page = format!("{workbook_origin}/tour.html");
    println!("\nTour: scripted answers, no model.");
    println!("The tour, workbook and deck with their panes: {page}");
    println!("The documents are copies in {}", stage.documents.display());
    if !with_window {
        stage.explain(options);
        return service.wait();
    }
    let _browser = browser().map(|program| stage.open(&program, &page)).transpose()?;
    println!(
        "A pane asks to be connected: choose Allow in the Deskhand window. Close that window to end the tour."
    );
    Program::start(command(built(options, "deskhand-window"), &[]).env("DESKHAND_HOME", &stage.home))?.wait()
}

/// The folder of one tour, with what it needs before anything is started.
struct Stage {
    home: PathBuf,
    documents: PathBuf,
    workbook: PathBuf,
    deck: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Stage {
    /// Each tour starts from the beginning.
    fn new() -> Result<Self> {
        let home = place::cache()?.join("tour");
        if home.exists() {
            fs::remove_dir_all(&home).context("the last tour's folder cannot be removed")?;
        }
        let documents = home.join("documents");
        fs::create_dir_all(&documents).context("no folder for the tour")?;
        let stage = Self {
            workbook: documents.join("Sample workbook.xlsx"),
            deck: documents.join("Sample deck.pptx"),
            certificate: home.join("host.pem"),
            key: home.join("host.key"),
            documents,
            home,
        };
        for (sample, copy) in [(WORKBOOK, &stage.workbook), (DECK, &stage.deck)] {
            // Not `fs::copy`: a sample that may not be written would make a copy that cannot be saved.
            let bytes = fs::read(place::root().join(sample)).with_context(|| format!("no {sample}"))?;
            fs::write(copy, bytes).with_context(|| format!("cannot write {}", copy.display()))?;
        }
        stage.certify()?;
        Ok(stage)
    }

    /// The command of the host page of a document.
    fn host(&self, options: &Run, port: u16, document: &Path, pane: &str) -> Command {
        let mut host = command(built(options, "deskhand-office-host"), &["--pane", pane]);
        host.args(["--port", &port.to_string()])
            .arg("--document")
            .arg(document)
            .arg("--web")
            .arg(place::root().join("target/web-testhost"))
            .arg("--cert")
            .arg(&self.certificate)
            .arg("--key")
            .arg(&self.key);
        host
    }

    /// What a person does without the window.
    fn explain(&self, options: &Run) {
        let home = self.home.display();
        println!("A browser trusts these pages when it is started with HOME={home}");
        println!(
            "Panes that ask to be connected: DESKHAND_HOME={home} {} pairing list",
            built(options, "deskhand").display()
        );
        println!("Press Ctrl+C to end the tour.");
    }

    /// A certificate for the host pages, good for two days and for this folder's browser only.
    fn certify(&self) -> Result<()> {
        let mut openssl = command(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-noenc",
                "-days",
                "2",
            ],
        );
        openssl.args([
            "-subj",
            "/CN=Deskhand tour",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
        ]);
        output(openssl.arg(&self.key).arg("-out").arg(&self.certificate))?;
        Ok(())
    }

    /// Names the stand-in as the organisation's gateway, in the settings of this folder.
    fn configure(&self, gateway: &str) -> Result<()> {
        let settings = json!({
            "inferenceProvider": "gateway",
            "inferenceGatewayBaseUrl": gateway,
        });
        let data = self.home.join("data");
        create_private(&data)?;
        let file = data.join("settings.json");
        fs::write(&file, settings.to_string()).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Makes the browser that has this folder as its home trust the service and the host pages.
    fn trust(&self, options: &Run) -> Result<()> {
        let store = self.home.join(".pki/nssdb");
        create_private(&store)?;
        let store = format!("sql:{}", store.display());
        output(command("certutil", &["-N", "-d", &store, "--empty-password"]).env("HOME", &self.home))?;
        let mut add = command(
            "certutil",
            &["-A", "-d", &store, "-n", "Deskhand tour", "-t", "C,,", "-i"],
        );
        output(add.arg(&self.certificate))?;
        let mut trust = command(built(options, "deskhand"), &["trust"]);
        output(trust.env("HOME", &self.home).env("DESKHAND_HOME", &self.home))?;
        Ok(())
    }

    /// Opens a browser of its own, which ends with the tour.
    fn open(&self, program: &Path, address: &str) -> Result<Program> {
        let mut browser = command(
            program,
            &["--no-first-run", "--no-default-browser-check", "--disable-sync"],
        );
        browser
            .arg(format!("--app={address}"))
            .arg("--window-size=1344,936")
            .arg(format!("--user-data-dir={}", self.home.join("browser").display()));
        if crate::machine::rights() == crate::machine::Rights::Root {
            // The browser's sandbox does not work for root; the second switch spares a warning about the first.
            browser.args(["--no-sandbox", "--test-type"]);
        }
        Program::start(
            browser
                .env("HOME", &self.home)
                .stderr(std::process::Stdio::null()),
        )
    }
}

fn browser() -> Option<PathBuf> {
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| find(name));
    if browser.is_none() {
        println!("There is no Chromium here to show workbook and pane; the window shows the session alone.");
    }
    browser
}

/// A folder that only this account may enter, as the service wants its own.
fn create_private(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))
}

/// Two ports that were free a moment ago: the service must know the host pages' before they start.
fn free_ports() -> Result<[u16; 2]> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port");
    // Held at the same time, so that they differ.
    let held = [listen()?, listen()?];
    let [first, second] = held.each_ref().map(TcpListener::local_addr);
    Ok([first?.port(), second?.port()])
}
