//! Section "Telemetry" of the table of keys.

use super::prelude::*;

policy_section! {
    /// What is sent to the organisation's own collector, and what is kept for support. Nothing is sent to anybody else.
    Telemetry "telemetry" "Telemetry" on Telemetry

    /// `true`: no records of crashes and times are kept, so a support bundle holds none. `false`: they are kept on this machine,
    /// for `deskhand diagnostics show` and the support bundle; nothing sends them.
    disable_essential_telemetry "disableEssentialTelemetry": bool {
        default: false,
        invalid: true, UsesValue, "less leaves the machine",
        scope: Managed,
        forbids: &[("true", "keeping records of crashes and times on this machine")],
        differs_when_absent: "No crash report and no timing leaves the machine; support needs the files of a diagnostic bundle.",
        since: "0.1.0",
    }

    /// `true`: no figures of use are kept, so a support bundle holds none. `false`: they are kept on this machine, for `deskhand
    /// diagnostics show` and the support bundle; nothing sends them.
    disable_nonessential_telemetry "disableNonessentialTelemetry": bool {
        default: false,
        invalid: true, UsesValue, "less leaves the machine",
        forbids: &[("true", "keeping figures of use on this machine")],
        differs_when_absent: "No figures of use leave the machine.",
        since: "0.1.0",
    }

    /// `true`: small services such as the icons of connectors are not asked, and nothing is kept of them. `false`: they may be.
    /// This build has none of them, so nothing is asked either way.
    disable_nonessential_services "disableNonessentialServices": bool {
        default: false,
        invalid: true, UsesValue, "less leaves the machine",
        forbids: &[("true", "small services such as icons of connectors, of which this build has none")],
        differs_when_absent: "No icons of connectors and no frame for previews are fetched.",
        since: "0.1.0",
    }

    /// The collector of logs, metrics and traces (OTLP): the address before `/v1/logs`, which Deskhand adds itself. Absent: nothing
    /// is exported. http only for loopback hosts. What waits for one collector is dropped when another one is named.
    otlp_endpoint "otlpEndpoint": Option<BaseUrl> {
        default: None,
        invalid: None, UsesValue, "records must not go to an address that nobody named; where the audit is required, sessions stop",
        scope: ManagedOrBootstrapWithConsent,
        forbids: &[
            ("unset", "every export to a collector"),
            ("any", "exports to any other collector than {}"),
        ],
        differs: "http is accepted for loopback hosts only; a collector in the network needs https.",
        since: "0.1.0",
    }

    /// How records reach it: `http/protobuf`, `http/json` or `grpc`.
    otlp_protocol "otlpProtocol": OtlpProtocol {
        default: OtlpProtocol::HttpProtobuf,
        invalid: OtlpProtocol::HttpProtobuf, UsesValue, "the protocol changes nothing of what is sent",
        since: "0.1.0",
    }

    /// Headers for it: an object, or in the older form one text of `name=value` with commas between.
    otlp_headers "otlpHeaders": HeadersOrPairs {
        default: HeadersOrPairs::default(),
        invalid: HeadersOrPairs::default(), UsesValue, "a collector that is not told who sends takes nothing",
        secret: true,
        differs: "The older form, one text of `name=value`, is read as well; what Deskhand writes is the object.",
        since: "0.1.0",
    }

    /// A program, by its absolute path, that prints more headers as JSON; they win over `otlpHeaders`.
    otlp_headers_helper "otlpHeadersHelper": Option<FilePath> {
        default: None,
        invalid: None, UsesValue, "a program that does not run does nothing",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// How it is told who sends: `none`, or `inference-credential`.
    otlp_auth_mode "otlpAuthMode": OtlpAuthMode {
        default: OtlpAuthMode::None,
        invalid: OtlpAuthMode::None, UsesValue, "a credential must not go where nobody named it",
        since: "0.1.0",
    }

    /// Attributes of the resource that sends: an object, or in the older form one text of `name=value` with commas between.
    /// Built-in names win.
    otlp_resource_attributes "otlpResourceAttributes": Attributes {
        default: Attributes::default(),
        invalid: Attributes::default(), UsesValue, "less leaves the machine",
        since: "0.1.0",
    }

    /// Which of its own events Deskhand exports: `off`, `error`, `warn`, `info`, `debug`.
    otlp_desktop_log_level "otlpDesktopLogLevel": LogLevel {
        default: LogLevel::Error,
        invalid: LogLevel::Error, UsesValue, "the default tells little",
        forbids: &[
            ("off", "exporting events of Deskhand itself"),
            ("any", "exporting events of Deskhand itself below `{}`"),
        ],
        since: "0.1.0",
    }

    /// Content that the export may hold: `userPrompts`, `assistantResponses`, `toolDetails`, `toolContent`. Empty: metadata only.
    /// `rawApiBodies` opens the bodies of requests to the provider and of its answers, up to 61,440 UTF-16 units of each, without the
    /// provider's credentials: with them everything that a conversation holds.
    otlp_content_capture "otlpContentCapture": List<ContentCapture, 16> {
        default: List::default(),
        invalid: List::default(), UsesValue, "less leaves the machine",
        scope: ManagedOrBootstrapWithConsent,
        effect: Effect::Enforced,
        order: Order::Allows(|outer, inner| outer == inner),
        forbids: &[
            ("none", "content of any kind in what is exported"),
            ("any", "content other than {} in what is exported"),
        ],
        differs_when_absent: "The export holds metadata only: prompts, answers and what tools take and give are redacted.",
        since: "0.1.0",
    }

    /// Whether traces are exported, too.
    otlp_traces_enabled "otlpTracesEnabled": bool {
        default: false,
        invalid: false, UsesValue, "less leaves the machine",
        forbids: &[("false", "exporting traces")],
        since: "0.1.0",
    }

    /// Whether the export names the person as the one who is signed in (`enduser.id`). Deskhand has no sign-in of its own, so that
    /// is the login name of the operating system. `process.owner` holds this name in every export, also without this key: a
    /// collector that may not have it must drop that attribute.
    end_user_attribution "endUserAttribution": bool {
        default: false,
        invalid: false, UsesValue, "less leaves the machine",
        aliases: ["enduserAttribution"],
        forbids: &[("false", "naming the user as `enduser.id` in what is exported (`process.owner` is there all the same)")],
        since: "0.1.0",
    }
}
