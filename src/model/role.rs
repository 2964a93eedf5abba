//! Who may do what. One table.

/// A person's role in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads everything, changes nothing.
    Auditor,
    /// Manages APIs, applications and their access.
    Admin,
    /// And other administrators.
    Owner,
}

/// What an act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See any page; export the audit log.
    Read,
    /// Change APIs, applications, grants and secrets.
    ManageRegistry,
    /// Change who may sign in, and as what.
    ManageAdministrators,
    /// Remove what the audit log keeps, or say that nothing may be.
    RetainLog,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Auditor];

    pub const fn may(self, right: Right) -> bool {
        matches!(
            (right, self),
            (Right::Read, _)
                | (Right::ManageRegistry, Self::Admin | Self::Owner)
                | (Right::ManageAdministrators | Right::RetainLog, Self::Owner)
        )
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
