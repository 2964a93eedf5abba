//! `GET /sign-in-attempts`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::blocks::Input;
use crate::admin::guard::LENGTHS;
use crate::console::chrome::Chrome;
use crate::console::count;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::sign_in::Kind;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::sign_ins::{self, Attempts, Block};
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/attempts/index.html")]
pub(super) struct Index {
    chrome: Chrome,
    errors: FieldErrors,
    input: Input,
    addresses: Vec<Row>,
    accounts: Vec<Row>,
    blocks: Vec<Blocked>,
}

struct Row {
    of: String,
    attempts: String,
    places: String,
    last: Moment,
    /// When the next attempt is let through, if that is not now.
    waits: Option<Moment>,
}

struct Blocked {
    block: Block,
    since: Moment,
    until: Moment,
}

/// The most lines of a list.
const LINES: i64 = 50;

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    page::html(&fill(&person, &app, Input::default(), FieldErrors::default()).await?)
}

pub(super) async fn fill(
    person: &SignedIn,
    app: &App,
    input: Input,
    errors: FieldErrors,
) -> Result<Index, Failure> {
    let now = person.now();
    let read = app.pages.read(move |conn| {
        Ok((
            sign_ins::by_address(conn, LINES)?,
            sign_ins::by_account(conn, LINES)?,
            sign_ins::blocks(conn, now)?,
        ))
    });
    let (addresses, accounts, blocks) = read.await?;
    let blocked = |block: Block| Blocked {
        since: Moment::new(block.created_at, now),
        until: Moment::new(block.ends_at, now),
        block,
    };
    Ok(Index {
        chrome: person.chrome("/people"),
        errors,
        input,
        addresses: addresses.into_iter().map(|found| row(found, now)).collect(),
        accounts: accounts.into_iter().map(|found| row(found, now)).collect(),
        blocks: blocks.into_iter().map(blocked).collect(),
    })
}

fn row(found: Attempts, now: UnixTime) -> Row {
    let wait = found.tally.wait(Kind::Address, now);
    Row {
        attempts: count::text(found.attempts),
        places: count::text(found.places),
        last: Moment::new(found.tally.last_at, now),
        waits: wait.map(|wait| Moment::new(now + wait, now)),
        of: found.of,
    }
}

impl Index {
    /// Seconds, words, whether chosen.
    fn lengths(&self) -> [(i64, &'static str, bool); 4] {
        let words = |length: Seconds| match length.0 {
            3_600 => en("An hour"),
            86_400 => en("A day"),
            604_800 => en("A week"),
            _ => en("30 days"),
        };
        let chosen = if self.input.length == 0 { 86_400 } else { self.input.length };
        LENGTHS.map(|length| (length.0, words(length), length.0 == chosen))
    }
}
