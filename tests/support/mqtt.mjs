// MQTT clients for tests: the published one (`mqtt`), the tools of mosquitto, and raw packets.

import { spawn } from 'node:child_process';
import { connect as connectTcp } from 'node:net';
import { createRequire } from 'node:module';
import { connect as connectTls } from 'node:tls';

const require = createRequire(import.meta.url);
const mqtt = require('mqtt');
const packets = require('mqtt-packet');

const WAIT_MS = 30000;

/** Where our server listens for MQTT. */
export const mqttPort = (server) => Number([...server.log.matchAll(/Listening for MQTT (?:TCP|TLS) connections on \S+:(\d+)/g)].at(-1)[1]);

async function until(done, what) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
        const result = done();
        if (result) return result;
        if (Date.now() > deadline) throw new Error(`waited in vain for ${what()}`);
        await new Promise((next) => setTimeout(next, 5));
    }
}

/** A client of the published library. It does not reconnect; `messages` are what it got. */
export class MqttClient {
    static async connect(port, { tls, ...options } = {}) {
        const client = new MqttClient();
        client.messages = [];
        client.isClosed = false;
        client.mqtt = mqtt.connect(`${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`, { reconnectPeriod: 0, connectTimeout: WAIT_MS, ...tls, ...options });
        client.mqtt.on('message', (topic, payload, { qos, retain, dup }) => client.messages.push({ topic, text: payload.toString(), qos, retain, dup }));
        client.mqtt.on('close', () => { client.isClosed = true; });
        await new Promise((done, fail) => {
            client.mqtt.on('connect', (packet) => { client.connack = packet; done(); });
            client.mqtt.on('error', fail);
            client.mqtt.on('close', () => fail(new Error('the server closed the connection')));
        });
        return client;
    }

    /** Subscribes, and resolves to the granted QoS of each filter. */
    subscribe(filters, qos = 0) {
        return new Promise((done, fail) => this.mqtt.subscribe(filters, { qos }, (error, granted, packet) => {
            if (packet?.granted) done(packet.granted);
            else if (error) fail(error);
            else done(granted.map((one) => one.qos));
        }));
    }

    unsubscribe(filters) {
        return new Promise((done, fail) => this.mqtt.unsubscribe(filters, (error) => (error ? fail(error) : done())));
    }

    /** Resolves when the server has acknowledged, or the packet is written for QoS 0. */
    publish(topic, text, options = {}) {
        return new Promise((done, fail) => this.mqtt.publish(topic, text, options, (error) => (error ? fail(error) : done())));
    }

    /** What the server did so far has arrived: a round trip. */
    async settle() {
        await this.unsubscribe('nothing/of/this/name');
    }

    /** Waits for a message on topic, takes it and gives it back. */
    async takes(topic) {
        const index = await until(() => this.messages.findIndex((message) => message.topic === topic) + 1,
            () => `a message on ${topic}; there is ${JSON.stringify(this.messages)}`);
        return this.messages.splice(index - 1, 1)[0];
    }

    closed() {
        return until(() => this.isClosed, () => 'the end of the connection');
    }

    /** Says goodbye. */
    end() {
        return new Promise((done) => (this.isClosed ? done() : this.mqtt.end(false, {}, done)));
    }

    /** Breaks the connection without a goodbye. */
    async breaks() {
        this.mqtt.stream.destroy();
        await this.closed();
    }
}

/** Bytes and packets as they are. `packets` are what came. */
export class MqttRaw {
    static async open(port, tls) {
        const raw = new MqttRaw();
        raw.packets = [];
        raw.isClosed = false;
        raw.socket = tls ? connectTls({ ...tls, port }) : connectTcp(port, '127.0.0.1');
        const parser = packets.parser();
        parser.on('packet', (packet) => raw.packets.push(packet));
        parser.on('error', (error) => raw.packets.push({ cmd: `unreadable: ${error.message}` }));
        raw.socket.on('data', (bytes) => parser.parse(bytes));
        raw.socket.on('close', () => { raw.isClosed = true; });
        raw.socket.on('error', () => {});
        await new Promise((done) => raw.socket.on(tls ? 'secureConnect' : 'connect', done));
        return raw;
    }

    /** Opened, and accepted by the server. */
    static async login(port, { tls, ...options } = {}) {
        const raw = await MqttRaw.open(port, tls);
        raw.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: '', keepalive: 0, ...options });
        await raw.takes('connack');
        return raw;
    }

    write(bytes) {
        this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(/\s/g, ''), 'hex') : bytes);
    }

    send(packet) {
        this.write(packets.generate(packet));
    }

    async takes(cmd) {
        const index = await until(() => this.packets.findIndex((packet) => packet.cmd === cmd) + 1,
            () => `${cmd}; there is ${JSON.stringify(this.packets)}${this.isClosed ? ', closed' : ''}`);
        return this.packets.splice(index - 1, 1)[0];
    }

    closed() {
        return until(() => this.isClosed, () => `the end of the connection; there is ${JSON.stringify(this.packets)}`);
    }

    async settle() {
        this.send({ cmd: 'pingreq' });
        await this.takes('pingresp');
    }

    end() {
        this.socket.destroy();
    }
}

/** Runs one of the tools of mosquitto; resolves to { code, lines, errors }. */
export class Mosquitto {
    constructor(tool, port, ...args) {
        this.output = '';
        this.errors = '';
        this.child = spawn('stdbuf', ['-oL', tool, '-h', '127.0.0.1', '-p', String(port), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
        this.child.stdout.on('data', (text) => { this.output += text; });
        this.child.stderr.on('data', (text) => { this.errors += text; });
        this.exited = new Promise((done) => this.child.on('close', (code) => done(code)));
    }

    get lines() {
        return this.output.split('\n').filter((line) => line !== '');
    }

    logs(text) {
        return until(() => this.output.includes(text), () => `${text} in ${this.output}${this.errors}`);
    }

    async end() {
        this.child.kill();
        await this.exited;
    }

    /** Publishes, and resolves to the exit status. */
    static async publishes(port, ...args) {
        return new Mosquitto('mosquitto_pub', port, ...args).exited;
    }
}

/** The clients of one scenario: all that it opens are ended behind it. */
export class MqttStage {
    /** tls: options of Node's TLS for clients of an encrypted port. */
    constructor(port, tls) {
        this.port = port;
        this.tls = tls;
        this.opened = [];
    }

    async keep(client) {
        this.opened.push(await client);
        return client;
    }

    client(username, options = {}) {
        return this.keep(MqttClient.connect(this.port, { ...(username ? { username, password: username } : {}), tls: this.tls, ...options }));
    }

    raw(options) {
        return this.keep(options ? MqttRaw.login(this.port, { tls: this.tls, ...options }) : MqttRaw.open(this.port, this.tls));
    }

    tool(tool, username, ...args) {
        const started = new Mosquitto(tool, this.port, '-u', username, '-P', username, ...args);
        this.opened.push(started);
        return started;
    }

    publishes(username, ...args) {
        return Mosquitto.publishes(this.port, '-u', username, '-P', username, ...args);
    }

    async clear() {
        await Promise.all(this.opened.map((client) => client.end()));
    }
}

/** Makes of a scenario one that gets a stage of MQTT besides. */
export const withMqttOver = (tls) => ([title, act]) => [title, async (stage) => {
    const of = new MqttStage(mqttPort(stage.server), tls);
    try {
        await act(stage, of);
    } finally {
        await of.clear();
    }
}];
export const withMqtt = withMqttOver(undefined);
