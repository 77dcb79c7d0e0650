//! The build with the FIPS 140-3 module: what it says of itself, and that it offers and takes nothing but what the module
//! approves.
//!
//! `cargo xtask test --fips` builds the program and runs these; the feature `fips` keeps them out of every other run.

#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use deskhand_e2e::{Service, Setup};
use deskhand_test_support::{Home, free_port};
use serde_json::Value;

const APPROVED: &str = "TLS_AES_256_GCM_SHA384";
const NOT_APPROVED: &str = "TLS_CHACHA20_POLY1305_SHA256";

fn finding(setup: &Setup, step: &str) -> String {
    let done = setup.run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_str(&done.out).expect("the findings are JSON");
    let all = findings.as_array().expect("a list");
    let found = all.iter().find(|one| one["step"] == step);
    found.expect("the step is told").to_string()
}

/// True if a client that knows only these agrees with the service.
fn agrees(service: &Service, suite: &str, group: &str) -> bool {
    let to = format!("localhost:{}", service.port());
    let mut client = Command::new("openssl");
    client.args(["s_client", "-brief", "-tls1_3", "-connect", &to]);
    client.args(["-ciphersuites", suite, "-groups", group]);
    let done = client.stdin(Stdio::null()).output().expect("openssl runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let agreed = said.contains(&format!("Ciphersuite: {suite}"));
    assert!(agreed || said.contains("alert handshake failure"), "{said}");
    agreed
}

#[test]
fn the_doctor_and_the_support_bundle_say_that_the_module_is_in_force() {
    let setup = Setup::empty();
    let told = finding(&setup, "cryptography");
    assert!(told.contains("FIPS 140-3 module, whose tests"), "{told}");
    let bundle = setup.path().join("bundle.zip");
    let done = setup.run(&[
        "support",
        "bundle",
        "--offline",
        "--yes",
        "--output",
        &bundle.display().to_string(),
    ]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let mut unzip = Command::new("python3");
    unzip.args(["-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nfor n in z.namelist(): print(z.read(n).decode())"]);
    let read = unzip.arg(bundle).output().expect("python runs");
    let read = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(read.contains("FIPS 140-3 module, whose tests"), "{read}");
}

#[test]
fn the_service_takes_no_cipher_and_no_key_exchange_that_is_not_approved() {
    let setup = Setup::empty();
    let service = Service::start(&setup, 0);
    assert!(agrees(&service, APPROVED, "P-256"));
    assert!(!agrees(&service, NOT_APPROVED, "P-256"));
    assert!(!agrees(&service, APPROVED, "X25519"));
}

/// What a server that knows one suite and one group says about the program's greeting, and what the program's doctor says about
/// the server.
fn greeted(suite: &str, group: &str) -> (String, String) {
    let home = Home::new();
    let (key, certificate) = (home.path().join("key.pem"), home.path().join("certificate.pem"));
    let mut make = Command::new("openssl");
    make.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=localhost",
    ]);
    make.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    assert!(make.output().expect("openssl runs").status.success());
    let port = free_port();
    let mut server = Command::new("openssl");
    server.args([
        "s_server",
        "-tls1_3",
        "-naccept",
        "1",
        "-accept",
        &port.to_string(),
        "-ciphersuites",
        suite,
    ]);
    server.arg("-key").arg(&key).arg("-cert").arg(&certificate);
    server.args(["-groups", group]);
    server
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut server = server.spawn().expect("openssl runs");
    let mut out = BufReader::new(server.stdout.take().expect("its output"));
    let mut line = String::new();
    while !line.starts_with("ACCEPT") {
        line.clear();
        assert!(
            out.read_line(&mut line).expect("it speaks") > 0,
            "it never listened"
        );
    }
    let setup = Setup::with_gateway(&format!("https://localhost:{port}"));
    let provider = finding(&setup, "provider");
    assert!(provider.contains("bad"), "{provider}");
    drop(server.stdin.take());
    let done = server.wait_with_output().expect("it ends");
    (String::from_utf8_lossy(&done.stderr).into_owned(), provider)
}

#[test]
fn the_program_offers_no_cipher_and_no_key_exchange_that_is_not_approved_to_others() {
    let (server, doctor) = greeted(NOT_APPROVED, "P-256");
    assert!(server.contains("no shared cipher"), "{server}");
    assert!(doctor.contains("HandshakeFailure"), "{doctor}");
    let (_, doctor) = greeted(APPROVED, "X25519");
    assert!(doctor.contains("HandshakeFailure"), "{doctor}");
    // The counterpart fails later, at the certificate that nobody vouches for.
    let (server, doctor) = greeted(APPROVED, "P-256");
    assert!(!server.contains("no shared cipher"), "{server}");
    assert!(doctor.contains("invalid peer certificate"), "{doctor}");
}
