//! Private keys in a PKCS#11 token. `scripts/hsm` makes one and names it in
//! `TEST_PKCS11_…`.
mod processes;
mod token;

use std::path::Path;
use std::sync::Arc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::session::{Session, UserType};

use crate::support::Server;
use crate::support::database::TestDatabase;

/// The settings of the token.
fn settings() -> [(&'static str, String); 3] {
    ["MODULE", "TOKEN", "PIN_FILE"].map(|name| {
        let value = std::env::var(format!("TEST_PKCS11_{name}"));
        let setting = match name {
            "MODULE" => "COUNTERSIGN_PKCS11_MODULE",
            "TOKEN" => "COUNTERSIGN_PKCS11_TOKEN",
            _ => "COUNTERSIGN_PKCS11_PIN_FILE",
        };
        (setting, value.unwrap())
    })
}

/// A server whose new keys are made in the token.
fn start_on(database: &Arc<TestDatabase>, more: &[(&str, &str)]) -> Server {
    let settings = settings();
    let token = settings.iter().map(|(name, value)| (*name, value.as_str()));
    let all: Vec<_> = token.chain(more.iter().copied()).collect();
    Server::start_on(database.clone(), &all)
}

/// A session of our own beside the server's, logged in as it is.
fn session() -> Session {
    let [module, token, pin_file] = settings().map(|(_, value)| value);
    let module = Pkcs11::new(Path::new(&module)).unwrap();
    let _ = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let labelled = |slot: &cryptoki::slot::Slot| {
        module.get_token_info(*slot).unwrap().label().trim_end() == token
    };
    let slot = module.get_slots_with_token().unwrap().into_iter().find(labelled).unwrap();
    let session = module.open_rw_session(slot).unwrap();
    let pin = std::fs::read_to_string(pin_file).unwrap();
    let _ = session.login(UserType::User, Some(&pin.trim().to_owned().into()));
    session
}
