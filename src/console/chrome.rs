//! What every page has around it: menu, person, theme, notice.
use serde::{Deserialize, Serialize};

use crate::model::role::Role;
use crate::texts::en;

pub struct Chrome {
    /// The path of the menu's entry that is open.
    pub current: &'static str,
    pub name: String,
    pub role: Role,
    /// The host of the issuer: which server this is.
    pub host: String,
    /// `light`, `dark`, or empty for what the browser prefers.
    pub theme: &'static str,
    /// Whether single keys do something.
    pub keys: bool,
    /// The path and query of this page, to come back to.
    pub here: String,
    /// What the act before this page did, said once.
    pub notice: Option<Notice>,
    /// How many acts wait for this person to decide.
    pub waiting: i64,
}

/// What an act did, and where more of it stands.
#[derive(Debug, Deserialize, Serialize)]
pub struct Notice {
    pub text: String,
    /// Where each link leads, and what it is called.
    #[serde(default)]
    pub links: Vec<(String, String)>,
}

pub struct Section {
    pub title: &'static str,
    pub items: &'static [Item],
}

pub struct Item {
    pub path: &'static str,
    pub icon: &'static str,
    pub name: &'static str,
}

const fn item(path: &'static str, icon: &'static str, name: &'static str) -> Item {
    Item { path, icon, name }
}

const APPROVALS: &str = "/approvals";

static OVERVIEW: Section = Section {
    title: "",
    items: &[item("/", "gauge", en("Overview")), item(APPROVALS, "check", en("Approvals"))],
};
/// For those who see nothing but their own.
static OWN: Section =
    Section { title: "", items: &[item("/applications", "app-window", en("Applications"))] };
static DIRECTORY: Section = Section {
    title: en("Directory"),
    items: &[
        item("/applications", "app-window", en("Applications")),
        item("/apis", "boxes", en("APIs and scopes")),
        item("/access", "waypoints", en("Who can call what")),
    ],
};
static RECORDS: Section = Section {
    title: en("Records"),
    items: &[
        item("/log", "scroll-text", en("Audit log")),
        item("/revocations", "ban", en("Revocations")),
        item("/changes", "file-diff", en("Admin changes")),
        item("/log/integrity", "link", en("Integrity")),
        item("/reports", "printer", en("Reports")),
    ],
};
static SERVER: Section = Section {
    title: en("Server"),
    items: &[
        item("/tester", "terminal", en("Token tester")),
        item("/keys", "key-round", en("Signing keys")),
        item("/people", "users", en("People and roles")),
        item("/streams", "radio", en("Streams")),
        item("/settings", "settings", en("Settings")),
    ],
};

impl Chrome {
    /// Auditors come for the records, so those stand first for them.
    pub fn menu(&self) -> Vec<&'static Section> {
        match self.role {
            Role::Developer => vec![&OWN],
            Role::Auditor => vec![&OVERVIEW, &RECORDS, &DIRECTORY, &SERVER],
            Role::Admin | Role::Owner => vec![&OVERVIEW, &DIRECTORY, &RECORDS, &SERVER],
        }
    }

    /// What an entry counts, if that is anything.
    pub fn count(&self, item: &Item) -> Option<i64> {
        Some(self.waiting).filter(|count| item.path == APPROVALS && *count > 0)
    }

    pub fn role_title(&self) -> &'static str {
        match self.role {
            Role::Auditor => en("Auditor"),
            Role::Developer => en("Developer"),
            Role::Admin => en("Admin"),
            Role::Owner => en("Owner"),
        }
    }

    pub fn other_theme(&self) -> &'static str {
        if self.theme == "dark" { "light" } else { "dark" }
    }
}
