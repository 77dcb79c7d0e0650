//! Section "Sandbox" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Where the model's own programs run, and which hosts they and the web tools reach.
    Sandbox "sandbox" "Sandbox" on Sandbox

    /// Hosts that the web tools and the sandbox may reach: `host` exactly, `*.host` for names with one more label, `*` for all.
    /// Each is meant on the port that it names, as in `host:8443`; without one on 443 and 80, and `*` alone on every port. Absent: the host of inference alone, on its own port. Empty: none. Programs in
    /// the sandbox also reach the collector (`otlpEndpoint`), on its own port, whatever the list holds; the web tools do not. Private,
    /// loopback, link-local and metadata addresses are refused unless `deskhandEgressAllowPrivate` lists them.
    cowork_egress_allowed_hosts "coworkEgressAllowedHosts": Option<List<HostRule, 1000>> {
        default: None,
        invalid: Some(List::default()), UsesValue, "a malformed allow-list allows nothing",
        order: Order::AllowsInstead(names_all_of),
        forbids: &[
            ("unset", "web pages of every host but that of inference"),
            ("none", "every web page"),
            ("any", "web pages of every host but {}"),
        ],
        differs: "Private, loopback, link-local and metadata addresses are refused, also as address literals, unless `deskhandEgressAllowPrivate` lists them.",
        differs_when_absent: "Address literals and `localhost`, which the reference product always lets through, are refused.",
        since: "0.1.0",
    }

    /// Private hosts, addresses and blocks of addresses (`10.0.0.0/8`) that the web tools and the sandbox may reach, where
    /// `coworkEgressAllowedHosts` allows them.
    deskhand_egress_allow_private "deskhandEgressAllowPrivate": List<PrivateRule, 200> {
        default: List::default(),
        invalid: List::default(), UsesValue, "a malformed allow-list allows nothing",
        scope: ManagedOrBootstrapWithConsent,
        order: Order::Allows(|outer, inner| outer == inner),
        forbids: &[
            ("none", "every private, loopback, link-local and metadata address to the web tools"),
            ("any", "private addresses other than {} to the web tools"),
        ],
        since: "0.1.0",
    }

    /// Whether the agent itself, with its file and web tools, runs inside the sandbox.
    require_cowork_full_vm_sandbox "requireCoworkFullVmSandbox": bool {
        default: false,
        invalid: true, StopsSessions, "who writes this key wants the agent inside",
        effect: Effect::NotEnforceable("an agent that runs inside the sandbox"),
        differs: "Deskhand's agent runs on the host and its programs in the sandbox: while the key is `true`, no session starts.",
        since: "0.1.0",
    }

    /// Whether the check of a web page's domain at the vendor is skipped.
    skip_web_fetch_preflight "skipWebFetchPreflight": bool {
        default: false,
        invalid: true, UsesValue, "a check that asks nobody tells nobody",
        effect: Effect::NotApplicable("Deskhand asks no vendor about a domain"),
        differs_when_absent: "No vendor is asked about a web page's domain before it is fetched; `coworkEgressAllowedHosts` alone decides.",
        since: "0.1.0",
    }

    /// Where the image of the sandbox is fetched from: the address of a folder on a web server of the organisation, https, that holds
    /// what `cargo xtask image --store` writes. The service asks it for the id of the image when it starts and once a day, fetches
    /// that image where it has another or none, and verifies every byte against the id. Without it images are built or installed.
    deskhand_image_store_url "deskhandImageStoreUrl": Option<BaseUrl> {
        default: None,
        invalid: None, UsesValue, "an image that is not fetched does not run",
        scope: Managed,
        since: "0.1.0",
    }

    /// `true`: on Linux, where no virtual machine can be had (no QEMU, no image, or none starts), programs of the model run in a process
    /// sandbox in its place: bubblewrap, a filter of system calls, the same folders, journal and list of hosts. It is weaker than a machine, since its programs
    /// share this computer's kernel, and sees less of what runs in it. `false`: then they do not run. A virtual machine is
    /// taken wherever there is one. It counts in an administrator's settings alone: in a person's own it does nothing.
    deskhand_allow_process_sandbox "deskhandAllowProcessSandbox": bool {
        default: false,
        invalid: false, UsesValue, "programs that do not run do no harm",
        scope: Managed,
        since: "0.1.0",
    }
}
