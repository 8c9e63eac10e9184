//! Whether this node may start beside the others that work on its database, and whether its folders are those it had.

use uuid::Uuid;

use super::report::{CheckOutcome, Finding};
use crate::adapters::database::NodeFolder;
use crate::adapters::database::postgres::{SiteRelay, SiteTable};
use crate::adapters::folder::Folder;
use crate::adapters::folder::identity::{Expected, Identified};
use crate::app::data_dir::DATA_DIR;
use crate::app::earlier_runs;
use crate::app::foreign_folders;
use crate::app::open_stores::known_nodes;
use crate::base::Result;
use crate::config::Settings;
use crate::config::settings::DatabaseSettings;
use crate::domain::node::{Node, NodeClaim, admit, relayed_by};

/// Findings about this node; none where the database does not answer or is not made yet, which is told of elsewhere.
pub(super) async fn findings(settings: &Settings) -> Vec<Finding> {
    let Ok(nodes) = known_nodes(settings).await else { return Vec::new() };
    // Whoever may not read the data folder cannot tell who they would be.
    let Ok(instance) = Folder::new(&settings.data_dir, DATA_DIR).found() else { return Vec::new() };
    let claim = NodeClaim {
        name: settings.node.clone(),
        // A data folder that has never been used has none: no other node has this one.
        instance: instance.unwrap_or_else(Uuid::new_v4),
        run: Uuid::nil(),
        relays: settings.has_role("restream"),
        records: settings.has_role("record"),
        starts: true,
        ended: earlier_runs::known(&settings.data_dir),
    };
    let mut findings = vec![match admit(&claim, &nodes) {
        Err(error) => Finding::error("node", &error),
        Ok(_) => {
            let others = nodes.iter().filter(|node| node.is_alive() && node.instance != claim.instance);
            let names: Vec<String> = others.map(|node| format!("{:?}", node.name)).collect();
            let beside = if names.is_empty() { "alone".to_owned() } else { format!("beside {}", names.join(", ")) };
            Finding::ok("node", format!("{:?} works on this database {beside}", settings.node))
        }
    }];
    findings.extend(site_relay(settings, &claim).await);
    let by_folder = nodes.iter().find(|node| node.instance == claim.instance);
    let mine = by_folder.or(nodes.iter().find(|node| node.name == claim.name));
    if let Some(node) = mine.filter(|_| claim.records) {
        for (which, id) in [(NodeFolder::Spool, node.spool), (NodeFolder::Objects, node.objects)] {
            let Ok(place) = foreign_folders::identified(settings, which) else { continue };
            if let Err(error) = check_place(place.as_ref(), id, &claim, &nodes).await {
                findings.push(Finding::error(which.column(), &error));
            }
        }
    }
    findings
}

/// Whether a folder or a bucket is the one that the database knows. One that it does not know yet may be anything but another
/// site's bucket; where a bucket does not answer at all, the look at the bucket itself tells.
async fn check_place(place: &dyn Identified, id: Option<Uuid>, claim: &NodeClaim, nodes: &[Node]) -> Result<()> {
    if !place.is_taken_as_found() && place.found_identity().await.is_err() {
        return Ok(());
    }
    let expected = match id {
        Some(id) => id,
        None if place.is_taken_as_found() => return Ok(()),
        None => match place.found_identity().await.ok().flatten() {
            Some(found) if nodes.iter().any(|node| node.objects == Some(found)) => found,
            Some(_) => claim.instance,
            None => return Ok(()),
        },
    };
    place.expect_of_it(Expected::Id(expected));
    place.check_identity().await
}

/// Whether another node relays the cameras of a site's table; nothing where that is free, or where its server does not
/// answer, which is told of elsewhere.
async fn site_relay(settings: &Settings, claim: &NodeClaim) -> Option<Finding> {
    let DatabaseSettings::Site { url, cameras_query, listen_url, .. } = &settings.database else { return None };
    if !claim.relays {
        return None;
    }
    let table = SiteTable::open_again(url, listen_url.as_ref(), cameras_query).await.ok()?;
    match table.other_relay(claim.instance).await.ok()? {
        SiteRelay::Free => None,
        SiteRelay::Other(node) => Some(Finding::error("node", &relayed_by(&node, None))),
        SiteRelay::Unknown(why) => Some(Finding::in_words("node", CheckOutcome::Note, why, "")),
    }
}
