"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const one = (id) => document.getElementById(id);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const make = (tag, words, name) => {
    const element = document.createElement(tag);
    if (words) element.textContent = words;
    if (name) element.className = name;
    return element;
  };

  // The graph: every node is drawn twice, wide and narrow; of each pair one is shown.
  const svgs = all("svg.fm");
  const nodes = data.nodes.map(() => []);
  const lines = [];
  const nodeOf = [];
  data.nodes.forEach((ops, node) => ops.forEach((op) => { nodeOf[op] = node; }));
  svgs.forEach((svg) => {
    all(".fm-node", svg).forEach((element) => {
      const node = Number(element.dataset.node);
      element.setAttribute("role", "button");
      element.setAttribute("tabindex", node === 0 ? "0" : "-1");
      const title = element.querySelector("title");
      element.setAttribute("aria-label", title.textContent);
      title.remove(); // The page tells more than the title would, and sooner.
      nodes[node].push(element);
    });
    all("path[data-from]", svg).forEach((element) => {
      lines.push({ element, from: Number(element.dataset.from), to: Number(element.dataset.to) });
    });
  });
  // A graph somewhat wider than its place is made to fit; one that is much wider scrolls. Lane names stay in sight.
  const graph = one("graph");
  svgs.forEach((svg) => {
    svg.style.minWidth = Math.round(Number(svg.getAttribute("width")) * (svg.parentElement.className === "wide" ? 0.78 : 0.9)) + "px";
    svg.style.maxWidth = "100%";
    svg.style.height = "auto";
  });
  const veil = () => {
    const svg = svgs[0], names = svg.querySelector(".fm-names"), box = svg.viewBox.baseVal;
    const scale = svg.clientWidth / box.width || 1;
    const top = Number(names.querySelector(".fm-veil").getAttribute("y"));
    const down = Math.max(0, graph.scrollTop / scale + box.y - top);
    names.setAttribute("transform", "translate(0 " + down + ")");
    names.classList.toggle("is-moved", down > 0);
  };
  graph.addEventListener("scroll", veil);
  const shown = (node) => nodes[node].find((element) => element.getClientRects().length > 0) || nodes[node][0];

  // What is told about an op, or a folded run.
  const about = one("about");
  const sentence = (op) => data.ops[op].who + " " + data.ops[op].deed;
  const link = (words, op) => {
    const button = make("button", words, "link");
    button.type = "button";
    button.addEventListener("click", () => { choose(nodeOf[op], true); shown(nodeOf[op]).focus(); });
    return button;
  };
  const tell = (node) => {
    about.replaceChildren(make("h2", "What happened"));
    const ops = data.nodes[node];
    if (ops.length > 1) {
      about.append(make("p", ops.length + " ops of " + data.ops[ops[0]].who, "deed"));
      const items = make("ul");
      ops.forEach((op) => items.append(make("li", data.ops[op].deed + (data.ops[op].in ? " in " + data.ops[op].in : ""))));
      about.append(items);
      return;
    }
    const at = ops[0], op = data.ops[at];
    about.append(make("p", sentence(at), op.class.includes("void") ? "deed struck" : "deed"));
    const tone = op.class.includes("void") ? "t-void" : op.class.includes("idle") ? "t-idle" : "t-effective";
    if (op.class.includes("void") && effect.get(at) === true) {
      about.append(make("p", "Up to this step it has an effect. In the end:", "hint"));
    }
    about.append(make("p", op.verdict.charAt(0).toUpperCase() + op.verdict.slice(1) + ".", "verdict " + tone));
    const facts = make("dl");
    const fact = (term, value) => {
      const held = make("dd");
      held.append(value);
      facts.append(make("dt", term), held);
    };
    if (op.reason) fact("reason", op.reason + (op.class.includes("causal") ? ", for good: decided by its own past" : ""));
    if (op.because !== undefined) fact("because", op.by === undefined ? op.because : link(op.because, op.by));
    if (op.falls !== undefined) fact("falls with", link(sentence(op.falls), op.falls));
    if (op.rests) fact("rested on", op.rests);
    if (op.giver !== undefined) fact("given by", link(sentence(op.giver), op.giver));
    if (op.in) fact("group", op.in);
    if (op.fork) fact("fork", "its signer acted in two places at once");
    if (op.head) fact("head", "nothing is built on it yet");
    fact("op", op.kind + " " + op.id + ", nonce " + op.nonce + ", depth " + op.depth);
    about.append(facts);
  };

  let chosen = null, focused = 0;
  const light = (node) => {
    nodes.forEach((pair) => pair.forEach((element) => element.classList.remove("is-on", "is-by")));
    svgs.forEach((svg) => svg.classList.toggle("has-choice", node !== null));
    lines.forEach((line) => line.element.classList.toggle("is-lit", node === line.from || node === line.to));
    if (node === null) return;
    nodes[node].forEach((element) => element.classList.add("is-on"));
    data.nodes[node].forEach((op) => {
      [data.ops[op].by, data.ops[op].falls].forEach((by) => {
        if (by !== undefined) nodes[nodeOf[by]].forEach((element) => element.classList.add("is-by"));
      });
    });
  };
  const choose = (node, stays) => {
    if (stays) chosen = node;
    light(node);
    tell(node);
    if (stays) reach(node);
  };
  const reach = (node) => {
    nodes[focused].forEach((element) => element.setAttribute("tabindex", "-1"));
    focused = node;
    nodes[focused].forEach((element) => element.setAttribute("tabindex", "0"));
  };
  const nodeAt = (event) => {
    const element = event.target.closest && event.target.closest(".fm-node");
    return element ? Number(element.dataset.node) : null;
  };
  graph.addEventListener("mouseover", (event) => {
    const node = nodeAt(event);
    if (node !== null && chosen === null) choose(node, false);
  });
  graph.addEventListener("mouseleave", () => { if (chosen === null) light(null); });
  graph.addEventListener("click", (event) => {
    const node = nodeAt(event);
    if (node === null) { chosen = null; light(null); } else choose(node, true);
  });
  graph.addEventListener("focusin", (event) => {
    const node = nodeAt(event);
    if (node !== null) choose(node, true);
  });
  graph.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    if (event.key === "Escape") { chosen = null; light(null); return; }
    let next = null;
    if (moves[event.key]) next = focused + moves[event.key];
    if (event.key === "Home") next = 0;
    if (event.key === "End") next = nodes.length - 1;
    if (next === null || nodeAt(event) === null || !nodes[next]) return;
    event.preventDefault();
    const element = shown(next);
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  // The slider: the state after each step is the one before it, changed.
  const slider = one("step"), now = one("now"), state = one("state"), changes = one("changes");
  const last = data.steps.length;
  let step = 0, roles = new Map(), names = new Map(), effect = new Map();
  const forward = (to) => {
    if (to < step) { step = 0; roles = new Map(); names = new Map(); effect = new Map(); }
    while (step < to) {
      const change = data.steps[step];
      change.g.forEach(([group, name]) => { if (name === null) names.delete(group); else names.set(group, name); });
      change.m.forEach(([group, person, role, bits]) => {
        if (!roles.has(group)) roles.set(group, new Map());
        if (role === null) roles.get(group).delete(person); else roles.get(group).set(person, { role, bits });
      });
      change.v.forEach(([op, has]) => effect.set(op, has));
      step += 1;
    }
  };
  const bitNames = (bits) => data.bits.filter((_, bit) => bits >> bit & 1).join(" ");
  const showMembers = () => {
    const change = data.steps[step - 1];
    const fresh = new Set(change.m.map(([group, person]) => group + "/" + person));
    const wanted = one("search").value.trim().toLowerCase();
    state.replaceChildren();
    Array.from(names.keys()).sort((a, b) => a - b).forEach((group) => {
      const box = make("div", "", "group"), items = make("ul");
      box.append(make("h3", names.get(group)), items);
      const held = roles.get(group) || new Map();
      Array.from(held.keys()).sort((a, b) => a - b).forEach((person) => {
        const item = make("li"), { role, bits } = held.get(person);
        item.append(make("span", data.people[person].name, "who"), make("span", role, "role"));
        if (bits) item.append(make("span", bitNames(bits), "caps"));
        item.dataset.name = data.people[person].name;
        item.classList.toggle("new", fresh.has(group + "/" + person));
        item.classList.toggle("hit", wanted !== "" && data.people[person].name.toLowerCase().includes(wanted));
        items.append(item);
      });
      state.append(box);
    });
    changes.replaceChildren();
    change.m.forEach(([group, person, role]) => {
      const line = make("div");
      const where = data.groups.length > 1 ? " \u2013 " + data.groups[group] : "";
      line.append(make("span", (role === null ? "\u2212 " : "+ ") + data.people[person].name, role === null ? "minus" : "plus"),
        (role === null ? " is out" : " is " + role) + where);
      if (changes.childElementCount < 12) changes.append(line);
    });
    if (change.m.length > 12) changes.append(make("div", "and " + (change.m.length - 12) + " more"));
  };
  const showGraph = () => {
    const drawn = data.steps[step - 1].n;
    const isLater = (node) => data.nodes[node][0] >= drawn;
    nodes.forEach((pair, node) => {
      const op = data.nodes[node][0];
      const notYet = data.ops[op].class.includes("void") && effect.get(op) === true;
      pair.forEach((element) => {
        element.classList.toggle("is-later", isLater(node));
        element.classList.toggle("not-yet", notYet);
      });
    });
    lines.forEach((line) => line.element.classList.toggle("is-later", isLater(line.from) || isLater(line.to)));
  };
  const show = (to) => {
    forward(Math.min(Math.max(to, 1), last));
    slider.value = String(step);
    const drawn = data.steps[step - 1].n;
    now.textContent = step + " of " + last;
    slider.setAttribute("aria-valuetext", drawn ? "after: " + sentence(drawn - 1) : "before the ops drawn");
    showMembers();
    showGraph();
    return drawn;
  };
  const go = (to) => {
    const drawn = show(to);
    if (drawn > 0) {
      const node = nodeOf[drawn - 1];
      chosen = null;
      choose(node, false);
      const element = shown(node);
      const box = element.getBoundingClientRect(), frame = graph.getBoundingClientRect();
      const isScrolled = graph.scrollHeight > graph.clientHeight;
      if (isScrolled && (box.top < frame.top || box.bottom > frame.bottom)) {
        graph.scrollTop += box.top - frame.top - frame.height / 2;
      }
    }
  };
  if (last > 0) {
    slider.max = String(last);
    slider.addEventListener("input", () => go(Number(slider.value)));
    one("back").addEventListener("click", () => go(step - 1));
    one("on").addEventListener("click", () => go(step + 1));
    show(last);
  }

  // The search: who signed, whom it is about, the words, the id.
  const search = one("search"), found = one("found");
  const people = new Set(data.people.map((person) => person.name).concat(data.ops.map((op) => op.who)));
  Array.from(people).sort().forEach((name) => {
    const option = make("option");
    option.value = name;
    one("names").append(option);
  });
  const texts = data.ops.map((op) => [op.who, op.whom || "", op.deed, op.kind, op.id, op.in || "", op.reason || ""].join("\n").toLowerCase());
  const hits = () => {
    const wanted = search.value.trim().toLowerCase();
    if (wanted === "") return [];
    return texts.map((text, op) => (text.includes(wanted) ? op : -1)).filter((op) => op >= 0);
  };
  search.addEventListener("input", () => {
    const matching = new Set(hits().map((op) => nodeOf[op]));
    nodes.forEach((pair, node) => pair.forEach((element) => element.classList.toggle("is-hit", matching.has(node))));
    found.textContent = search.value.trim() === "" ? "" : hits().length + " of " + data.ops.length + " ops";
    if (last > 0) showMembers();
  });
  let visited = -1;
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const matching = hits();
    if (matching.length === 0) return;
    visited = (visited + 1) % matching.length;
    const node = nodeOf[matching[visited]];
    choose(node, true);
    shown(node).scrollIntoView({ block: "center", inline: "nearest" });
  });
}());
