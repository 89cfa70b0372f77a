// Those who subscribe to records: raw peers, who note every version that reaches them, and the published client.

import { createRequire } from 'node:module';
import { Resident } from './resident.mjs';
import { idIn, kindOf } from './writers.mjs';

const require = createRequire(import.meta.url);
const { DeepstreamClient } = require('@deepstream/client');
console.warn = console.trace = () => {}; // the client warns of each conflict

const AGAIN_MS = 200;

/** What all witnesses of a round have seen together: by name and version, the id of the write that made it. */
export class History {
    constructor() {
        this.versions = new Map();
        this.complaints = [];
    }

    note(name, version, id, who) {
        const seen = this.versions.get(name) ?? this.versions.set(name, new Map()).get(name);
        if (seen.has(version) && seen.get(version) !== id)
            this.complaints.push(`version ${version} of ${name} is ${id} for ${who}, and was ${seen.get(version)}`);
        seen.set(version, id);
    }
}

/** Keeps records as the published client does: reads one whenever it misses a version. */
export class RawWitness {
    constructor(node, name) {
        this.names = [];
        this.records = new Map();
        this.resident = new Resident(node, name, { onLogin: () => this.subscribe(), onMessage: (message) => this.hear(message) });
    }

    get name() { return this.resident.name; }

    start(names, history) {
        Object.assign(this, { names, history });
        this.records = new Map(names.map((name) => [name, { version: -1, data: undefined, updated: -1 }]));
        this.subscribe();
    }

    subscribe() {
        if (this.names.length === 0) return;
        for (const record of this.records.values()) record.version = record.updated = -1;
        this.resident.send('RECORD.SUBSCRIBECREATEANDREAD', { names: this.names, correlationId: `s${this.names[0]}` });
    }

    stop() {
        this.resident.send('RECORD.UNSUBSCRIBE', { names: this.names, correlationId: `u${this.names[0]}` });
        this.names = [];
    }

    hear(message) {
        const record = message.name !== undefined && this.records.get(message.name);
        if (!record || this.names.length === 0) return;
        if (message.isError) setTimeout(() => this.resident.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [message.name], correlationId: 'again' }), AGAIN_MS);
        else if (message.kind === 'RECORD.READ_RESPONSE') this.hearWhole(record, message);
        else if (message.kind === 'RECORD.UPDATE' || message.kind === 'RECORD.PATCH') this.hearChange(record, message);
    }

    complain(message, what) {
        this.history.complaints.push(`${this.name} got version ${message.version} of ${message.name} by ${message.kind} ${what}`);
    }

    hearWhole(record, { name, version, data, kind }) {
        if (version < record.version) this.complain({ name, version, kind }, `after it had ${record.version}`);
        record.version = version;
        record.data = JSON.parse(data);
        this.noteWhole(name, record);
    }

    noteWhole(name, { version, data }) {
        const id = version > 0 && idIn[kindOf(name)]?.(data);
        if (id) this.history.note(name, version, id, this.name);
    }

    hearChange(record, message) {
        const { name, version } = message;
        if (version <= record.updated) this.complain(message, `after ${record.updated} in the same way`);
        record.updated = Math.max(record.updated, version);
        if (message.kind === 'RECORD.PATCH') {
            this.hearPatch(record, message);
        } else if (version > record.version) {
            record.version = version;
            record.data = JSON.parse(message.data);
            this.noteWhole(name, record);
        }
    }

    hearPatch(record, { name, version, path }) {
        this.history.note(name, version, path, this.name);
        if (version === record.version + 1) {
            record.version = version;
            record.data[path] = 1;
        } else if (version > record.version) {
            this.resident.send('RECORD.READ', { name });
        }
    }

    stateOf(name) {
        return this.records.get(name);
    }
}

/** The published client, with its own ideas of how to come back. */
export class LibraryWitness {
    constructor(node, name) {
        this.name = name;
        this.records = new Map();
        this.client = new DeepstreamClient(`ws://127.0.0.1:${node.port}`, {
            reconnectIntervalIncrement: 50, maxReconnectInterval: 200, maxReconnectAttempts: 1e9, heartbeatInterval: 60000,
            offlineEnabled: false, subscriptionInterval: 0,
        });
        this.client.on('error', () => {});
    }

    async login() {
        await this.client.login({ username: this.name });
    }

    get isHere() {
        return this.client.getConnectionState() === 'OPEN';
    }

    start(names) {
        for (const name of names)
            this.records.set(name, kindOf(name) === 'list' ? this.client.record.getList(name) : this.client.record.getRecord(name));
    }

    stop() {
        for (const record of this.records.values()) record.discard();
        this.records.clear();
    }

    stateOf(name) {
        const record = this.records.get(name);
        return kindOf(name) === 'list' ? { version: record.version, data: record.getEntries() } : { version: record.version, data: record.get() };
    }

    leave() {
        this.client.close();
    }
}
