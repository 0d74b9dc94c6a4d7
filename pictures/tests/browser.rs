//! The page in a real browser: headless Chromium, driven over loopback. Nothing outside the machine is contacted.

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use folkmoot_pictures::{Folding, History, html, scenarios};
use hyper_util::client::legacy::connect::HttpConnector;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const INSTALL: &str = "this test needs Chromium and its driver: apt-get install -y chromium chromium-driver";

/// How wide Chromium draws the thumb of a slider, in pixels; its middle goes to the ends of the track but for half of that.
const THUMB: u32 = 16;

/// A browser that shows the demo's page, and all that has to be cleared away afterwards.
struct Browser {
    client: Client,
    driver: Child,
    /// Holds the page and the browser's profile.
    _files: tempfile::TempDir,
}

impl Browser {
    /// Opens the page of a story in a window of this size.
    async fn open(story: &str, [width, height]: [u32; 2]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let page = files.path().join("page.html");
        let play = scenarios::find(story).unwrap().play().unwrap();
        let history = History::of(&play.engine(), &play.namespace, &play.ops, &play.names, None);
        std::fs::write(&page, html(&history, Folding::Auto)).unwrap();

        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{INSTALL} ({error})"));
        let profile = format!("--user-data-dir={}", files.path().join("profile").display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &profile,
        ];
        let capabilities = serde_json::json!({
            "goog:chromeOptions": {
                "args": arguments,
                "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": false, "mobile": true } },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().unwrap().clone();
        let mut driver = Some(driver);
        let mut last = None;
        for _ in 0..100 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => {
                    client.goto(&format!("file://{}", page.display())).await.unwrap();
                    return Self { client, driver: driver.take().unwrap(), _files: files };
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{INSTALL} (no session: {last:?})");
    }

    /// Opens a page, does something with it, and closes the browser whatever came of it.
    async fn with<F>(story: &str, size: [u32; 2], body: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let browser = Arc::new(Self::open(story, size).await);
        let done = tokio::spawn(body(browser.clone())).await;
        let _ = browser.client.clone().close().await;
        drop(browser);
        if let Err(failure) = done {
            std::panic::resume_unwind(failure.into_panic());
        }
    }

    /// What a script says.
    async fn ask(&self, script: &str) -> serde_json::Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The text of an element.
    async fn text(&self, id: &str) -> String {
        self.client.find(Locator::Id(id)).await.unwrap().text().await.unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Asks the driver for what the console was told.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(serde_json::json!({ "type": "browser" }).to_string()))
    }
}

impl Browser {
    /// What the console was told since it was last asked.
    async fn console(&self) -> Vec<serde_json::Value> {
        self.client.issue_cmd(ConsoleLog).await.unwrap().as_array().unwrap().clone()
    }

    async fn assert_the_console_is_silent(&self) {
        assert_eq!(self.console().await, Vec::<serde_json::Value>::new());
    }

    /// Moves the mouse to the node that says this.
    async fn hover(&self, deed: &str) {
        let node = self.node(deed).await;
        let place =
            self.ask(&format!("const box = {node}.getBoundingClientRect(); return [box.x + 30, box.y + 12];")).await;
        let [x, y] = [0, 1].map(|at| place[at].as_f64().unwrap());
        let path = MouseActions::new("mouse".into()).then(PointerAction::MoveTo { duration: None, x, y });
        self.client.perform_actions(path).await.unwrap();
    }

    /// Script that stands for the visible node that says this.
    async fn node(&self, deed: &str) -> String {
        format!(
            "Array.from(document.querySelectorAll('.fm-node')).find((node) => node.getClientRects().length > 0 && \
             node.getAttribute('aria-label').includes({}))",
            serde_json::json!(deed)
        )
    }

    /// Drags the slider from the step it is at to another: the mouse takes the thumb, moves and lets go.
    async fn drag_to(&self, step: usize) {
        let script = format!(
            "const slider = document.getElementById('step'); slider.scrollIntoView({{ block: 'center' }}); \
             const box = slider.getBoundingClientRect(), thumb = {THUMB}, steps = slider.max - slider.min; \
             const at = (step) => box.x + thumb / 2 + (box.width - thumb) * (step - slider.min) / steps; \
             return [at(slider.value), at({step}), box.y + box.height / 2];"
        );
        let place = self.ask(&script).await;
        let [from, to, y] = [0, 1, 2].map(|at| place[at].as_f64().unwrap());
        let button = MOUSE_BUTTON_LEFT;
        let drag = MouseActions::new("mouse".into())
            .then(PointerAction::MoveTo { duration: None, x: from, y })
            .then(PointerAction::Down { button })
            .then(PointerAction::MoveTo { duration: None, x: to, y })
            .then(PointerAction::Up { button });
        self.client.perform_actions(drag).await.unwrap();
        let now = self.text("now").await;
        assert!(now.starts_with(&format!("{step} of ")), "dragged to {step}: {now}");
    }

    async fn members(&self) -> Vec<String> {
        let names = self
            .ask("return Array.from(document.querySelectorAll('#state li')).map((item) => item.dataset.name);")
            .await;
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// No element is wider than the window, but for what scrolls by itself.
    async fn assert_nothing_overflows(&self) {
        let overflow =
            self.ask("const page = document.documentElement; return page.scrollWidth - page.clientWidth;").await;
        assert_eq!(overflow, 0);
        // Every text of the graph ends before its card or the picture does.
        let texts = self
            .ask(
                "const wide = []; document.querySelectorAll('.fm-node').forEach((node) => { \
                 if (node.getClientRects().length === 0) return; \
                 const box = node.querySelector('.fm-box') || node.ownerSVGElement.querySelector('.fm-page'); \
                 const end = box.x.baseVal.value + box.width.baseVal.value; \
                 node.querySelectorAll('text').forEach((text) => { \
                 const frame = text.getBBox(); if (frame.x + frame.width > end) wide.push(text.textContent); }); }); return wide;",
            )
            .await;
        assert_eq!(texts, serde_json::json!([]));
    }
}

#[tokio::test]
async fn on_a_desk_the_page_explains_replays_and_finds() {
    Browser::with("betrayal", [1280, 800], |browser| async move {
        // Hovering an op tells what it was, what became of it, and why.
        browser.hover("bob admits mallory as Admin").await;
        let about = browser.text("about").await;
        assert!(about.contains("bob admits mallory as Admin"), "{about}");
        assert!(about.contains("No effect: what it rests on was taken by a concurrent op"), "{about}");
        assert!(about.contains("alice removes bob"), "{about}");

        // Dragging through the history, mallory appears and vanishes.
        let (mut seen, mut was_in, mut went_out) = (Vec::new(), false, false);
        for step in 1..=16 {
            browser.drag_to(step).await;
            let members = browser.members().await;
            let is_in = members.iter().any(|name| name == "mallory");
            went_out |= was_in && !is_in && browser.text("changes").await.contains("mallory is out");
            was_in |= is_in;
            seen.push(members);
        }
        assert_eq!(seen[0], ["alice"]);
        assert!(was_in && went_out, "{seen:?}");
        assert_eq!(seen[15].len(), 4, "{seen:?}");

        // Back to the start, and what comes later is faint.
        browser.drag_to(1).await;
        assert_eq!(browser.members().await, ["alice"]);
        let later = browser.ask("return document.querySelectorAll('.wide .fm-node.is-later').length;").await;
        assert_eq!(later, 15);

        // Searching a member marks what it did and what was done to it.
        browser.client.find(Locator::Id("search")).await.unwrap().send_keys("oscar").await.unwrap();
        assert_eq!(browser.text("found").await, "2 of 16 ops");
        let marked = browser.ask("return document.querySelectorAll('.wide .fm-node.is-hit').length;").await;
        assert_eq!(marked, 2);

        browser.assert_nothing_overflows().await;
        browser.assert_the_console_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn by_keyboard_alone_one_walks_from_op_to_op_and_to_what_struck_it() {
    Browser::with("removed-admin", [1280, 800], |browser| async move {
        let node = browser.node("bob admits mallory").await;
        browser.ask("document.querySelector('.wide .fm-node').focus();").await;
        let focused = browser.client.active_element().await.unwrap();
        focused.send_keys(&Key::Down.to_string()).await.unwrap();
        let about = browser.text("about").await;
        assert!(about.contains("alice admits bob as Admin"), "{about}");
        browser.ask(&format!("{node}.focus();")).await;
        let link = browser.client.find(Locator::Css("#about .link")).await.unwrap();
        link.send_keys(&Key::Enter.to_string()).await.unwrap();
        let about = browser.text("about").await;
        assert!(about.contains("alice removes bob") && about.contains("Took effect"), "{about}");
        browser.assert_the_console_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_nothing_is_wider_than_the_screen_and_a_tap_explains() {
    Browser::with("betrayal", [390, 844], |browser| async move {
        assert_eq!(browser.ask("return window.innerWidth;").await, 390);
        browser.assert_nothing_overflows().await;
        let node = browser.node("carol names the group").await;
        browser.ask(&format!("{node}.dispatchEvent(new MouseEvent('click', {{ bubbles: true }}));")).await;
        let about = browser.text("about").await;
        assert!(about.contains("No effect: a concurrent write of the same setting prevails"), "{about}");
        browser.drag_to(2).await;
        assert_eq!(browser.members().await, ["alice", "bob"]);
        browser.assert_nothing_overflows().await;
        browser.assert_the_console_is_silent().await;
    })
    .await;
}

#[tokio::test]
async fn a_script_that_got_into_the_page_is_stopped_by_its_policy_and_the_console_hears_of_it() {
    Browser::with("duel", [1280, 800], |browser| async move {
        browser.assert_the_console_is_silent().await;
        let script = "const own = document.createElement('script'); own.textContent = 'window.isIn = true'; \
                      document.body.append(own); const image = document.createElement('img'); \
                      image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='; document.body.append(image); \
                      return window.isIn === undefined;";
        assert_eq!(browser.ask(script).await, true);
        let told = browser.console().await;
        assert!(told.iter().any(|line| line.to_string().contains("Content Security Policy")), "{told:?}");
    })
    .await;
}
