//! Proxies that nobody here wrote: Squid, which asks for a name and a password, and mitmproxy, which inspects TLS with an
//! authority of its own.

#![expect(clippy::disallowed_methods, reason = "waits until the proxy listens")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use deskhand_egress::{
    Client, Destination, EgressError, Exchange, Gate, Network, Proxy, ProxyFault, SignIn, SignInExchange,
    SignInScheme, authorities_of_pem,
};
use deskhand_test_support::{Child, eventually, free_port};
use pretty_assertions::assert_eq;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::party::{PROVIDER, Party, TlsParty};
use crate::{request, settings};

const START: Duration = Duration::from_mins(1);

/// A program that listens, with its folder.
struct Running {
    port: u16,
    folder: TempDir,
    _child: Child,
}

impl Running {
    /// Starts a program on a free port and waits until it takes connections.
    async fn start(program: &str, arguments: impl Fn(u16, &Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut child = Child::spawn(Command::new(program).args(arguments(port, folder.path())));
        eventually(program, START, async || {
            assert!(!child.is_ended(), "`{program}` ended at once: {}", child.errors());
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self {
            port,
            folder,
            _child: child,
        }
    }
}

/// Squid in front of this machine, for the person `ada` with the password `pass:word`; `service` is as in
/// [`squid_that_asks`].
async fn squid(service: &str) -> Running {
    squid_that_asks(service, |folder| {
        let people = folder.join("people");
        // `openssl passwd -apr1 -salt deskhand pass:word`
        std::fs::write(&people, "ada:$apr1$deskhand$VwMBzxkWvND8jd42mSvoh.\n").expect("a file");
        format!(
            "auth_param basic program /usr/lib/squid/basic_ncsa_auth {}",
            people.display()
        )
    })
    .await
}

/// Squid in front of this machine, for whom a program of its own lets in.
///
/// `service` is one word for each test. Squid names its shared memory after it, and of two that start at the same
/// moment under one name the second ends.
async fn squid_that_asks(service: &str, sign_in: impl Fn(&Path) -> String) -> Running {
    Running::start("/usr/sbin/squid", |port, folder| {
        let write = |name: &str, text: String| -> PathBuf {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let hosts = write("hosts", format!("127.0.0.1 {PROVIDER}\n"));
        let sign_in = sign_in(folder);
        let own = folder.display();
        let config = write(
            "squid.conf",
            format!(
                "http_port 127.0.0.1:{port}\nhosts_file {}\n{sign_in}\n\
                 acl closed dstdomain forbidden.example\nacl signed_in proxy_auth REQUIRED\n\
                 http_access deny closed\nhttp_access allow signed_in\nhttp_access deny all\ncache deny all\n\
                 access_log none\ncache_log {own}/cache.log\npid_filename {own}/squid.pid\ncoredump_dir {own}\n\
                 pinger_enable off\nshutdown_lifetime 0 seconds\n",
                hosts.display(),
            ),
        );
        open_to_all(folder);
        // In the foreground and as one process, so that it ends with the test.
        let config = config.display().to_string();
        ["-N", "-n", service, "-f", &config].map(str::to_owned).to_vec()
    })
    .await
}

/// Squid lays down root's rights, and still has to read its folder.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("a folder of ours");
}

fn client(base: &str, network: Network) -> Client {
    let gateway = settings(base);
    let setting = move |key: &str| {
        if key == "deskhandProxySignIn" {
            json!(true)
        } else {
            gateway(key)
        }
    };
    Gate::new(setting, network)
        .client(Destination::InferenceGateway)
        .expect("an open gateway")
}

fn behind(proxy: &str, party: &TlsParty) -> Network {
    Network {
        proxy: Proxy::from_environment(|name| (name == "https_proxy").then(|| proxy.to_owned())),
        extra_roots: vec![party.authority.clone()],
        ..Network::default()
    }
}

#[tokio::test]
async fn squid_lets_through_whom_it_knows_and_names_its_sign_in_to_others() {
    let party = TlsParty::serve().await;
    let squid = squid("basic").await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let place = format!("127.0.0.1:{}", squid.port);
    let known = client(&base, behind(&format!("http://ada:pass%3Aword@{place}"), &party));
    assert_eq!(
        known.send(request(&base)).await.expect("an answer").status(),
        StatusCode::OK
    );
    for stranger in [format!("http://{place}"), format!("http://ada:wrong@{place}")] {
        let error = client(&base, behind(&stranger, &party))
            .send(request(&base))
            .await
            .expect_err("a refusal");
        let EgressError::Failed {
            exchange: Exchange::Proxy { fault, proxy },
            ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!(*fault, ProxyFault::SignIn("Basic".to_owned()));
        assert_eq!(*proxy, format!("http://{place}"));
        assert!(!error.to_string().contains("wrong"));
    }
    let closed = format!("https://forbidden.example:{}", party.port);
    let client = client(
        &closed,
        behind(&format!("http://ada:pass%3Aword@{place}"), &party),
    );
    let error = client.send(request(&closed)).await.expect_err("a refusal");
    assert!(
        matches!(
            &error,
            EgressError::Failed {
                exchange: Exchange::Proxy {
                    fault: ProxyFault::Refused(403),
                    ..
                },
                ..
            }
        ),
        "{error}"
    );
}

/// NTLM as far as it takes no secret: the first message, then who it is with responses that hold nothing.
#[derive(Debug)]
struct Ntlm(&'static str);

struct Messages(&'static str);

impl SignIn for Ntlm {
    fn begin(&self, scheme: SignInScheme, host: &str) -> Result<Box<dyn SignInExchange>, String> {
        assert_eq!((scheme, host), (SignInScheme::Ntlm, "127.0.0.1"));
        Ok(Box::new(Messages(self.0)))
    }
}

impl SignInExchange for Messages {
    fn next(&mut self, said: &[u8]) -> Result<Vec<u8>, String> {
        // The forms are those of [MS-NLMP], 2.2.1: a kind, then fields as length, length and place.
        let message = |kind: u32| [b"NTLMSSP\0".as_slice(), &kind.to_le_bytes()].concat();
        let field = |length: usize, place: usize| {
            let length = (length as u16).to_le_bytes();
            [length.as_slice(), &length, &(place as u32).to_le_bytes()].concat()
        };
        // Text in the code page of the machine, NTLM.
        let flags = 0x0000_0202u32.to_le_bytes();
        if said.is_empty() {
            return Ok([message(1), flags.to_vec(), field(0, 32), field(0, 32)].concat());
        }
        if !said.starts_with(&message(2)) {
            return Err("no challenge".to_owned());
        }
        let (response, domain, user) = ([0; 24], "CORP", self.0);
        let (responses, names) = (64, 64 + 2 * response.len());
        let fields = [
            field(24, responses),
            field(24, responses + 24),
            field(domain.len(), names),
            field(user.len(), names + domain.len()),
            field(0, names),
            field(0, names),
        ]
        .concat();
        let content = [response.as_slice(), &response, domain.as_bytes(), user.as_bytes()].concat();
        Ok([message(3), fields, flags.to_vec(), content].concat())
    }
}

#[tokio::test]
async fn squid_takes_a_sign_in_by_ntlm_over_one_connection() {
    let party = TlsParty::serve().await;
    let squid = squid_that_asks("ntlm", |_| {
        "auth_param ntlm program /usr/lib/squid/ntlm_fake_auth\nacl unwanted proxy_auth_regex -i mallory\n\
         http_access deny unwanted"
            .to_owned()
    })
    .await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let place = format!("http://127.0.0.1:{}", squid.port);
    let signed_in = Network {
        sign_in: Some(Arc::new(Ntlm("ada"))),
        ..behind(&place, &party)
    };
    let answer = client(&base, signed_in).send(request(&base)).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
    let stranger = client(&base, behind(&place, &party)).send(request(&base)).await;
    let error = stranger.expect_err("a refusal").to_string();
    assert!(error.contains("it asks for a sign-in (NTLM)"), "{error}");
    let unwanted = Network {
        sign_in: Some(Arc::new(Ntlm("mallory"))),
        ..behind(&place, &party)
    };
    let error = client(&base, unwanted)
        .send(request(&base))
        .await
        .expect_err("a refusal");
    assert!(
        error.to_string().contains("the proxy does not accept it"),
        "{error}"
    );
}

#[tokio::test]
async fn an_open_script_leads_to_squid_without_the_credentials_of_the_environment() {
    let party = TlsParty::serve().await;
    let squid = squid("script").await;
    let place = format!("127.0.0.1:{}", squid.port);
    let script = format!(
        "function FindProxyForURL(url, host) {{ return dnsDomainIs(host, '.example') ? 'PROXY {place}' : 'DIRECT'; }}"
    );
    let pac = Party::serve(Router::new().fallback(move || async move { script })).await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let gateway = settings(&base);
    let setting = move |key: &str| {
        if key == "egressProxyPacUrl" {
            json!(pac.base)
        } else {
            gateway(key)
        }
    };
    let gate = Gate::new(
        setting,
        behind(&format!("http://ada:pass%3Aword@{place}"), &party),
    );
    let client = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let error = client
        .send(request(&base))
        .await
        .expect_err("a refusal")
        .to_string();
    assert!(error.contains("it asks for a sign-in (Basic)"), "{error}");
}

#[tokio::test]
async fn a_proxy_that_inspects_tls_needs_its_authority_to_be_trusted() {
    let page = Party::serve(Router::new().fallback(|| async { "inspected" })).await;
    let to = page.base.clone();
    let inspector = Running::start("mitmdump", |port, folder| {
        let set = |text: String| ["--set".to_owned(), text];
        let mut arguments = ["--quiet", "--listen-host", "127.0.0.1", "--listen-port"]
            .map(str::to_owned)
            .to_vec();
        arguments.push(port.to_string());
        arguments.extend(set(format!("confdir={}", folder.display())));
        arguments.extend(set("connection_strategy=lazy".to_owned()));
        arguments.extend(set("upstream_cert=false".to_owned()));
        arguments.extend(["--map-remote".to_owned(), format!("|https://{PROVIDER}|{to}")]);
        arguments
    })
    .await;
    let base = format!("https://{PROVIDER}");
    let proxy = format!("http://127.0.0.1:{}", inspector.port);
    let network = |extra_roots| Network {
        proxy: Proxy::from_environment(|name| (name == "https_proxy").then(|| proxy.clone())),
        extra_roots,
        ..Network::default()
    };
    let error = client(&base, network(Vec::new()))
        .send(request(&base))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(
            &error,
            EgressError::Failed {
                exchange: Exchange::Tls(_),
                ..
            }
        ),
        "{error}"
    );
    let pem = std::fs::read(inspector.folder.path().join("mitmproxy-ca-cert.pem")).expect("an authority");
    let trusting = network(authorities_of_pem(&pem).expect("an authority"));
    let answer = client(&base, trusting)
        .send(request(&base))
        .await
        .expect("an answer");
    assert_eq!(answer.body_up_to(100).await.expect("a body"), "inspected");
    assert_eq!(page.seen(), 1);
}
