//! Quick starts: programs that get a token for one application and call an API
//! with it, filled in and ready to run. Pure text.
//!
//! Each takes the secret from the environment, keeps a token until half a
//! minute before it expires, and tells what went wrong. `scripts/samples` runs
//! every one of them.
pub mod quoted;

use askama::Template;

use quoted::Parameter;

/// A language that there is a quick start in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Curl,
    Python,
    Node,
    Go,
    Java,
    Rust,
    DotNet,
}

impl Language {
    pub const ALL: [Self; 7] =
        [Self::Curl, Self::Python, Self::Node, Self::Go, Self::Java, Self::Rust, Self::DotNet];

    /// The word in URLs and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "python",
            Self::Node => "node",
            Self::Go => "go",
            Self::Java => "java",
            Self::Rust => "rust",
            Self::DotNet => "dotnet",
        }
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "Python",
            Self::Node => "Node.js",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Rust => "Rust",
            Self::DotNet => ".NET",
        }
    }

    /// What it needs besides the language, and how it is started.
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Curl => "Paste it into a shell.",
            Self::Python => "Python 3.8 or later, nothing else: python3 client.py",
            Self::Node => "Node.js 18 or later, nothing else: node client.mjs",
            Self::Go => "Go 1.19 or later, nothing else: go run client.go",
            Self::Java => "Java 17 or later, nothing else: java Client.java",
            Self::Rust => "cargo add ureq@3 --features json && cargo add serde_json@1",
            Self::DotNet => ".NET 8 or later, nothing else: dotnet run",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == text)
    }
}

/// What a quick start is filled in with.
#[derive(Clone, Debug)]
pub struct Sample {
    pub token_url: String,
    /// What is called with the token: an endpoint that says what it says.
    pub call_url: String,
    pub client_id: String,
    /// The API, by its identifier.
    pub resource: String,
    /// Separated by spaces; empty: all that are granted.
    pub scope: String,
}

/// Above this many scopes the sample names none, and gets them all.
const MOST_SCOPES: usize = 20;

impl Sample {
    /// Asks for `scopes` of an API, if they are few enough to be named.
    pub fn new(issuer: &str, client_id: &str, resource: &str, scopes: &[String]) -> Self {
        let named = (1..=MOST_SCOPES).contains(&scopes.len());
        Self {
            token_url: format!("{issuer}/oauth/token"),
            call_url: format!("{issuer}/whoami"),
            client_id: client_id.to_owned(),
            resource: resource.to_owned(),
            scope: if named { scopes.join(" ") } else { String::new() },
        }
    }

    /// The program.
    pub fn text(&self, language: Language) -> String {
        let sample = self;
        let rendered = match language {
            Language::Curl => Curl { sample }.render(),
            Language::Python => Python { sample }.render(),
            Language::Node => Node { sample }.render(),
            Language::Go => Go { sample }.render(),
            Language::Java => Java { sample }.render(),
            Language::Rust => Rust { sample }.render(),
            Language::DotNet => DotNet { sample }.render(),
        };
        // Writing to a string cannot fail.
        rendered.unwrap_or_default()
    }

    /// One request for a token, as parameters of curl.
    pub fn parameters(&self) -> Vec<Parameter> {
        let scope = (!self.scope.is_empty()).then(|| Parameter::new("scope", &self.scope));
        std::iter::once(Parameter::new("resource", &self.resource)).chain(scope).collect()
    }
}

macro_rules! template {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $name<'a> {
            sample: &'a Sample,
        }
    };
}

template!(Curl, "samples/client.sh");
template!(Python, "samples/client.py");
template!(Node, "samples/client.mjs");
template!(Go, "samples/client.go");
template!(Java, "samples/Client.java");
template!(Rust, "samples/client.rs");
template!(DotNet, "samples/Client.cs");

#[cfg(test)]
mod tests {
    use super::*;

    /// An API may be called anything that is a URI; none of it may become code.
    #[test]
    fn what_an_api_is_called_does_not_become_code() {
        let scopes = ["a\"b".to_owned(), "c$d'e".to_owned()];
        let sample = Sample::new("https://i.example", "m2m_1", "https://a/$(id)'\"\\", &scopes);
        for language in Language::ALL {
            let text = sample.text(language);
            assert!(text.contains("m2m_1") && text.contains("CLIENT_SECRET"), "{language:?}");
            assert!(text.contains("https://i.example/oauth/token"), "{language:?}");
            let bare = text.contains("\"https://a/$(id)'\"\\\"");
            assert!(!bare, "{language:?}: {text}");
        }
        let python = sample.text(Language::Python);
        assert!(python.contains(r#""https://a/$(id)'\"\\""#), "{python}");
        let curl = sample.text(Language::Curl);
        assert!(curl.contains(r#"resource='https://a/$(id)'\''"\'"#), "{curl}");
    }

    #[test]
    fn many_scopes_are_not_named() {
        let scopes: Vec<String> = (0..21).map(|n| format!("s{n}")).collect();
        let sample = Sample::new("https://i.example", "m2m_1", "https://a", &scopes);
        for language in Language::ALL {
            assert!(!sample.text(language).contains("s20"), "{language:?}");
        }
    }
}
