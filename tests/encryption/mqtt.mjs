// MQTT over TLS: the tools of mosquitto and the published library, certificates of both sides and their exchange, hostile peers.

import { execFileSync, spawn } from 'node:child_process';
import { once as happens } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHook, hookAuthentication } from '../authentication/hook.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { certificate, fingerprintOf } from '../support/certificates.mjs';
import { Mosquitto, withMqttOver } from '../support/mqtt.mjs';
import { configurationOf, program } from '../support/servers.mjs';
import { authority, folder, handshake, refused, sClient, server, showing, tcp, TRUST } from './stand.mjs';

const client = certificate(folder, 'device', { issuer: authority });
const next = certificate(folder, 'next', { issuer: authority });
const stranger = certificate(folder, 'stranger');
const live = { key: join(folder, 'live.key'), pem: join(folder, 'live.pem') };
const CAFILE = ['--cafile', authority.pem];

function install(made) {
    copyFileSync(made.key, live.key);
    copyFileSync(made.pem, live.pem);
}

const endpoints = (ssl, more = {}) => ({
    connectionEndpoints: [
        { type: 'ws-binary', options: { urlPath: '/deepstream' } },
        { type: 'mqtt', options: { host: '127.0.0.1', port: 0, ssl, ...more } },
    ],
});
const ofServer = { key: server.key, cert: server.pem };
const overTls = withMqttOver(TRUST);

await scenarios('mqtt over TLS', endpoints(ofServer, { unauthenticatedClientTimeout: 60000, maxQueueBytes: 200000 }), [
    ['mosquitto_pub, mosquitto_sub, the published library and a WebSocket hear each other', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('news/#', 1);
        const sub = mqtt.tool('mosquitto_sub', 'bo', ...CAFILE, '-t', 'news/a', '-v', '-d', '-q', '1');
        await sub.logs('Subscribed (mid: 1): 1');
        assert.equal(await mqtt.publishes('cy', ...CAFILE, '-t', 'news/a', '-m', 'x', '-q', '1'), 0);
        await sub.logs('news/a "x"');
        assert.equal((await al.takes('news/a')).text, '"x"');
        const ws = await stage.user('di');
        ws.event.emit('news/a', { n: 1 });
        await sub.logs('news/a {"n":1}');
        assert.equal((await al.takes('news/a')).text, '{"n":1}');
    }],
    ['large messages and many small ones arrive whole and in order', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('much/#', 1);
        const bo = await mqtt.client('bo');
        const large = 'x'.repeat(100000);
        await bo.publish('much/large', large, { qos: 1 });
        assert.equal((await al.takes('much/large')).text, JSON.stringify(large));
        for (let i = 0; i < 1000; i++) bo.publish('much/small', String(i));
        await until(() => al.messages.length === 1000, 'the small ones');
        assert.deepEqual(al.messages.map(({ text }) => text), Array.from({ length: 1000 }, (_, i) => `"${i}"`));
    }],
    ['versions: 1.2 and 1.3, and nothing below', async (stage, mqtt) => {
        for (const version of ['TLSv1.2', 'TLSv1.3']) {
            const al = await mqtt.client('al', { tls: { ...TRUST, minVersion: version, maxVersion: version } });
            assert.equal(al.mqtt.stream.getProtocol(), version);
        }
        const from = stage.server.log.length;
        const { output } = await sClient(mqtt.port, ['-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0']);
        assert.match(output, /Cipher is \(NONE\)/);
        await stage.server.logs(/TLS handshake failed/, { from });
    }],
    ['clients refuse who is not vouched for, and a wrong name', async (stage, mqtt) => {
        assert.notEqual(await Mosquitto.publishes(mqtt.port, '--cafile', stranger.pem, '-t', 'x', '-m', 'x'), 0);
        assert.equal(await refused(mqtt.port, { servername: 'elsewhere.example' }), 'ERR_TLS_CERT_ALTNAME_INVALID');
        assert.equal(await refused(mqtt.port, { ca: readFileSync(stranger.pem) }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    }],
    ['who speaks without TLS is cut off, and so is who speaks HTTP', async (stage, mqtt) => {
        const from = stage.server.log.length;
        for (const bytes of [Buffer.from('101000044d51545404020000000474657374', 'hex'), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.alloc(100000)]) {
            const socket = await tcp(mqtt.port);
            socket.write(bytes);
            await socket.over();
            await stage.server.logs(/TLS handshake failed/, { from });
        }
        await (await mqtt.client('al')).settle();
    }],
    ['who does not read is cut off; others are served', async (stage, mqtt) => {
        const from = stage.server.log.length;
        const slow = await mqtt.raw({ keepalive: 600 });
        slow.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'flood/#', qos: 0 }] });
        await slow.takes('suback');
        slow.socket.pause();
        const quick = await mqtt.client('cy');
        await quick.subscribe('flood/end');
        const ws = await stage.user('bo');
        await until(async () => {
            for (let i = 0; i < 200; i++) ws.event.emit('flood/a', 'x'.repeat(5000));
            await new Promise(setImmediate);
            return /SLOW_RECEIVER/.test(stage.server.log.slice(from));
        }, 'the end of the slow one');
        ws.event.emit('flood/end', 1);
        await quick.takes('flood/end');
    }],
    ['a client that is torn away leaves its will', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('will/#');
        const bo = await mqtt.client('bo', { will: { topic: 'will/bo', payload: 'gone', qos: 0, retain: false } });
        await bo.breaks();
        assert.equal((await al.takes('will/bo')).text, '"gone"');
    }],
].map(overTls));

await scenarios('mqtt over TLS, slow peers', endpoints(ofServer, { unauthenticatedClientTimeout: 700 }), [
    ['who does not shake hands, or does not log in, is cut off in time', async (stage, mqtt) => {
        const silent = await tcp(mqtt.port), half = await tcp(mqtt.port), mute = await mqtt.raw();
        half.write(Buffer.from('160301', 'hex'));
        await Promise.all([silent.over(), half.over(), mute.closed()]);
        await stage.server.logs(/AUTHENTICATION_TIMEOUT/);
    }],
    ['hundreds of half-done handshakes keep nobody out, nor the server from its end', async (stage, mqtt) => {
        const waiting = await Promise.all(Array.from({ length: 300 }, () => tcp(mqtt.port)));
        waiting.forEach((socket, i) => socket.write(Buffer.from('1603010200010001fc0303', 'hex').subarray(0, i % 11)));
        await (await mqtt.client('al')).settle();
        await stage.server.restart();
        await Promise.all(waiting.map((socket) => socket.over()));
    }],
].map(overTls));

const hook = await startHook();
try {
    const asking = { auth: hookAuthentication(hook.url, { requestTimeout: 20000 }) };
    await scenarios('mqtt with certificates of clients', { ...asking, ...endpoints({ ...ofServer, ca: authority.pem, clientCertificate: 'required' }) }, [
        ['who is vouched for is let in, and authentication is told', async (stage, mqtt) => {
            await mqtt.client('al', { tls: { ...TRUST, ...showing(client) } });
            assert.equal(await mqtt.publishes('bo', ...CAFILE, '--cert', client.pem, '--key', client.key, '-t', 'x', '-m', 'x', '-q', '1'), 0);
            const told = hook.requests.map(({ connectionData }) => connectionData.clientCertificate);
            assert.deepEqual(told.map(({ fingerprint, verified }) => ({ fingerprint, verified })), Array(2).fill({ fingerprint: fingerprintOf(client), verified: true }));
            assert.equal(told[0].subject, 'CN=device');
        }],
        ['who is not, or shows nothing, is not', async (stage, mqtt) => {
            for (const shown of [{}, showing(stranger)]) {
                const from = stage.server.log.length;
                await assert.rejects(mqtt.client('al', { tls: { ...TRUST, ...shown } }));
                await stage.server.logs(/TLS handshake failed/, { from });
            }
            assert.notEqual(await mqtt.publishes('bo', ...CAFILE, '-t', 'x', '-m', 'x', '-q', '1'), 0);
        }],
    ].map(overTls));
} finally {
    hook.close();
}

const nameAt = async (port) => {
    const socket = await handshake(port);
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
};

async function reload(stage, pattern) {
    const from = stage.server.log.length;
    stage.server.signal('SIGHUP');
    await stage.server.logs(pattern, { from });
}

install(server);
await scenarios('mqtt, reload of certificates', endpoints({ key: live.key, cert: live.pem }), [
    ['new ones count for new connections, those that exist go on; broken ones change nothing', async (stage, mqtt) => {
        const early = await mqtt.client('al');
        await early.subscribe('kept');
        install(next);
        await reload(stage, /the certificates of mqtt were reloaded: CN=next, valid until/);
        assert.equal(await nameAt(mqtt.port), 'next');
        writeFileSync(live.pem, 'nothing');
        await reload(stage, /CONFIG_ERROR \| the certificates of mqtt were not reloaded, those of before stay: ssl: `cert` .* at \S*config\.json:\d+:\d+/);
        assert.equal(await nameAt(mqtt.port), 'next');
        const late = await mqtt.client('bo');
        await late.publish('kept', 'x', { qos: 1 });
        assert.equal((await early.takes('kept')).text, '"x"');
        assert.equal(early.isClosed, false);
        install(server);
    }],
].map(overTls));

/** How a server ends that finds the certificate gone between the check of its configuration and its start: it reads from a pipe. */
async function startOfChangedFile() {
    const pipe = join(folder, 'changing.pem'), file = join(folder, 'changing.json');
    const feed = (text) => happens(spawn('sh', ['-c', 'printf %s "$1" > "$2"', 'sh', text, pipe], { stdio: 'ignore' }), 'close');
    execFileSync('mkfifo', [pipe]);
    writeFileSync(file, JSON.stringify({ ...configurationOf(0, endpoints({ key: server.key, cert: pipe })), storage: { type: 'none', options: {} } }));
    const child = spawn(program, ['start', '-c', file], { cwd: folder });
    const ended = happens(child, 'close');
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { log += text; });
    const timer = setTimeout(() => child.kill('SIGKILL'), 60000);
    await feed(readFileSync(server.pem, 'utf8'));
    await until(() => /State transition \(services-started\)/.test(log), 'the start of the plugins');
    const fed = feed('nothing');
    const [code, signal] = await ended;
    clearTimeout(timer);
    await fed;
    return { code, signal, log };
}

const outcome = await startOfChangedFile();
assert.equal(outcome.signal, null, outcome.log);
assert.notEqual(outcome.code, 0);
assert.match(outcome.log, /mqtt cannot encrypt: ssl: `cert` /);
console.log('ok   a certificate that is gone when the server starts is an error that names it');
