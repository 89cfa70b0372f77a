// Plays the same scripts of raw clients against both servers and compares what each client receives,
// message by message. Prints one line per situation and a summary.
//
//     node <feature>.mjs [--server FILE] [--only TEXT] [--alone original|ours] [--show]
//
// A situation is { title, play(table) }: play opens clients and lets them send; whatever reaches them on
// one server must reach them on the other. A listed exception says so in addition:
//
//     fault, reason       the number of the fault in the reference documents, and what differs
//     original, ours      what each client receives there, as lines, for the clients that differ;
//                         original: 'crashes' when the question ends its process; a function of the
//                         lines where the original's outcome is a matter of luck
//
// so that it also shows that a server with the fault fails the situation. order: 'by name' compares what
// was said of each name in its order, where servers promise none across names.
//
// A fault that shows all over a feature is stated once, in `everywhere`: { fault, reason, better(message) }
// makes of a message of the original what it would be without the fault.

import { parseArgs } from 'node:util';
import { startOriginal, startOurs } from '../support/servers.mjs';
import { lineOf, Peer } from '../support/wire.mjs';

const EQUAL_ROUNDS = 3;
const FREE_ROUNDS = 5;
const SETTLE_MS = 6000;
const EXPECTED_MS = 15000;
const LINE_SHOWN = 400;

const { values: options } = parseArgs({
    options: {
        server: { type: 'string' }, only: { type: 'string' }, alone: { type: 'string' }, show: { type: 'boolean' },
    },
});
const KINDS = ['original', 'ours'].filter((kind) => !options.alone || options.alone === kind);

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const sorted = (value) => {
    if (Array.isArray(value)) return value.map(sorted);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};

/** A record's value whatever the order of its keys, which JSON leaves open. */
function canonical(text) {
    try {
        return JSON.stringify(sorted(JSON.parse(text)));
    } catch {
        return text;
    }
}

/** The line to compare: calls are named by their order, as servers may choose their ids; records as the
 *  situation calls them. */
function comparableLine(message, calls, names, better) {
    const shown = better(message);
    if (message.kind.startsWith('RPC.') && calls.has(message.correlationId)) shown.correlationId = calls.get(message.correlationId);
    if (message.kind.startsWith('RECORD.') && message.data !== undefined) shown.data = canonical(message.data);
    for (const field of ['name', 'subscription']) if (names.has(message[field])) shown[field] = names.get(message[field]);
    if (message.names) shown.names = message.names.map((name) => names.get(name) ?? name);
    return lineOf(shown);
}

function comparable(peer, names, better) {
    const calls = new Map();
    for (const message of peer.messages) {
        if (message.kind === 'RPC.REQUEST' && !calls.has(message.correlationId)) {
            calls.set(message.correlationId, `<call ${calls.size + 1}>`);
        }
    }
    let next = 0;
    return peer.lines.map((line) => {
        const message = peer.messages[next];
        if (message === undefined || line !== lineOf(message)) return line;
        next++;
        return comparableLine(message, calls, names, better);
    });
}

/** The two plays of one situation meet here at each step. */
class Meeting {
    constructor(kinds) {
        this.open = new Set(kinds);
        this.arrived = new Map();
    }

    /** Resolves when every play that still goes on has come; the last to come does the work for all. */
    async meet(kind, work) {
        return new Promise((done, fail) => {
            this.arrived.set(kind, { done, fail });
            this.work = work;
            this.go();
        });
    }

    leave(kind) {
        this.open.delete(kind);
        this.go();
    }

    go() {
        if (this.arrived.size === 0 || this.arrived.size < this.open.size) return;
        const all = [...this.arrived.values()];
        this.arrived.clear();
        this.work().then(() => all.forEach(({ done }) => done()), (error) => all.forEach(({ fail }) => fail(error)));
    }
}

/** One server's side of a situation. */
class Table {
    constructor(kind, server, better, settle) {
        this.kind = kind;
        this.server = server;
        this.peers = new Map();
        this.settle = settle;
        this.names = new Map();
        this.better = better;
    }

    /** Transcripts say `shown` where a message names `name`. */
    call(name, shown) {
        this.names.set(name, shown);
    }

    /** A logged-in client. Options as of Peer.login. */
    async client(name, more = {}) {
        return this.keep(await Peer.login(this.server.port, { name, ...more }));
    }

    /** A client that has only connected. */
    async stranger(name, more = {}) {
        const peer = await Peer.connect(this.server.port, { name, ...more });
        peer.isStranger = true;
        return this.keep(peer);
    }

    keep(peer) {
        this.peers.set(peer.name, peer);
        return peer;
    }

    async round() {
        await Promise.all([...this.peers.values()].map((peer) =>
            (peer.isStranger ? peer.frameRoundTrip() : peer.roundTrip())));
    }

    transcript() {
        return Object.fromEntries([...this.peers].map(([name, peer]) => [name, comparable(peer, this.names, this.better)]));
    }

    async clear() {
        await Promise.all([...this.peers.values()].map((peer) => peer.close()));
        const count = (pattern) => (this.server.log.match(pattern) ?? []).length;
        for (let waited = 0; waited < 1000 && this.server.isRunning; waited += 5) {
            if (count(/^AUTH_SUCCESSFUL \|/gm) <= count(/^CLIENT_DISCONNECTED \|/gm)) return;
            await pause(5);
        }
    }
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const fits = (expected, lines) => (typeof expected === 'function' ? expected(lines ?? []) : same(expected, lines));

const nameIn = (line) => line.match(/ name=(\S+)/)?.[1] ?? '';
const byName = (lines) => [...lines].sort((a, b) => (nameIn(a) < nameIn(b) ? -1 : Number(nameIn(a) > nameIn(b))));

/** The clients of a transcript that must be equal on both servers. */
function shared(situation, transcript) {
    const listed = new Set([...Object.keys(situation.original ?? {}), ...Object.keys(situation.ours ?? {})]);
    if (situation.original === 'crashes') return {};
    return Object.fromEntries(Object.entries(transcript).filter(([name]) => !listed.has(name))
        .map(([name, lines]) => [name, situation.order === 'by name' ? byName(lines) : lines]));
}

function areEqual(situation, tables) {
    return tables.length < 2 || same(...tables.map((table) => shared(situation, table.transcript())));
}

/** Rounds of pings on all connections, until what has come is equal several times in a row. */
async function settle(situation, tables) {
    const free = situation.fault !== undefined || tables.length < 2;
    const deadline = Date.now() + SETTLE_MS;
    for (let equal = 0; equal < (free ? FREE_ROUNDS : EQUAL_ROUNDS) && Date.now() < deadline;) {
        await Promise.all(tables.map((table) => table.round()));
        await pause(2);
        if (areEqual(situation, tables)) equal++;
        else equal = 0;
    }
}

/** Until the clients of a listed exception have what they should, or time is up. */
async function settleExpected(expected, table) {
    if (typeof expected !== 'object') return;
    const deadline = Date.now() + EXPECTED_MS;
    const isThere = () => Object.entries(expected).every(([name, lines]) => fits(lines, table.transcript()[name]));
    while (!isThere() && Date.now() < deadline && table.server.isRunning) {
        await table.round();
        await pause(5);
    }
}

async function playAll(situation, servers, better) {
    const meeting = new Meeting(KINDS);
    const tables = KINDS.map((kind) => new Table(kind, servers[kind], better[kind],
        () => meeting.meet(kind, () => settle(situation, tables.filter(({ server }) => server.isRunning)))));
    const troubles = [];
    await Promise.all(tables.map(async (table) => {
        try {
            await situation.play(table);
            await table.settle();
        } catch (error) {
            if (!(table.kind === 'original' && situation.original === 'crashes')) troubles.push(`${table.kind}: ${error.message}`);
        } finally {
            meeting.leave(table.kind);
        }
        await settleExpected(situation[table.kind], table);
    }));
    return { tables, troubles };
}

const indented = (lines) => [lines ?? '(no such client)'].flat().map((line) => `        ${String(line).slice(0, LINE_SHOWN)}`).join('\n') || '        (nothing)';

function explain(name, left, right, labels) {
    return `    ${name}, ${labels[0]}:\n${indented(left)}\n    ${name}, ${labels[1]}:\n${indented(right)}`;
}

/** What is wrong with the outcome, as texts. */
function judge(situation, tables) {
    const wrong = [];
    for (const table of tables) {
        const expected = situation[table.kind];
        const transcript = table.transcript();
        if (expected === 'crashes') {
            if (table.server.isRunning) wrong.push(`    ${table.kind} was to crash and lives`);
            continue;
        }
        if (!table.server.isRunning) wrong.push(`    ${table.kind} ended:\n${table.server.tail()}`);
        for (const [name, lines] of Object.entries(expected ?? {})) {
            if (!fits(lines, transcript[name])) wrong.push(explain(name, lines, transcript[name], [`expected of ${table.kind}`, 'received']));
        }
    }
    if (areEqual(situation, tables)) return wrong;
    const [one, other] = tables.map((table) => shared(situation, table.transcript()));
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
        if (!same(one[name], other[name])) wrong.push(explain(name, one[name], other[name], KINDS));
    }
    return wrong;
}

const starters = { original: startOriginal, ours: startOurs };

/** Runs the situations of one file in order and sets the exit status. */
export async function differential(feature, configuration, situations, everywhere = []) {
    const general = new Map();
    const better = {
        ours: (message) => ({ ...message }),
        original: (message) => everywhere.reduce((worse, rule) => {
            const result = rule.better(worse);
            if (!same(result, worse)) general.set(rule.fault, (general.get(rule.fault) ?? 0) + 1);
            return result;
        }, { ...message }),
    };
    const chosen = situations.filter(({ title }) => !options.only || title.includes(options.only));
    const servers = {};
    const faults = new Set();
    let failed = 0;
    let exceptions = 0;
    try {
        for (const situation of chosen) {
            for (const kind of KINDS) {
                if (!servers[kind]?.isRunning) servers[kind] = await starters[kind](configuration);
            }
            const { tables, troubles } = await playAll(situation, servers, better);
            const wrong = [...troubles.map((text) => `    ${text}`), ...judge(situation, tables)];
            if (situation.fault) {
                exceptions++;
                faults.add(situation.fault);
            }
            if (wrong.length > 0) failed++;
            const note = situation.fault ? ` (${situation.fault}: ${situation.reason})` : '';
            console.log(`${wrong.length > 0 ? 'FAIL' : 'ok  '} ${situation.title}${note}`);
            if (wrong.length > 0) console.log(wrong.join('\n'));
            if (options.show) {
                for (const table of tables) for (const [name, lines] of Object.entries(table.transcript())) console.log(`    ${name}, ${table.kind}:\n${indented(lines)}`);
            }
            await Promise.all(tables.map((table) => table.clear()));
        }
    } finally {
        for (const kind of KINDS) {
            try {
                await servers[kind]?.stop();
            } catch (error) {
                failed++;
                console.log(`FAIL ${feature}: ${error.message}`);
            }
        }
    }
    for (const { fault, reason } of everywhere) {
        if (!general.has(fault) && !options.only && KINDS.includes('original')) failed++;
        console.log(`everywhere ${fault}: ${reason}${general.has(fault) ? '' : ' - but no message showed it'}`);
    }
    const listed = exceptions > 0 ? ` (${[...faults].sort().join(', ')})` : '';
    console.log(`${feature}: ${chosen.length} situations compared, ${exceptions} listed exceptions${listed}, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
}
