//! Who may do what. One table: `docs/roles.md` is made from it, and a test
//! holds every act and every page to it.

/// A person's role in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees and cares for the applications that they own, and nothing else.
    Developer,
    /// Reads everything, changes nothing.
    Auditor,
    /// Manages APIs, applications and their access.
    Admin,
    /// And other administrators.
    Owner,
}

/// What an act or a page needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Be signed in: one's own account.
    SignIn,
    /// See an application: its secrets without their values, access and use.
    ReadApplication,
    /// See any page; export the audit log.
    Read,
    /// Describe an application, suspend it, and care for its secrets.
    ManageApplication,
    /// Change APIs, applications, who owns them, and what they may ask for.
    ManageRegistry,
    /// Change who may sign in, and as what.
    ManageAdministrators,
    /// Remove what the audit log keeps, or say that nothing may be.
    RetainLog,
}

/// How far a right of a role goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Nothing,
    /// The applications that the person owns.
    Owned,
    Everything,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Developer, Self::Auditor];

    /// The table.
    pub const fn reach(self, right: Right) -> Reach {
        match (right, self) {
            (Right::SignIn, _)
            | (Right::ReadApplication | Right::Read, Self::Auditor | Self::Admin | Self::Owner)
            | (Right::ManageApplication | Right::ManageRegistry, Self::Admin | Self::Owner)
            | (Right::ManageAdministrators | Right::RetainLog, Self::Owner) => Reach::Everything,
            (Right::ReadApplication | Right::ManageApplication, Self::Developer) => Reach::Owned,
            _ => Reach::Nothing,
        }
    }

    /// Whether the right is there whatever it is used on.
    pub fn may(self, right: Right) -> bool {
        self.reach(right) == Reach::Everything
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl Right {
    pub const ALL: [Self; 7] = [
        Self::SignIn,
        Self::ReadApplication,
        Self::Read,
        Self::ManageApplication,
        Self::ManageRegistry,
        Self::ManageAdministrators,
        Self::RetainLog,
    ];

    /// As it stands in a sentence after "to".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign in",
            Self::ReadApplication => "see the application",
            Self::Read => "read",
            Self::ManageApplication => "manage the application",
            Self::ManageRegistry => "manage APIs and applications",
            Self::ManageAdministrators => "manage administrators",
            Self::RetainLog => "say what the audit log keeps",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
