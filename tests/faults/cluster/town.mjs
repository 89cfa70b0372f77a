// Everybody who lives at the nodes of a world for as long as it stands, and one round of their life: they write and
// watch, something goes wrong and is mended, they must agree, and what was written is judged.

import { isDeepStrictEqual } from 'node:util';
import { disagreement, doubledEvents } from './agreement.mjs';
import { beginFault, endFault, leavesDoubt, storyOf, wordsOf } from './faults.mjs';
import { judge } from './judgement.mjs';
import { Guest, Inhabitant } from './people.mjs';
import { History, LibraryWitness, RawWitness } from './witnesses.mjs';
import { answersRead, Ledger, Writer } from './writers.mjs';

const WRITERS_PER_NODE = 2;
const RECORDS_PER_KIND = 3;
/** How long a busy machine may take for what is documented to take less. */
const ALLOWED_MS = 60000;
/** What is broken on purpose need not be waited for. */
const ALLOWED_IF_BROKEN_MS = 3000;
const POLL_MS = 20;

const pause = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));

/** What is wrong when it has not become undefined in time. */
async function lastWrong(wrong, milliseconds = ALLOWED_MS) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
        const found = await wrong();
        if (!found || Date.now() > deadline) return found;
        await pause(POLL_MS);
    }
}

export class Town {
    constructor(world, random, say) {
        Object.assign(this, { world, random, say, endedFeeds: [], guests: [], gone: [], ended: new Map() });
    }

    async settle() {
        const { nodes } = this.world;
        this.inhabitants = nodes.map((node, i) => new Inhabitant(node, i, i < 2));
        this.writers = nodes.flatMap((node, i) => [...Array(WRITERS_PER_NODE).keys()].map((k) => new Writer(node, `writer-${i}-${k}`, this.random)));
        this.witnesses = nodes.map((node, i) => new RawWitness(node, `witness-${i}`));
        this.libraries = nodes.map((node, i) => new LibraryWitness(node, `library-${i}`));
        await Promise.all(this.libraries.map((library) => library.login()));
        await this.expect('everybody to be there', () => this.everybody.find(({ isHere }) => !isHere)?.name);
    }

    get patience() {
        return this.world.broken ? ALLOWED_IF_BROKEN_MS : ALLOWED_MS;
    }

    get everybody() {
        return [...this.inhabitants, ...this.writers.map(({ resident }) => resident), ...this.witnesses.map(({ resident }) => resident), ...this.libraries, ...this.guests];
    }

    async expect(what, wrong) {
        const found = await lastWrong(wrong);
        if (found) throw new Error(`waited in vain for ${what}: ${found}`);
    }

    /** Returns { findings, settledMs, ledger }. */
    async live(round, faults) {
        const names = ['counter', 'list', 'set'].flatMap((kind) => [...Array(RECORDS_PER_KIND).keys()].map((k) => `${kind}/${round}/${k}`));
        this.begin(names, round);
        await this.expect('the records of the round', () => this.unseen(names));
        this.leaver = await this.welcome(`leaver-${round}`);
        const logged = this.world.nodes.map(({ log }) => log.length);
        for (const writer of this.writers) writer.start(names, this.ledger);
        await Promise.all([...faults.map((fault) => this.suffer(fault)), this.comeAndGo(round)]);
        const settled = await this.agree();
        const story = faults.length === 1 ? await this.untold(storyOf(faults[0]), logged) : [];
        await Promise.all(this.writers.map((writer) => writer.stop()));
        if (faults.some(leavesDoubt)) await this.random.pick(this.writers).writeEach(names, this.patience);
        const findings = [...settled.findings, ...story, ...await this.judgeAll(names)];
        await this.end();
        return { findings, settledMs: settled.milliseconds, ledger: this.ledger };
    }

    begin(names, round) {
        this.ledger = new Ledger();
        this.history = new History();
        this.feed = `feed/${round}`;
        for (const witness of this.witnesses) witness.start(names, this.history);
        for (const library of this.libraries) library.start(names);
        for (const inhabitant of this.inhabitants.slice(1)) inhabitant.wantFeed(this.feed);
    }

    unseen(names) {
        for (const witness of [...this.witnesses, ...this.libraries])
            for (const name of names) if (!(witness.stateOf(name).version >= 0)) return `${witness.name} has no ${name}`;
        return undefined;
    }

    /** A guest of some node, once he is there. */
    async welcome(name) {
        const guest = new Guest(this.random.pick(this.world.nodes), name);
        this.guests.push(guest);
        await this.expect(`${name} to come`, () => (guest.isHere ? undefined : 'he did not'));
        return guest;
    }

    async bidFarewell(guest) {
        this.guests = this.guests.filter((other) => other !== guest);
        this.gone.push(guest.name);
        await guest.leave();
    }

    /** One goes and one comes while things go wrong. */
    async comeAndGo(round) {
        await pause(this.random.between(300, 3000));
        await this.bidFarewell(this.leaver);
        this.comer = new Guest(this.random.pick(this.world.nodes), `comer-${round}`);
        this.guests.push(this.comer);
    }

    async suffer(fault) {
        await pause(fault.waits);
        this.say(`begins: ${wordsOf(fault)}`);
        await beginFault(this.world, fault);
        await pause(fault.milliseconds);
        await endFault(this.world, fault);
        this.say(`mended: ${fault.kind}`);
    }

    async agree() {
        const start = performance.now();
        const town = { inhabitants: this.inhabitants, everybody: this.everybody, absent: this.gone.slice(-2), feed: this.feed, endedFeeds: this.endedFeeds };
        const wrong = await lastWrong(() => disagreement(town), this.patience);
        const dead = this.world.nodes.find((node) => !node.isRunning);
        const findings = dead ? [`${dead.config.serverName} has ended with ${dead.exit.signal ?? dead.exit.code}`] : [];
        if (wrong) findings.push(`the nodes do not agree: ${wrong}`);
        return { findings, milliseconds: Math.round(performance.now() - start) };
    }

    async untold(story, logged) {
        const silent = () => story.flatMap(([nodes, pattern]) =>
            nodes.filter((i) => !pattern.test(this.world.nodes[i].log.slice(logged[i]))).map((i) => `node-${i} does not tell of ${pattern}`));
        await lastWrong(() => silent()[0], this.patience);
        return silent();
    }

    read(inhabitant, name) {
        return inhabitant.resident.ask('RECORD.READ', { name }, answersRead(name), ALLOWED_MS);
    }

    /** What each node says that the record is. */
    async finalsOf(name) {
        const answers = await Promise.all(this.inhabitants.map((inhabitant) => this.read(inhabitant, name)));
        return answers.map((answer) => (answer && !answer.isError ? { version: answer.version, data: JSON.parse(answer.data) } : { version: NaN, data: null }));
    }

    /** The first who has something else than what the record is. */
    stale(finals) {
        for (const witness of [...this.witnesses, ...this.libraries]) {
            for (const [name, [final]] of finals) {
                const { version, data } = witness.stateOf(name);
                if (version !== final.version) return `${witness.name} ended with version ${version} of ${name}, which is ${final.version}`;
                if (version > 0 && !isDeepStrictEqual(data, final.data)) return `${witness.name} ended with other data of ${name}, of the same version ${version}`;
            }
        }
        return undefined;
    }

    async judgeAll(names) {
        const finals = new Map();
        for (const name of names) finals.set(name, await this.finalsOf(name));
        for (const [name, [final]] of finals) this.ended.set(name, JSON.stringify(final));
        const stale = await lastWrong(() => this.stale(finals), this.patience / 3);
        return [
            ...names.flatMap((name) => judge(name, finals.get(name), this.ledger, this.history)),
            ...(stale ? [stale] : []), ...this.history.complaints, ...this.writers.flatMap(({ complaints }) => complaints.splice(0)),
            ...doubledEvents(this.inhabitants),
        ];
    }

    async end() {
        for (const witness of [...this.witnesses, ...this.libraries]) witness.stop();
        for (const inhabitant of this.inhabitants.slice(1)) inhabitant.dropFeed(this.feed);
        for (const { heard } of this.inhabitants) heard.clear();
        this.endedFeeds = [this.feed];
        await this.bidFarewell(this.comer);
    }

    /** What is wrong with what was stored: read by nodes that were started again, when the cache has forgotten everything. */
    async judgeStorage() {
        const findings = [];
        const before = this.inhabitants.map(({ resident }) => resident.logins);
        await this.world.forget();
        await this.expect('everybody to be back', () => this.inhabitants.find(({ resident, isHere }, i) => !isHere || resident.logins === before[i])?.name);
        for (const [name, final] of this.ended) {
            const [stored] = await this.finalsOf(name);
            if (JSON.stringify(stored) !== final) findings.push(`${name} was stored as version ${stored.version}, and was version ${JSON.parse(final).version}, or other data`);
        }
        return findings;
    }

    async leave() {
        for (const library of this.libraries ?? []) library.leave();
        await Promise.all([...(this.inhabitants ?? []), ...(this.writers ?? []), ...(this.witnesses ?? []), ...this.guests].map(({ resident }) => resident.leave()));
    }
}
