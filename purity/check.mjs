// Compares what the engine says elsewhere with what the vectors expect.
//
//   node check.mjs lines FILE    the lines that `host` and `cortex-m` wrote, with those that `expect` leads to
//   node check.mjs wasm FILE     a module, loaded and driven here: every history, in the given order and reversed
//   node check.mjs locks         the versions in this workspace's Cargo.lock, with those in the main one's
//
// Prints one line and ends with 0, or says what is wrong and ends with 1.

import { isDeepStrictEqual } from "node:util";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("..", import.meta.url));

/** What is wrong. */
const faults = [];

/** The histories among the vectors, in the order of their names. */
function histories() {
    const folder = `${main}core/tests/vectors`;
    const names = readdirSync(folder).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -5));
    const read = (name) => ({ name, ...JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) });
    const found = names.sort().map(read).filter((vector) => vector.ops);
    if (found.length < 90) faults.push(`there are only ${found.length} histories`);
    return found;
}

// What `host` and `cortex-m` wrote.

/** The lines that bare/src/play.rs writes, made from `expect`. */
function* expectedLines({ name, expect }) {
    for (const [id, { digest, heads, groups, ops }] of Object.entries(expect.namespaces)) {
        yield `${name} ${id} digest ${digest}`;
        for (const head of heads) yield `${name} ${id} head ${head}`;
        for (const [group, state] of Object.entries(groups)) yield `${name} ${id} group ${group} ${state.state_hash}`;
        for (const [op, verdict] of Object.entries(ops)) yield `${name} ${id} op ${op} ${verdict}`;
    }
    for (const [op, why] of Object.entries(expect.not_admitted)) yield `${name} not_admitted ${op} ${why}`;
}

function checkLines(file) {
    const all = histories();
    const expected = new Set(all.flatMap((history) => [...expectedLines(history)]));
    const written = readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
    const found = new Set(written);
    if (found.size !== written.length) faults.push("a line was written twice");
    for (const line of expected) if (!found.has(line)) faults.push(`missing: ${line}`);
    for (const line of found) if (!expected.has(line)) faults.push(`not expected: ${line}`);
    const digests = [...found].filter((line) => line.includes(" digest ")).length;
    return `${all.length} histories: ${digests} digests, ${found.size} lines with heads, state hashes and verdicts`;
}

// The module.

/** All that a module may export: its memory, two addresses that linking leaves, the functions of wasm/src/lib.rs. */
const mayExport =
    "memory __data_end __heap_base buffer receive namespaces digest heap_most report report_len".split(" ");

/** Gives the ops to an instance of its own; what it says then. */
function play(module, ops) {
    const { memory, ...engine } = new WebAssembly.Instance(module, {}).exports;
    // The memory may have grown and moved since the last look.
    const bytes = (at, len) => Buffer.from(memory.buffer, at >>> 0, len);
    for (const op of ops) {
        bytes(engine.buffer(op.length), op.length).set(op);
        engine.receive();
    }
    const digests = Array.from({ length: engine.namespaces() }, (_, number) => {
        const at = engine.digest(number);
        return [bytes(at, 32).toString("hex"), bytes(at + 32, 32).toString("hex")];
    });
    const heap = engine.heap_most();
    if (!engine.report) return { digests, heap };
    const at = engine.report();
    return { digests, heap, report: JSON.parse(bytes(at, engine.report_len()).toString("utf8")) };
}

function checkModule(file) {
    const code = readFileSync(file);
    const module = new WebAssembly.Module(code);
    const imports = WebAssembly.Module.imports(module);
    if (imports.length !== 0) faults.push(`it imports ${imports.map(({ module, name }) => `${module}.${name}`)}`);
    for (const { name } of WebAssembly.Module.exports(module))
        if (!mayExport.includes(name)) faults.push(`it exports ${name}`);
    if (faults.length !== 0) return "";

    const all = histories();
    let [digests, reports, most] = [0, 0, 0];
    for (const { name, ops, expect } of all) {
        const given = ops.map((op) => Buffer.from(op, "hex"));
        for (const [order, ops] of [["given", given], ["reversed", [...given].reverse()]]) {
            const found = play(module, ops);
            const expected = Object.values(expect.namespaces).map(({ namespace_id, digest }) => [namespace_id, digest]);
            if (!isDeepStrictEqual(found.digests, expected.sort()))
                faults.push(`${name}, ${order}: digests ${found.digests}, expected ${expected}`);
            if (found.report && !isDeepStrictEqual(found.report, expect))
                faults.push(`${name}, ${order}: another report`);
            digests += found.digests.length;
            reports += found.report ? 1 : 0;
            most = Math.max(most, found.heap);
        }
    }
    const compared = `${digests} digests${reports ? `, ${reports} whole reports` : ""}`;
    return `${code.length} bytes, 0 imports; ${all.length} histories in two orders: ${compared}; heap ${most}`;
}

// The locks.

/** The packages of a Cargo.lock that come from a registry, as "name version", by name. */
function locked(file) {
    const packages = new Map();
    for (const [, name, version] of readFileSync(file, "utf8").matchAll(/^name = "(.*)"\nversion = "(.*)"\nsource/gm))
        packages.set(name, [...(packages.get(name) ?? []), `${name} ${version}`]);
    return packages;
}

function checkLocks() {
    const [ours, theirs] = [locked(`${main}purity/Cargo.lock`), locked(`${main}Cargo.lock`)];
    for (const [name, found] of ours)
        for (const version of found)
            if (!theirs.get(name)?.includes(version)) faults.push(`${version}; main has ${theirs.get(name) ?? "none"}`);
    return `${ours.size} packages, all as in the main workspace`;
}

const [what, file] = process.argv.slice(2);
const said = { lines: checkLines, wasm: checkModule, locks: checkLocks }[what](file);
for (const fault of faults.slice(0, 20)) console.log(fault);
if (faults.length > 20) console.log(`and ${faults.length - 20} more`);
if (faults.length === 0) console.log(said);
process.exitCode = faults.length === 0 ? 0 : 1;
