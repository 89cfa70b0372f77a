// Those who write, each with write acknowledgement, and the ledger of what became of each write. A write has an id
// that nothing else has, so that it can be found in a record and its history.
//
//   counter/...  one more than it was, by the version that was read; the id stands beside it
//   list/...     one id more at the end, by the version that was read
//   set/...      one id more as a member, by a patch that compares nothing

import { Resident } from './resident.mjs';

const ANSWER_MS = 60000;
const RETRY_MS = 50;
const ANSWERS = new Set(['RECORD.WRITE_ACKNOWLEDGEMENT', 'RECORD.VERSION_EXISTS', 'RECORD.INVALID_VERSION', 'RECORD.RECORD_UPDATE_ERROR',
    'RECORD.CACHE_RETRIEVAL_TIMEOUT', 'RECORD.STORAGE_RETRIEVAL_TIMEOUT', 'RECORD.RECORD_LOAD_ERROR']);

export const idIn = { counter: (data) => data.by, list: (data) => data.at(-1) };

const changed = {
    counter: (data, id) => ({ count: (data.count ?? 0) + 1, by: id }),
    list: (data, id) => [...(Array.isArray(data) ? data : []), id],
};

/** Whether a message is the record, or says why not. */
export const answersRead = (name) => (message) =>
    message.name === name && (message.kind === 'RECORD.READ_RESPONSE' || (message.isError === true && message.originalAction === 'READ'));

export const kindOf = (name) => name.slice(0, name.indexOf('/'));

/** Every write that was tried: { id, name, version, outcome }: acked, refused, or maybe, of which nobody knows. */
export class Ledger {
    constructor() {
        this.writes = [];
    }

    count(outcome) {
        return this.writes.filter((write) => write.outcome === outcome).length;
    }
}

export class Writer {
    constructor(node, name, random) {
        Object.assign(this, { random, name, numbers: 0, complaints: [] });
        this.resident = new Resident(node, name);
    }

    /** Writes to these until stop(). */
    start(names, ledger) {
        Object.assign(this, { names, ledger, isWriting: true, known: new Map() });
        this.work = this.run();
    }

    async run() {
        while (this.isWriting) {
            if (this.resident.isHere) await this.write(this.random.pick(this.names));
            await new Promise((next) => setTimeout(next, this.random.between(5, 40)));
        }
    }

    async stop() {
        this.isWriting = false;
        await this.work;
    }

    /** One acknowledged write to each. */
    async writeEach(names, milliseconds) {
        for (const name of names) {
            const end = Date.now() + milliseconds;
            while ((await this.write(name)) !== 'acked') {
                if (Date.now() > end) {
                    this.complaints.push(`${this.name} cannot write to ${name} when all is mended`);
                    break;
                }
                await new Promise((next) => setTimeout(next, RETRY_MS));
            }
        }
    }

    /** Resolves to what became of it. */
    async write(name) {
        const kind = kindOf(name);
        const write = { id: `${this.name}_${++this.numbers}`, name, outcome: 'maybe' };
        if (kind === 'set') {
            this.ledger.writes.push(write);
            return this.send(write, 'RECORD.PATCH', { version: -1, path: write.id, data: '1' });
        }
        const base = this.known.get(name) ?? await this.read(name);
        if (!base) return 'unread';
        write.version = base.version + 1;
        write.data = changed[kind](base.data, write.id);
        this.ledger.writes.push(write);
        return this.send(write, 'RECORD.UPDATE', { version: write.version, data: JSON.stringify(write.data) });
    }

    async read(name) {
        const answer = await this.resident.ask('RECORD.READ', { name }, answersRead(name), ANSWER_MS);
        if (answer === undefined) this.complaints.push(`${this.name} read ${name} and got no answer`);
        return answer && !answer.isError ? { version: answer.version, data: JSON.parse(answer.data) } : null;
    }

    async send(write, kind, fields) {
        const { name, id, version, data } = write;
        delete write.data;
        const answer = await this.resident.ask(kind, { name, ...fields, isWriteAck: true, correlationId: id },
            (message) => message.correlationId === id && ANSWERS.has(message.kind), ANSWER_MS);
        this.known.delete(name);
        if (answer === undefined) this.complaints.push(`${id} wrote to ${name} and got no answer`);
        if (answer?.kind === 'RECORD.WRITE_ACKNOWLEDGEMENT') {
            write.outcome = 'acked';
            if (data) this.known.set(name, { version, data });
        } else if (answer?.kind === 'RECORD.VERSION_EXISTS') {
            write.outcome = 'refused';
            this.known.set(name, { version: answer.version, data: JSON.parse(answer.data) });
        }
        return write.outcome;
    }
}
