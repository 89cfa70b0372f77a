// A peer of ws-binary that sends whatever it is told, also what no client would, and remembers every
// message that reaches it. Prints nothing.

import { once } from 'node:events';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const WebSocket = require('ws');
const protobuf = require('@deepstream/protobuf/dist/generated/protobuf');

const TYPES = {
    PARSER: 'ParserMessage', CONNECTION: 'ConnectionMessage', AUTH: 'AuthMessage', EVENT: 'EventMessage',
    RECORD: 'RecordMessage', RPC: 'RpcMessage', PRESENCE: 'PresenceMessage', MONITORING: 'MonitoringMessage',
    CLUSTER: 'ClusterMessage', LOCK: 'LockMessage',
};
/** Actions that the published codec has no name for. */
const MORE_ACTIONS = { RECORD: { PATCH_MULTI: 35 } };

function actionsOf(topic) {
    const named = Object.entries(protobuf[`${topic}_ACTION`])
        .map(([name, number]) => [name.slice(topic.length + 1), number]);
    return { ...Object.fromEntries(named), ...MORE_ACTIONS[topic] };
}

export const TOPICS = protobuf.TOPIC;
export const ACTIONS = Object.fromEntries(Object.keys(TYPES).map((topic) => [topic, actionsOf(topic)]));

const TOPIC_NAMES = Object.fromEntries(Object.entries(TOPICS).map(([name, number]) => [number, name]));
const ACTION_NAMES = Object.fromEntries(Object.entries(ACTIONS).map(([topic, actions]) =>
    [topic, Object.fromEntries(Object.entries(actions).map(([name, number]) => [number, name]))]));

export const actionName = (topic, number) => ACTION_NAMES[topic]?.[number] ?? String(number);

export const DEFAULT_WAIT_MS = 20000;

/** 'RECORD.READ' as its two numbers; numbers are taken as they are: 'RECORD.77', '55.1'. */
function numbersOf(kind) {
    const [topic, action] = kind.split('.');
    return [TOPICS[topic] ?? Number(topic), ACTIONS[topic]?.[action] ?? Number(action), topic];
}

/** The bytes of one frame: encode('RECORD.READ', { name: 'a' }). Fields that are undefined are absent. */
export function encode(kind, fields = {}) {
    const [topic, action, topicName] = numbersOf(kind);
    const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    if (typeof present.originalAction === 'string') present.originalAction = ACTIONS[topicName][present.originalAction];
    const inner = protobuf[TYPES[topicName] ?? 'EventMessage'].encode({ action, ...present }).finish();
    return Buffer.from(protobuf.Message.encodeDelimited({ topic, message: inner }).finish());
}

const isEmpty = (value) => (Array.isArray(value) && value.length === 0) ||
    (value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);

/** A frame as { kind, and the fields that were on the wire }. */
export function decode(bytes) {
    const outer = protobuf.Message.decodeDelimited(bytes);
    const topic = TOPIC_NAMES[outer.topic] ?? String(outer.topic);
    const type = protobuf[TYPES[topic]];
    if (!type) return { kind: `${topic}.?` };
    const { action, ...fields } = { ...type.decode(outer.message, outer.message.length) };
    for (const name of Object.keys(fields)) {
        if (name !== 'versions' && isEmpty(fields[name])) delete fields[name];
    }
    if (fields.versions && isEmpty(fields.versions) && !topic.startsWith('RECORD')) delete fields.versions;
    const kind = `${topic}.${actionName(topic, action)}`;
    if (fields.versions && kind !== 'RECORD.HEAD_RESPONSE_BULK') delete fields.versions;
    if (fields.originalAction !== undefined && topic !== 'PARSER') fields.originalAction = actionName(topic, fields.originalAction);
    return { kind, ...fields };
}

const quoted = (text) => (/^[\w/.*$%^-]+$/.test(text) ? text : JSON.stringify(text));

function valueText(field, value) {
    if (Array.isArray(value)) return `[${value.map(quoted).join(',')}]`;
    if (value !== null && typeof value === 'object') {
        return JSON.stringify(Object.fromEntries(Object.entries(value).sort()));
    }
    return field === 'data' || typeof value !== 'string' ? String(value) : quoted(value);
}

/** One line that says it all: 'RECORD.READ_RESPONSE data={} name=r version=0'. */
export function lineOf({ kind, ...fields }) {
    const shown = Object.keys(fields).sort().map((field) =>
        (fields[field] === true ? field : `${field}=${valueText(field, fields[field])}`));
    return [kind, ...shown].join(' ');
}

/** One WebSocket to a server. `lines` and `messages` hold all it has received, but answers to its own pings. */
export class Peer {
    constructor(socket, name) {
        this.socket = socket;
        this.name = name;
        this.messages = [];
        this.lines = [];
        this.isClosed = false;
        this.closeCode = null;
        this.pingsToHide = 0;
        this.watchers = new Set();
        socket.on('message', (data) => this.onFrame(data));
        socket.on('close', (code) => {
            this.isClosed = true;
            this.closeCode = code;
            this.lines.push(`closed ${code}`);
            this.tellWatchers();
        });
        socket.on('error', () => {});
    }

    /** Connects; nothing has been sent. */
    static async connect(port, { name = 'peer', path = '/deepstream', options = {}, tls } = {}) {
        const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://127.0.0.1:${port}${path}`, { perMessageDeflate: false, ...tls, ...options });
        const peer = new Peer(socket, name);
        await once(socket, 'open');
        return peer;
    }

    /** Connects and logs in, by default as a user of the name; forgets what the handshake said. */
    static async login(port, { name = 'peer', auth = { username: name }, ...options } = {}) {
        const peer = await Peer.connect(port, { name, ...options });
        peer.send('CONNECTION.CHALLENGE', { url: 'ws://test', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
        await peer.sees('CONNECTION.ACCEPT');
        peer.send('AUTH.REQUEST', { data: JSON.stringify(auth) });
        await peer.sees('AUTH.AUTH_SUCCESSFUL');
        peer.forget();
        return peer;
    }

    onFrame(data) {
        if (typeof data === 'string') {
            this.lines.push(`text ${JSON.stringify(data)}`);
        } else {
            const message = decode(data);
            if (message.kind === 'CONNECTION.PONG' && this.pingsToHide > 0) {
                this.pingsToHide--;
                this.pongs = (this.pongs ?? 0) + 1;
            } else {
                this.messages.push(message);
                this.lines.push(lineOf(message));
            }
        }
        this.tellWatchers();
    }

    tellWatchers() {
        for (const watcher of [...this.watchers]) watcher();
    }

    /** What has come so far was of no interest. */
    forget() {
        this.messages.length = 0;
        this.lines.length = 0;
    }

    send(kind, fields) {
        this.sendBytes(encode(kind, fields));
    }

    sendBytes(bytes) {
        if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
    }

    sendText(text) {
        if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text);
    }

    /** Resolves when done() is true, to what it returns; asked again at each message. */
    async until(done, what, milliseconds = DEFAULT_WAIT_MS) {
        const soon = done();
        if (soon) return soon;
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => {
                this.watchers.delete(watcher);
                reject(new Error(`${this.name} waited in vain for ${what}; it has\n    ${this.lines.slice(-12).join('\n    ')}`));
            }, milliseconds);
            const watcher = () => {
                const result = done();
                if (!result) return;
                clearTimeout(timer);
                this.watchers.delete(watcher);
                resolve(result);
            };
            this.watchers.add(watcher);
        });
    }

    /** The first message of that kind whose fields are as given; waits for it. */
    async sees(kind, fields = {}, milliseconds = DEFAULT_WAIT_MS) {
        const fits = (message) => message.kind === kind &&
            Object.entries(fields).every(([field, value]) => JSON.stringify(message[field]) === JSON.stringify(value));
        return this.until(() => this.messages.find(fits), `${kind} ${JSON.stringify(fields)}`, milliseconds);
    }

    last(kind) {
        return this.messages.findLast((message) => message.kind === kind);
    }

    /** The end of the connection, from whichever side. Resolves to the close code. */
    async closes(milliseconds = DEFAULT_WAIT_MS) {
        await this.until(() => this.isClosed, 'the end of its connection', milliseconds);
        return this.closeCode;
    }

    /** A logged-in peer asks and waits for the answer: what was sent before has been read by then. */
    async roundTrip(milliseconds = DEFAULT_WAIT_MS) {
        if (this.isClosed) return;
        const target = (this.pongs ?? 0) + this.pingsToHide + 1;
        this.pingsToHide++;
        this.send('CONNECTION.PING');
        await this.until(() => this.isClosed || (this.pongs ?? 0) >= target, 'PONG', milliseconds);
    }

    /** The same with a ping frame, which servers answer in each state. */
    async frameRoundTrip() {
        if (this.isClosed || this.socket.readyState !== WebSocket.OPEN) return;
        await new Promise((resolve) => {
            const done = () => {
                this.socket.off('pong', done);
                this.socket.off('close', done);
                resolve();
            };
            this.socket.on('pong', done);
            this.socket.on('close', done);
            this.socket.ping();
        });
    }

    async close() {
        if (this.isClosed) return;
        this.socket.close();
        const timer = setTimeout(() => this.socket.terminate(), 2000);
        await this.closes();
        clearTimeout(timer);
    }
}
