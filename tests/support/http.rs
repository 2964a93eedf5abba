//! Speaking HTTP to a test server.
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Request;

use super::Server;
use super::world::Client;

pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The `error` of an OAuth answer.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The elements that a CSS selector finds, as text with single spaces.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let page = scraper::Html::parse_document(&self.text);
        let selector = scraper::Selector::parse(selector).unwrap();
        let squeeze = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        page.select(&selector).map(|element| squeeze(element.text().collect())).collect()
    }
}

pub fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

impl Server {
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .build();
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer =
            ureq::Agent::new_with_config(config).run(request.body(body).unwrap()).unwrap();
        let bytes = answer.body_mut().read_to_vec().unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], Vec::new())
    }

    /// A token request with the credential in the header.
    pub fn token(&self, client: &Client, parameters: &[(&str, &str)]) -> Answer {
        let grant = ("grant_type", "client_credentials");
        let parameters: Vec<_> = std::iter::once(grant).chain(parameters.iter().copied()).collect();
        let authorization = basic(&client.client_id, &client.secret);
        self.token_request(&[("authorization", &authorization)], &parameters)
    }

    /// A token, whole.
    pub fn issue(&self, client: &Client) -> String {
        let answer = self.token(client, &[]).json();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A form to an endpoint, from a client with its credential in the header.
    pub fn post_as(&self, client: &Client, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let authorization = basic(&client.client_id, &client.secret);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.request("POST", path, &headers, form(parameters))
    }

    /// A token request as it is given.
    pub fn token_request(&self, headers: &[(&str, &str)], parameters: &[(&str, &str)]) -> Answer {
        let content_type = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([content_type]).collect();
        self.request("POST", "/oauth/token", &headers, form(parameters))
    }

    /// Bytes in, bytes out; for what no client library would send.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        // The server closes when it is done, or the time-out ends the wait.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}
