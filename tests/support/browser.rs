//! Somebody with a browser: a cookie, and headers that a browser sends.
use countersign::admin::administrators;
use countersign::model::administrator::AdministratorDetails;
use countersign::model::password::{self, Password};
use std::cell::RefCell;
use std::sync::LazyLock;

use super::Server;
use super::http::{Answer, form};

pub const PASSWORD: &str = "correct horse battery staple";

/// Hashing takes a while; one hash serves all.
static HASH: LazyLock<String> =
    LazyLock::new(|| password::hash(&Password::choose(PASSWORD).unwrap(), &[7; 16]).unwrap());

pub struct Browser<'s> {
    server: &'s Server,
    cookie: RefCell<String>,
    /// The cookie of a way to the OpenID provider.
    journey: RefCell<String>,
}

impl Server {
    /// Makes an administrator, `role@example.com`, and returns the id.
    pub fn administrator(&self, role: &str) -> String {
        let details =
            AdministratorDetails::read(&format!("{role}@example.com"), role, role).unwrap();
        self.act(|conn, actor| administrators::create(conn, actor, details, &HASH)).id
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { server: self, cookie: RefCell::default(), journey: RefCell::default() }
    }

    /// A browser in which a new administrator of this role has signed in.
    pub fn signed_in(&self, role: &str) -> Browser<'_> {
        self.administrator(role);
        let browser = self.browser();
        let answer = browser.sign_in(&format!("{role}@example.com"), PASSWORD);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
        browser
    }
}

impl Browser<'_> {
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Vec::new())
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", path, &headers, form(fields))
    }

    pub fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("email", email), ("password", password)])
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let cookies = [self.cookie.borrow().clone(), self.journey.borrow().clone()];
        let cookie = cookies.into_iter().filter(|cookie| !cookie.is_empty());
        let cookie = cookie.collect::<Vec<_>>().join("; ");
        let mut headers = headers.to_vec();
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let answer = self.server.request(method, path, &headers, body);
        let set = answer.headers.get_all("set-cookie").iter();
        for value in set.filter_map(|value| value.to_str().ok()) {
            let pair = value.split(';').next().unwrap();
            if pair.trim_start_matches("__Host-").starts_with("countersign=") {
                pair.clone_into(&mut self.cookie.borrow_mut());
            } else if pair.trim_start_matches("__Host-").starts_with("countersign-openid=") {
                pair.clone_into(&mut self.journey.borrow_mut());
            }
        }
        answer
    }

    pub fn cookie(&self) -> String {
        self.cookie.borrow().clone()
    }

    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self {
            server: self.server,
            cookie: RefCell::new(cookie.to_owned()),
            journey: RefCell::default(),
        }
    }
}
