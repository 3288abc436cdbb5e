//! What to do for each action, in order, each step with its way back.
//!
//! A stopped agent stays loaded: it ends with 0 after SIGTERM, and is kept
//! alive only after failures. So stopping and starting need no `bootout` and
//! `bootstrap`, whose race leaves agents of other products down.

use crate::domain::{self, DRAINING, NOT_LOADED, launchctl};
use crate::job;
use kt_plugin_api::Error;
use kt_plugin_api::service::{Action, Artifact, Deed, Observed, Plan, RenderRequest, Run, Step};
use std::collections::BTreeMap;

/// launchd refuses agents that others cannot read; the list holds no secret.
const PLIST_MODE: u32 = 0o644;
/// How long an unloaded agent was seen to linger at worst (three to five
/// seconds), with room, milliseconds.
const DRAIN_MS: u64 = 15_000;

struct Job<'a> {
    request: &'a RenderRequest,
    domain: String,
    target: String,
    plist: String,
    was: Observed,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let facts = &request.facts;
    let label = domain::label(&request.spec.family, &request.spec.name);
    let path = domain::plist_path(facts, &label);
    let artifact = Artifact {
        mode: PLIST_MODE,
        content: job::render(&request.spec, facts, &label)?,
        path,
    };
    let job = Job {
        request,
        domain: domain::domain(facts),
        target: domain::target(facts, &label),
        plist: artifact.path.display().to_string(),
        was: request.observed.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => job.install(&artifact),
        Action::Start => job.start(),
        Action::Stop => job.stop(),
        Action::Restart => [job.stop(), job.start()].concat(),
        Action::Uninstall => job.uninstall(&artifact),
    };
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}

impl Job<'_> {
    fn loaded(&self) -> bool {
        self.was.loaded == Some(true)
    }

    fn bootstrap(&self) -> Run {
        launchctl(&["bootstrap", &self.domain, &self.plist]).retrying(&DRAINING, 500, DRAIN_MS)
    }

    fn bootout(&self) -> Run {
        let codes = [&[0][..], &NOT_LOADED].concat();
        launchctl(&["bootout", &self.target]).expecting(&codes)
    }

    /// `bootout` returns before the agent is gone.
    fn unloaded(&self) -> Run {
        launchctl(&["print", &self.target])
            .expecting(&NOT_LOADED)
            .retrying(&[0], 200, DRAIN_MS)
    }

    fn install(&self, artifact: &Artifact) -> Vec<Step> {
        let mut write = Step::new(
            "write",
            "write the agent",
            Deed::Write(artifact.path.clone()),
        );
        let mut steps = Vec::new();
        if self.request.options.start && self.loaded() {
            // A loaded agent keeps its earlier list until it is loaded anew.
            write = write.undo(self.bootstrap());
        }
        steps.push(write);
        steps.push(self.verify());
        steps.push(self.enable());
        let runs = self.was.pid.is_some() && !self.request.options.changed;
        if !self.request.options.start || runs {
            return steps;
        }
        if self.loaded() {
            steps.extend(self.unload());
        }
        let load = Step::new(
            "bootstrap",
            "load the agent, which starts it",
            Deed::Run(self.bootstrap()),
        );
        steps.push(load.undo(self.bootout()).undo(self.unloaded()));
        steps
    }

    fn verify(&self) -> Step {
        let mut run = Run::new(
            &["plutil", "-lint", "-s", &self.plist],
            BTreeMap::new(),
            domain::QUICK_MS,
        );
        run.optional = true;
        Step::new("verify", "check the property list", Deed::Run(run))
    }

    /// That an agent was disabled outlives its removal, so it is enabled
    /// before every load.
    fn enable(&self) -> Step {
        let enable = launchctl(&["enable", &self.target]);
        Step::new("enable", "make it start by itself", Deed::Run(enable))
    }

    fn unload(&self) -> [Step; 2] {
        [
            Step::new("bootout", "unload the agent", Deed::Run(self.bootout())),
            Step::new(
                "unloaded",
                "wait until it is gone",
                Deed::Run(self.unloaded()),
            ),
        ]
    }

    fn start(&self) -> Vec<Step> {
        if self.loaded() {
            // Without `-k`: what runs is left alone.
            let kick = launchctl(&["kickstart", &self.target]);
            return vec![
                self.enable(),
                Step::new("kickstart", "start it", Deed::Run(kick)),
            ];
        }
        let load = Deed::Run(self.bootstrap());
        vec![
            self.enable(),
            Step::new("bootstrap", "load the agent, which starts it", load),
        ]
    }

    fn stop(&self) -> Vec<Step> {
        let Some(pid) = self.was.pid else {
            return Vec::new();
        };
        let codes = [&[0][..], &NOT_LOADED].concat();
        let kill = launchctl(&["kill", "SIGTERM", &self.target]).expecting(&codes);
        let limit = u64::from(self.request.spec.stop_timeout_s) * 1_000 + DRAIN_MS;
        let gone = Run::new(
            &["/bin/kill", "-0", &pid.to_string()],
            BTreeMap::new(),
            domain::QUICK_MS,
        )
        .expecting(&[1])
        .retrying(&[0], 100, limit);
        vec![
            Step::new("stop", "ask it to end", Deed::Run(kill)),
            Step::new("gone", "wait until it is gone", Deed::Run(gone)),
        ]
    }

    fn uninstall(&self, artifact: &Artifact) -> Vec<Step> {
        let mut steps = self.stop();
        let [out, gone] = self.unload();
        steps.push(if self.loaded() {
            out.undo(self.bootstrap())
        } else {
            out
        });
        steps.push(gone);
        steps.push(Step::new(
            "remove",
            "remove the agent",
            Deed::Remove(artifact.path.clone()),
        ));
        steps
    }
}
