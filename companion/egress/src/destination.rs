//! The table of destinations. One row says where a connection may go, why, who opens it and which policy key decides.
//! A new way out is a new row here; nothing in the table depends on how a connection is made.

/// A policy key and the condition on its value under which a destination is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Open while the key has a value.
    WhileSet(&'static str),
    /// Open while the key has exactly this value.
    WhileIs(&'static str, &'static str),
    /// Open until the key is given a value.
    UnlessSet(&'static str),
}

impl Opens {
    /// The policy key that decides.
    pub fn key(self) -> &'static str {
        match self {
            Self::WhileSet(key) | Self::WhileIs(key, _) | Self::UnlessSet(key) => key,
        }
    }

    /// Whether the destination is open when the key has this value.
    pub fn holds(self, value: Option<&str>) -> bool {
        let value = value.filter(|text| !text.is_empty());
        match self {
            Self::WhileSet(_) => value.is_some(),
            Self::WhileIs(_, wanted) => value == Some(wanted),
            Self::UnlessSet(_) => value.is_none(),
        }
    }
}

/// Where the hosts of a destination come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Always these origins.
    Fixed(&'static [&'static str]),
    /// The origin of the address in this policy key.
    FromKey(&'static str),
    /// The origin of the proxy in force: of this policy key, or else of the environment.
    ProxyInForce(&'static str),
}

/// A directive of Content-Security-Policy Level 3 through which a page reaches a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `script-src`
    Script,
    /// `connect-src`
    Connect,
}

/// Who opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedBy {
    /// The service, through [`crate::Gate::client`].
    Service,
    /// The service, on its way to every other destination.
    ServiceOnTheWay,
    /// The web view of an Office pane by itself, through these directives; never the service.
    Pane(&'static [Directive]),
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row's destination.
    pub destination: Destination,
    /// Stable name for lists and logs.
    pub id: &'static str,
    /// Why the destination exists, as a sentence for administrators.
    pub why: &'static str,
    /// Where its hosts come from.
    pub hosts: Hosts,
    /// The policy key that opens and closes it.
    pub opens: Opens,
    /// Who opens the connection.
    pub opened_by: OpenedBy,
}

/// Declares [`Destination`] and its rows.
macro_rules! destinations {
    ($( #[doc = $why:literal] $name:ident = $id:literal { hosts: $hosts:expr, opens: $opens:expr, opened_by: $by:expr } )+) => {
        /// Every place that Deskhand may connect to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Destination { $( #[doc = $why] $name, )+ }

        impl Destination {
            /// The table, in the order of declaration.
            pub const TABLE: &'static [Row] = &[
                $( Row {
                    destination: Self::$name,
                    id: $id,
                    why: $why.trim_ascii(),
                    hosts: $hosts,
                    opens: $opens,
                    opened_by: $by,
                }, )+
            ];

            /// This destination's row.
            pub fn row(self) -> &'static Row {
                &Self::TABLE[self as usize]
            }
        }
    };
}

destinations! {
    /// Streams the model's answers from the gateway that the organisation runs.
    InferenceGateway = "inference-gateway" {
        hosts: Hosts::FromKey("inferenceGatewayBaseUrl"),
        opens: Opens::WhileIs("inferenceProvider", "gateway"),
        opened_by: OpenedBy::Service
    }
    /// Takes the connections of the service to the internet where the network asks for a proxy.
    Proxy = "proxy" {
        hosts: Hosts::ProxyInForce("egressProxyUrl"),
        opens: Opens::WhileSet("egressProxyUrl"),
        opened_by: OpenedBy::ServiceOnTheWay
    }
    /// Loads office.js, through which a pane talks to Excel and PowerPoint.
    OfficeScript = "office-script" {
        hosts: Hosts::Fixed(&["https://appsforoffice.microsoft.com"]),
        opens: Opens::UnlessSet("deskhandOfficeScriptFolder"),
        opened_by: OpenedBy::Pane(&[Directive::Script, Directive::Connect])
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.row().id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    #[test]
    fn each_row_stands_at_its_own_place_with_its_own_id() {
        for (index, row) in Destination::TABLE.iter().enumerate() {
            assert_eq!(row.destination as usize, index);
            assert_eq!(row.destination.row(), row);
            assert_eq!(
                Destination::TABLE
                    .iter()
                    .filter(|other| other.id == row.id)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn each_fixed_host_is_a_bare_https_origin() {
        for row in Destination::TABLE {
            let Hosts::Fixed(origins) = row.hosts else {
                continue;
            };
            for text in origins {
                let origin = Origin::of_address(text).expect("a valid origin");
                assert_eq!(origin.to_string(), *text);
                assert!(origin.is_https());
            }
        }
    }

    #[test]
    fn each_key_is_one_of_the_policy_table() {
        let keys = Destination::TABLE.iter().flat_map(|row| {
            let hosts = match row.hosts {
                Hosts::Fixed(_) => None,
                Hosts::FromKey(key) | Hosts::ProxyInForce(key) => Some(key),
            };
            hosts.into_iter().chain([row.opens.key()])
        });
        for key in keys {
            let found = deskhand_policy::definition(key).is_some();
            assert!(found, "{key}");
        }
    }

    #[test]
    fn a_key_without_text_counts_as_not_set() {
        let table = [
            (Opens::WhileSet("k"), None, false),
            (Opens::WhileSet("k"), Some(""), false),
            (Opens::WhileSet("k"), Some("x"), true),
            (Opens::WhileIs("k", "x"), Some("x"), true),
            (Opens::WhileIs("k", "x"), Some("X"), false),
            (Opens::WhileIs("k", "x"), None, false),
            (Opens::UnlessSet("k"), None, true),
            (Opens::UnlessSet("k"), Some(""), true),
            (Opens::UnlessSet("k"), Some("x"), false),
        ];
        for (opens, value, wanted) in table {
            assert_eq!(opens.holds(value), wanted, "{opens:?} with {value:?}");
        }
    }
}
