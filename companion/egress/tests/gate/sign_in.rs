//! Proxies that want to know who is at this machine: the rounds of a sign-in, and where none is tried.

use std::sync::{Arc, Mutex};

use deskhand_egress::{
    Client, Destination, EgressError, Exchange, Gate, Network, Proxy, ProxyFault, SignIn, SignInExchange,
    SignInScheme,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::party::{Names, PROVIDER, Party, Said, TlsParty, rounds};
use crate::{request, settings};

/// Signs in by counting: `m1`, then `m2` and so on. Fails where the proxy's answer does not fit.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) begun: Arc<Mutex<Vec<(SignInScheme, String)>>>,
}

struct Count(usize);

impl SignIn for Counting {
    fn begin(&self, scheme: SignInScheme, host: &str) -> Result<Box<dyn SignInExchange>, String> {
        self.begun
            .lock()
            .expect("no panic")
            .push((scheme, host.to_owned()));
        Ok(Box::new(Count(0)))
    }
}

impl SignInExchange for Count {
    fn next(&mut self, said: &[u8]) -> Result<Vec<u8>, String> {
        let wanted = if self.0 == 0 {
            String::new()
        } else {
            format!("c{}", self.0)
        };
        if said != wanted.as_bytes() {
            return Err("the system does not understand the proxy".to_owned());
        }
        self.0 += 1;
        Ok(format!("m{}", self.0).into_bytes())
    }
}

fn client(proxy: &str, party: &TlsParty, sign_in: Option<Arc<dyn SignIn>>) -> Client {
    client_where(&json!(true), proxy, party, sign_in)
}

/// With this value of the policy key.
fn client_where(key_is: &Value, proxy: &str, party: &TlsParty, sign_in: Option<Arc<dyn SignIn>>) -> Client {
    let network = Network {
        proxy: Proxy::from_environment(|name| (name == "https_proxy").then(|| proxy.to_owned())),
        sign_in,
        extra_roots: vec![party.authority.clone()],
        resolver: Names::answering(&[]),
        ..Network::default()
    };
    let own = base();
    let gateway = settings(&own);
    let key_is = key_is.clone();
    let setting = move |key: &str| {
        if key == "deskhandProxySignIn" {
            key_is.clone()
        } else {
            gateway(key)
        }
    };
    Gate::new(setting, network)
        .client(Destination::InferenceGateway)
        .expect("an open gateway")
}

fn base() -> String {
    format!("https://{PROVIDER}")
}

fn fault(error: EgressError) -> ProxyFault {
    match error {
        EgressError::Failed {
            exchange: Exchange::Proxy { fault, .. },
            ..
        } => fault,
        other => panic!("{other:?}"),
    }
}

// "c1" in base64 is YzE=, "m1" bTE=, "m2" bTI=.
const OFFER: Said = Said::Close(
    "HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"x\"\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n",
);

#[tokio::test]
async fn the_person_at_this_machine_is_signed_in_over_one_connection() {
    let party = TlsParty::serve().await;
    for challenge in [
        "HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate YzE=\r\nContent-Length: 4\r\n\r\npage",
        "HTTP/1.1 407 x\r\nproxy-authenticate: negotiate YzE=\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\npa\r\n2\r\nge\r\n0\r\nX: y\r\n\r\n",
    ] {
        let proxy = rounds(party.port, vec![OFFER, Said::Keep(challenge), Said::Tunnel]).await;
        let counting = Counting::default();
        let begun = Arc::clone(&counting.begun);
        let client = client(
            &format!("http://{}", proxy.place),
            &party,
            Some(Arc::new(counting)),
        );
        client.send(request(base())).await.expect("an answer");
        let asked = proxy.asked();
        let sent: Vec<&str> = asked.iter().map(String::as_str).collect();
        assert_eq!(sent, ["", "Negotiate bTE=", "Negotiate bTI="]);
        let begun = begun.lock().expect("no panic").clone();
        assert_eq!(begun, [(SignInScheme::Negotiate, "127.0.0.1".to_owned())]);
    }
}

#[tokio::test]
async fn nobody_is_signed_in_unless_policy_says_so() {
    let party = TlsParty::serve().await;
    for key_is in [Value::Null, json!(false), json!("true")] {
        let proxy = rounds(party.port, vec![OFFER]).await;
        let counting = Counting::default();
        let begun = Arc::clone(&counting.begun);
        let address = format!("http://{}", proxy.place);
        let client = client_where(&key_is, &address, &party, Some(Arc::new(counting)));
        let error = client.send(request(base())).await.expect_err("a refusal");
        assert!(matches!(fault(error), ProxyFault::SignIn(_)), "{key_is}");
        assert!(begun.lock().expect("no panic").is_empty(), "{key_is}");
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_says_how() {
    let party = TlsParty::serve().await;
    let failed = |why: &str| ProxyFault::SignInFailed {
        scheme: SignInScheme::Ntlm,
        why: why.to_owned(),
    };
    let offer = Said::Close("HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\n\r\n");
    let table = [
        (
            Said::Keep("HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"),
            failed("the proxy does not accept it"),
        ),
        (
            Said::Keep("HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM YzI=\r\nContent-Length: 0\r\n\r\n"),
            failed("the system does not understand the proxy"),
        ),
        (
            Said::Keep(
                "HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM YzE=\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            ),
            failed("the proxy ends the connection in the middle of it"),
        ),
        (
            Said::Keep(
                "HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM YzE=\r\nContent-Length: 999999999\r\n\r\n",
            ),
            failed("the proxy ends the connection in the middle of it"),
        ),
        (Said::Keep("HTTP/1.1 403 x\r\n\r\n"), ProxyFault::Refused(403)),
    ];
    for (said, wanted) in table {
        let proxy = rounds(party.port, vec![offer, said]).await;
        let sign_in: Arc<dyn SignIn> = Arc::new(Counting::default());
        let client = client(&format!("http://{}", proxy.place), &party, Some(sign_in));
        let error = client.send(request(base())).await.expect_err("a refusal");
        assert_eq!(fault(error), wanted, "{said:?}");
    }
}

#[tokio::test]
async fn a_proxy_cannot_keep_a_sign_in_going() {
    let party = TlsParty::serve().await;
    let answers = ["YzE=", "YzI=", "YzM=", "YzQ=", "YzU=", "YzY="].map(|said| {
        let head =
            format!("HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate {said}\r\nContent-Length: 0\r\n\r\n");
        Said::Keep(Box::leak(head.into_boxed_str()))
    });
    let proxy = rounds(party.port, [OFFER].into_iter().chain(answers).collect()).await;
    let sign_in: Arc<dyn SignIn> = Arc::new(Counting::default());
    let client = client(&format!("http://{}", proxy.place), &party, Some(sign_in));
    let error = client.send(request(base())).await.expect_err("a refusal");
    assert!(error.to_string().contains("does not come to an end"), "{error}");
    assert_eq!(proxy.asked().len(), 6);
}

#[tokio::test]
async fn without_a_sign_in_of_the_system_the_offers_and_what_to_do_are_told() {
    let party = TlsParty::serve().await;
    let proxy = rounds(party.port, vec![OFFER]).await;
    let client = client(&format!("http://{}", proxy.place), &party, None);
    let error = client.send(request(base())).await.expect_err("a refusal");
    assert!(
        error
            .to_string()
            .contains("(Basic, NTLM, Negotiate); give a name and a password"),
        "{error}"
    );
    assert_eq!(proxy.asked(), [""]);
}

#[tokio::test]
async fn a_proxy_that_an_open_script_names_does_not_learn_who_is_at_this_machine() {
    let party = TlsParty::serve().await;
    let proxy = rounds(party.port, vec![OFFER]).await;
    let place = proxy.place.clone();
    let pac = Party::serve(axum::Router::new().fallback(move || {
        let answer = format!("function FindProxyForURL() {{ return 'PROXY {place}' }}");
        async move { answer }
    }))
    .await;
    let counting = Counting::default();
    let begun = Arc::clone(&counting.begun);
    let network = Network {
        sign_in: Some(Arc::new(counting)),
        extra_roots: vec![party.authority.clone()],
        resolver: Names::answering(&[]),
        ..Network::default()
    };
    let own = base();
    let gateway = settings(&own);
    let script = pac.base.clone();
    let setting = move |key: &str| match key {
        "egressProxyPacUrl" => json!(script),
        "deskhandProxySignIn" => json!(true),
        _ => gateway(key),
    };
    let client = Gate::new(setting, network)
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let error = client.send(request(base())).await.expect_err("a refusal");
    assert!(matches!(fault(error), ProxyFault::SignIn(_)));
    assert!(begun.lock().expect("no panic").is_empty());
}
