//! `POST /profile/recovery-codes`, and the page that shows them, once.
use actix_web::{HttpResponse, web};
use askama::Template;
use zeroize::Zeroizing;

use crate::admin::{self, Actor, factors};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::recovery_code::{CODES, Digest, RecoveryCode};
use crate::texts::filters;
use crate::web::App;

/// Codes that were just made.
pub struct Codes {
    codes: Vec<RecoveryCode>,
    /// One a line, to copy all at once.
    pub lines: Zeroizing<String>,
}

impl Codes {
    pub fn new(actor: &Actor) -> Self {
        let codes: Vec<_> = (0..CODES).map(|_| RecoveryCode::new(actor.entropy.bytes())).collect();
        let mut lines = Zeroizing::new(String::with_capacity(CODES * 32));
        for code in &codes {
            lines.push_str(&code.shown());
            lines.push('\n');
        }
        Self { codes, lines }
    }

    pub fn digests(&self) -> Vec<Digest> {
        self.codes.iter().map(RecoveryCode::digest).collect()
    }

    pub fn shown(&self) -> Vec<Zeroizing<String>> {
        self.codes.iter().map(RecoveryCode::shown).collect()
    }
}

#[derive(Template)]
#[template(path = "console/profile/recovery_codes.html")]
struct Page {
    chrome: Chrome,
    codes: Codes,
}

pub async fn post(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let codes = Codes::new(&person.actor);
    let (actor, id, digests) =
        (person.actor.clone(), person.administrator.id.clone(), codes.digests());
    let renew =
        move |conn: &mut crate::store::Conn| factors::renew_codes(conn, &actor, &id, &digests);
    app.store.write::<_, admin::Error, _>(renew).await?;
    page(&person, codes)
}

pub(super) fn page(person: &SignedIn, codes: Codes) -> Result<HttpResponse, Failure> {
    page::secret(&Page { chrome: person.chrome("/profile"), codes })
}
