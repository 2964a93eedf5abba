//! A one-time link, shown once by the form that made it.
use actix_web::HttpResponse;
use askama::Template;
use zeroize::Zeroizing;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::oauth::UnixTime;
use crate::texts::{Text, filters};

#[derive(Template)]
#[template(path = "console/administrators/link.html")]
struct Link<'a> {
    chrome: Chrome,
    title: &'a Text,
    about: &'static str,
    url: &'a str,
    expires: Moment,
    /// Where one goes on.
    back: &'a str,
}

/// What the page says around the link.
pub struct Words<'a> {
    pub title: Text,
    pub about: &'static str,
    pub back: &'a str,
}

pub fn show(
    person: &SignedIn,
    words: &Words<'_>,
    url: &Zeroizing<String>,
    expires_at: UnixTime,
) -> Result<HttpResponse, Failure> {
    page::secret(&Link {
        chrome: person.chrome("/people"),
        title: &words.title,
        about: words.about,
        url,
        expires: Moment::new(expires_at, person.now()),
        back: words.back,
    })
}
