//! What the server opens when it starts, and why it does not start.
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use crate::config::{self, Config};
use crate::openid::Provider;
use crate::store::{self, Database, Store};
use crate::texts::Texts;
use crate::web::relying_party::RelyingParty;
use crate::{keys, sealing};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("DATABASE_URL: {0}")]
    DatabaseUrl(String),
    #[error("{0}")]
    DataDir(String),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Sealing(#[from] sealing::Error),
    #[error("{0}")]
    OpenId(String),
    #[error("{0}")]
    Streams(String),
    #[error("{0}")]
    Texts(String),
    #[error("COUNTERSIGN_PASSKEY_ORIGIN: {0}")]
    Passkeys(String),
    #[error("the audit thread does not start: {0}")]
    Thread(#[from] std::io::Error),
}

pub fn open_relying_party(config: &Config) -> Result<Option<RelyingParty>, OpenError> {
    let opened = config.passkeys.as_ref().map(RelyingParty::new).transpose();
    opened.map_err(OpenError::Passkeys)
}

pub fn open_texts(config: &Config) -> Result<Texts, OpenError> {
    let read = config.languages.as_deref().map(config::languages::read).transpose();
    Ok(read.map_err(OpenError::Texts)?.unwrap_or_default())
}

/// Reads what is needed to ask the OpenID provider. It is not asked: it may be
/// away when we start.
pub fn open_provider(config: &Config) -> Result<Option<Arc<Provider>>, OpenError> {
    let Some(named) = &config.openid else { return Ok(None) };
    let callback = config.console_url("/session/openid/callback");
    Ok(Some(Arc::new(Provider::new(named, &callback).map_err(OpenError::OpenId)?)))
}

/// Opens the database that the configuration names, and makes the folder it
/// is to lie in, for its owner alone.
pub fn open_store(config: &Config) -> Result<Store, OpenError> {
    let database = Database::parse(&config.database_url.0).map_err(OpenError::DatabaseUrl)?;
    let make = |folder: &std::path::Path| {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| OpenError::DataDir(format!("{}: {error}", folder.display())))
    };
    if let Database::Sqlite { path } = &database {
        make(&config.data_dir)?;
        if let Some(folder) = std::path::Path::new(path).parent() {
            make(folder)?;
        }
    }
    Ok(Store::open(database, config.connections)?)
}
