//! The client credentials grant, RFC 6749 §4.4.
use super::algorithm::Algorithm;
use super::client::{Client, Grant};
use super::error::{Code, Error};
use super::form::Form;
use super::reason::Reason;
use super::scope::ScopeSet;
use super::time::{Seconds, UnixTime};

/// The token request, RFC 6749 §4.4.2 with RFC 8707 §2.
#[derive(Debug)]
pub struct Request {
    pub scope: Option<ScopeSet>,
    /// Each once, in the order given. Empty when none was named.
    pub resources: Vec<String>,
}

/// What we agreed to issue. Nothing is signed or stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub client_id: String,
    /// At least one.
    pub resources: Vec<String>,
    pub scope: ScopeSet,
    pub algorithm: Algorithm,
    /// Whether the token is to name a status list: one of its resources wants
    /// it.
    pub status_list: bool,
    pub issued_at: UnixTime,
    pub expires_at: UnixTime,
}

impl Issuance {
    /// The same, issued at `later`.
    #[must_use]
    pub fn issued_at(self, later: UnixTime) -> Self {
        let lifetime = self.expires_at.since(self.issued_at);
        Self { issued_at: later, expires_at: later + lifetime, ..self }
    }
}

/// The most resources one token may be for.
pub const MAX_RESOURCES: usize = 8;

impl Request {
    /// # Errors
    /// * `invalid_request`: no `grant_type`, or both `resource` and `audience`.
    /// * `unsupported_grant_type`: another than `client_credentials`.
    /// * `invalid_target`: more than eight resources.
    /// * `invalid_scope`: `scope` is outside the grammar.
    pub fn parse(form: &Form<'_>) -> Result<Self, Error> {
        match form.get("grant_type") {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(Error::new(
                    Code::UnsupportedGrantType,
                    Reason::GrantTypeNotSupported,
                    "only grant_type client_credentials is supported",
                ));
            }
            None => {
                return Err(Error::new(
                    Code::InvalidRequest,
                    Reason::GrantTypeMissing,
                    "grant_type is missing",
                ));
            }
        }
        let scope = form.get("scope").map(ScopeSet::parse).transpose()?;
        Ok(Self { scope, resources: resources(form)? })
    }
}

/// Decides what `client` gets for `request`: the scopes it asked for, or, when
/// it asked for none, all that it holds at the resource (RFC 6749 §3.3); of
/// several resources, those it holds at each.
///
/// # Errors
/// * `invalid_target`: it holds no grant at a resource it named, named none
///   and does not hold exactly one, or the resources sign differently.
/// * `invalid_scope`: it asked for a scope it does not hold at each resource,
///   or asked for none and holds none in common.
pub fn decide(client: &Client, request: &Request, now: UnixTime) -> Result<Issuance, Error> {
    let grants = granted(client, request)?;
    let algorithm = one_algorithm(&grants)?;
    let scope = match &request.scope {
        Some(asked) => asked.clone(),
        None => common_scopes(&grants)?,
    };
    for grant in &grants {
        let excess = scope.beyond(&grant.scopes);
        if !excess.is_empty() {
            return Err(Error::new(
                Code::InvalidScope,
                Reason::ScopeNotGranted,
                format!("not granted for this resource: {excess}"),
            )
            .because(format!("{excess} at {}", grant.resource))
            .refusing(&excess));
        }
    }
    let lifetime = grants
        .iter()
        .map(|grant| client.token_lifetime.unwrap_or(grant.token_lifetime))
        .min()
        .unwrap_or(Seconds(0));
    Ok(Issuance {
        client_id: client.client_id.clone(),
        resources: grants.iter().map(|grant| grant.resource.clone()).collect(),
        scope,
        algorithm,
        status_list: grants.iter().any(|grant| grant.status_lists),
        issued_at: now,
        expires_at: now + lifetime,
    })
}

fn resources(form: &Form<'_>) -> Result<Vec<String>, Error> {
    let (named, alias) = (form.all("resource"), form.all("audience"));
    let mut resources: Vec<String> = Vec::new();
    for (i, uri) in named.enumerate().chain(alias.enumerate()) {
        if i >= MAX_RESOURCES || uri.len() > super::resource::ResourceUri::MAX_BYTES {
            return Err(Error::new(
                Code::InvalidTarget,
                Reason::ResourceMalformed,
                "at most 8 resources of at most 512 bytes",
            ));
        }
        if !resources.iter().any(|known| known == uri) {
            resources.push(uri.to_owned());
        }
    }
    if form.get("audience").is_some() && form.get("resource").is_some() {
        return Err(Error::new(
            Code::InvalidRequest,
            Reason::ResourceMalformed,
            "audience is another name of resource: send one of them",
        ));
    }
    Ok(resources)
}

/// The grants at the resources of the request, each once.
fn granted<'c>(client: &'c Client, request: &Request) -> Result<Vec<&'c Grant>, Error> {
    let target = |reason, description| Error::new(Code::InvalidTarget, reason, description);
    if request.resources.is_empty() {
        return match &*client.grants {
            [only] => Ok(vec![only]),
            [] => Err(target(Reason::ResourceNotGranted, "this client may call no resource")),
            _ => Err(target(
                Reason::ResourceMissing,
                "this client may call several resources: name one with resource",
            )),
        };
    }
    let find = |uri: &String| {
        client.grants.iter().find(|grant| grant.resource == *uri).ok_or_else(|| {
            target(Reason::ResourceNotGranted, "resource is unknown or not granted to this client")
                .because(uri.clone())
        })
    };
    request.resources.iter().map(find).collect()
}

/// One token has one signature.
fn one_algorithm(grants: &[&Grant]) -> Result<Algorithm, Error> {
    let mut algorithms = grants.iter().map(|grant| grant.algorithm);
    let first = algorithms.next().unwrap_or_default();
    if algorithms.all(|other| other == first) {
        return Ok(first);
    }
    Err(Error::new(
        Code::InvalidTarget,
        Reason::ResourcesNotTogether,
        "these resources sign with different algorithms: ask for each alone",
    ))
}

fn common_scopes(grants: &[&Grant]) -> Result<ScopeSet, Error> {
    let mut sets = grants.iter().map(|grant| &grant.scopes);
    let first = sets.next().cloned().unwrap_or_default();
    let common = sets.fold(first, |common, scopes| common.within(scopes));
    if common.is_empty() && grants.iter().any(|grant| !grant.scopes.is_empty()) {
        return Err(Error::new(
            Code::InvalidScope,
            Reason::ScopeNotGranted,
            "no scope is granted at each of these resources",
        ));
    }
    Ok(common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);
    const BILLING: &str = "https://api.example/billing";
    const LEDGER: &str = "https://api.example/ledger";

    #[test]
    fn no_scope_means_every_scope_granted_at_the_resource() {
        let issuance = decide(&client(), &asking(None, &[BILLING]), NOW).unwrap();
        assert_eq!(issuance.scope.to_string(), "invoices:read invoices:write");
        assert_eq!(issuance.expires_at, NOW + Seconds(600));
    }

    #[test]
    fn one_scope_too_many_refuses_the_whole_request() {
        let error =
            decide(&client(), &asking(Some("invoices:read admin"), &[BILLING]), NOW).unwrap_err();
        assert_eq!(error.code, Code::InvalidScope);
        assert_eq!(error.description, "not granted for this resource: admin");
    }

    /// RFC 9068 §3: a token without a known audience is never issued.
    #[test]
    fn a_resource_must_be_named_unless_there_is_exactly_one() {
        let several = decide(&client(), &asking(None, &[]), NOW).unwrap_err();
        assert_eq!((several.code, several.reason), (Code::InvalidTarget, Reason::ResourceMissing));

        let mut one = client();
        one.grants = one.grants[..1].into();
        assert_eq!(decide(&one, &asking(None, &[]), NOW).unwrap().resources, [BILLING]);

        one.grants = [].into();
        let none = decide(&one, &asking(None, &[]), NOW).unwrap_err();
        assert_eq!(none.reason, Reason::ResourceNotGranted);
    }

    /// RFC 8707 §2: exact match, no prefixes.
    #[test]
    fn a_resource_is_compared_to_the_letter() {
        for near in ["https://api.example/billing/", "https://API.example/billing", "https://api"] {
            let error = decide(&client(), &asking(None, &[near]), NOW).unwrap_err();
            assert_eq!(error.code, Code::InvalidTarget, "{near}");
        }
    }

    #[test]
    fn several_resources_share_only_scopes_held_at_each() {
        let both = [BILLING, LEDGER];
        let shared = decide(&client(), &asking(None, &both), NOW).unwrap();
        assert_eq!(shared.scope.to_string(), "invoices:read");
        assert_eq!(shared.expires_at, NOW + Seconds(300), "the shorter life");

        let error = decide(&client(), &asking(Some("invoices:write"), &both), NOW).unwrap_err();
        assert_eq!(error.code, Code::InvalidScope);
    }

    #[test]
    fn resources_that_sign_differently_are_not_mixed() {
        let mut client = client();
        std::sync::Arc::make_mut(&mut client.grants)[1].algorithm = Algorithm::Rs256;
        let error = decide(&client, &asking(None, &[BILLING, LEDGER]), NOW).unwrap_err();
        assert_eq!(error.reason, Reason::ResourcesNotTogether);
    }

    #[test]
    fn the_application_lifetime_wins_over_the_resource() {
        let mut client = client();
        client.token_lifetime = Some(Seconds(60));
        let issuance = decide(&client, &asking(None, &[BILLING]), NOW).unwrap();
        assert_eq!(issuance.expires_at, NOW + Seconds(60));
    }

    #[test]
    fn a_request_says_which_grant_and_at_most_eight_resources() {
        let parse = |body: &str| Request::parse(&Form::parse(body.as_bytes()).unwrap());
        let grant = "grant_type=client_credentials";
        assert_eq!(parse("scope=a").unwrap_err().code, Code::InvalidRequest);
        assert_eq!(parse("grant_type=password").unwrap_err().code, Code::UnsupportedGrantType);
        let nine: String = (0..9).map(|i| format!("&resource=urn:r{i}")).collect();
        assert_eq!(parse(&format!("{grant}{nine}")).unwrap_err().code, Code::InvalidTarget);
        assert!(parse(&format!("{grant}&resource=a&audience=a")).is_err());
        let twice = parse(&format!("{grant}&audience=a&audience=a")).unwrap();
        assert_eq!(twice.resources, ["a"]);
    }

    proptest! {
        /// authentik CVE-2024-52287: never a scope that was not granted.
        #[test]
        fn what_is_issued_is_always_granted(
            asked in "[a-f]( [a-f]){0,4}", held in "[a-f]( [a-f]){0,4}",
        ) {
            let mut client = client();
            std::sync::Arc::make_mut(&mut client.grants)[0].scopes = ScopeSet::parse(&held).unwrap();
            if let Ok(issuance) = decide(&client, &asking(Some(&asked), &[BILLING]), NOW) {
                prop_assert!(issuance.scope.beyond(&client.grants[0].scopes).is_empty());
            }
        }
    }

    fn client() -> Client {
        let grant = |resource: &str, scopes, lifetime| Grant {
            resource: resource.into(),
            scopes: ScopeSet::parse(scopes).unwrap(),
            token_lifetime: Seconds(lifetime),
            algorithm: Algorithm::Es256,
            status_lists: false,
        };
        Client {
            client_id: "m2m_billing".into(),
            active: true,
            token_lifetime: None,
            secrets: [].into(),
            grants: [
                grant(BILLING, "invoices:read invoices:write", 600),
                grant(LEDGER, "invoices:read ledger:export", 300),
            ]
            .into(),
            introspects: crate::oauth::client::Introspects::For(vec![]),
        }
    }

    fn asking(scope: Option<&str>, resources: &[&str]) -> Request {
        Request {
            scope: scope.map(|s| ScopeSet::parse(s).unwrap()),
            resources: resources.iter().map(|&uri| uri.to_owned()).collect(),
        }
    }
}
