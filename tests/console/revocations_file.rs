//! Revocations as a file.
use countersign::revocations::exposure;

use crate::support::Server;
use crate::support::world::BILLING_API;
use countersign::oauth::time::Seconds;

#[test]
fn the_list_is_a_file_too_with_what_it_is_narrowed_to_and_that_is_recorded() {
    let server = Server::start();
    let world = server.world();
    server.issue(&world.billing);
    let owner = server.signed_in("owner");
    for (kind, subject) in
        [("application", world.billing.client_id.as_str()), ("resource", BILLING_API)]
    {
        let fields = [("kind", kind), ("subject", subject), ("reason", "=cmd()")];
        assert_eq!(owner.post("/revocations/new", &fields).status, 303);
    }
    exposure::explore(&server.app.store, Seconds(30)).unwrap();
    let browser = server.signed_in("auditor");
    let file = browser.get("/revocations.csv");
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"revocations.csv\"")
    );
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 3, "{}", file.text);
    assert!(lines[0].starts_with("revocation,time,kind,subject,name,client_id,reason,by,"));
    let (api, application) = (lines[1], lines[2]);
    assert!(api.starts_with("rev_") && api.contains(&format!(",resource,{BILLING_API},")));
    let id = &world.billing.client_id;
    let told = format!(",application,{id},billing,{id},'=cmd(),owner,1,2023-11-14T");
    assert!(application.contains(&told), "no formula, and what it hit: {application}");
    let narrowed = browser.get(&format!("/revocations.csv?application={id}")).text;
    assert_eq!(narrowed.lines().skip(1).collect::<Vec<_>>(), [application]);
    let recorded: Vec<_> =
        server.events("report.exported").into_iter().filter_map(|event| event.detail).collect();
    assert_eq!(recorded, ["revocations".to_owned(), format!("revocations application={id}")]);
}
