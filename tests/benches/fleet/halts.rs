//! The halt of all gateways.

use crate::{Fleet, milliseconds, print, print_times};
use kt_tests::bench::own_cpu_time;
use serde_json::{Value, json};
use std::time::Instant;

/// As many as `kt gateway halt` sends in a request.
const GATEWAYS_PER_REQUEST: usize = 500;

impl Fleet<'_> {
    /// Halts all gateways, and waits until each one knows it. The processor time of the load
    /// includes that of the gateways, which run elsewhere otherwise.
    pub(crate) async fn measure_halt(&self) {
        let ids = self.gateway_ids().await;
        let server = || self.server.server().cpu_time();
        let (start, before, own) = (Instant::now(), server(), own_cpu_time());
        let mut client = self.server.connect().await;
        for part in ids.chunks(GATEWAYS_PER_REQUEST) {
            let body = json!({"gateways": part, "reason": "measured"}).to_string();
            let response = client.request("POST", "/v1/actions/halt", &body).await;
            let (status, body) = response.expect("a response");
            assert_eq!(status, 200, "{body}");
        }
        let sent = start.elapsed();
        let known = self.waiters.all_know_halt(0..self.waiting()).await;
        let all = start.elapsed();
        let times = known.iter().map(|at| at.duration_since(start)).collect();
        self.server.waits(self.waiting()).await;
        let (server, own) = (server() - before, own_cpu_time() - own);
        let count = self.waiting();
        print(
            &format!("time to halt {count} gateways and instances"),
            &milliseconds(sent),
        );
        print("time until all know it", &milliseconds(all));
        print_times("time until one knows it", times);
        print(
            "processor time of the server for that",
            &format!("{server:.2} s"),
        );
        print(
            "processor time of the load for that",
            &format!("{own:.2} s"),
        );
    }

    async fn gateway_ids(&self) -> Vec<Value> {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let target = format!("/v1/gateways?limit=200{cursor}");
            let page = self.server.request("GET", &target, "").await;
            let items = page["items"].as_array().expect("a page");
            ids.extend(items.iter().map(|one| one["id"].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    }
}
