//! What the server runs with, as its pages say it.
use crate::support::Server;

#[test]
fn settings_say_where_they_came_from_and_no_secret() {
    let server = Server::start();
    let browser = server.signed_in("auditor");
    let page = browser.get("/settings");
    assert_eq!(page.status, 200);
    let rows = page.texts(".settings tbody tr");
    assert_eq!(rows.len(), countersign::config::setting::all().count());
    let row = |name: &str| rows.iter().find(|row| row.starts_with(name)).unwrap();
    assert!(row("COUNTERSIGN_CONNECTIONS").contains("4Default 8Environment"));
    assert!(row("COUNTERSIGN_SESSION_HOURS").contains("12Default"));
    assert!(row("COUNTERSIGN_MASTER_KEYm").contains("Set, not shown"));
    let file = browser.get("/settings/countersign.toml");
    assert!(file.text.contains("connections = \"4\""), "{}", file.text);
    for text in [&page.text, &file.text] {
        assert!(!text.contains(&"0f".repeat(32)) && !text.contains(&server.database.url));
    }
    assert_eq!(server.browser().get("/settings").status, 303);
}
