// Clients that speak HTTP beside clients on WebSockets, and those that are slow, leave or ask for too much.

import { createHmac } from 'node:crypto';
import { once as event } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { assert, once, scenarios, until } from './stage.mjs';
import { permissions } from '../support/servers.mjs';

const SECRET = 'a secret of thirty-two characters';
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims) => {
    const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
    return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
};

function begin(port, { method = 'GET', path = '/api', headers = {}, body, agent = false } = {}) {
    const sent = request({ port, host: '127.0.0.1', method, path, headers, agent });
    sent.on('error', () => {});
    sent.end(body);
    return sent;
}

async function answerOf(sent) {
    const [answer] = await event(sent, 'response');
    let text = '';
    for await (const chunk of answer) text += chunk;
    const isJson = answer.headers['content-type']?.startsWith('application/json') && text !== '';
    return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

const ask = (port, more) => answerOf(begin(port, more));
const posting = (content) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) });
const post = (stage, content, more) => ask(stage.server.port, { ...posting(content), ...more });

/** What came of the items of a batch. */
async function batch(stage, items, more = {}) {
    const { status, body } = await post(stage, { ...more, body: items });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
}

const endpoints = (more = {}) => [
    { type: 'ws-binary', options: { urlPath: '/deepstream' } },
    { type: 'http', options: { requestTimeout: 3000, ...more } },
];
const read = (recordName) => ({ topic: 'record', action: 'read', recordName });
const write = (recordName, data, more) => ({ topic: 'record', action: 'write', recordName, data, ...more });
const emit = (eventName, data) => ({ topic: 'event', action: 'emit', eventName, data });
const make = (rpcName, data) => ({ topic: 'rpc', action: 'make', rpcName, data });

await scenarios('http', { connectionEndpoints: endpoints({ maxItems: 500, requestTimeout: 60000 }), rpc: { ackTimeout: 60000, responseTimeout: 60000 }, httpServer: { options: { maxMessageSize: 100_000 } }, monitoring: [{ type: 'prometheus' }] }, [
    ['what is written by HTTP reaches a subscriber, and the other way round', async (stage) => {
        const bo = await stage.user('bo');
        const record = bo.record.getRecord('shared');
        await record.whenReady();
        const seen = once('the write by HTTP');
        record.subscribe('n', (n) => n === 7 && seen(n));
        assert.equal((await batch(stage, [write('shared', { n: 7, list: [] })])).result, 'SUCCESS');
        await seen.happens;
        const patched = once('the patch by HTTP');
        record.subscribe('list', (list) => list?.length === 2 && patched(list));
        await batch(stage, [write('shared', ['x', { y: 1 }], { path: 'list' })]);
        assert.deepEqual(await patched.happens, ['x', { y: 1 }]);
        await record.setWithAck('n', 8);
        const result = await batch(stage, [read('shared')]);
        assert.deepEqual(result.body[0].data, { n: 8, list: ['x', { y: 1 }] });
        assert.equal(result.body[0].version, record.version);
    }],
    ['events of HTTP reach subscribers', async (stage) => {
        const bo = await stage.user('bo');
        const heard = once('the event');
        let ready = false;
        bo.event.subscribe('news', (data) => (data === 'probe' ? (ready = true) : heard(data)));
        await until(async () => (await batch(stage, [emit('news', 'probe')])) && ready, 'the subscription');
        await batch(stage, [emit('news', { a: ['ä'] })]);
        assert.deepEqual(await heard.happens, { a: ['ä'] });
    }],
    ['calls of HTTP are answered by a provider on a WebSocket', async (stage) => {
        const provider = await stage.user('provider');
        provider.rpc.provide('add', ({ a, b }, response) => response.send(a + b));
        provider.rpc.provide('fail', (data, response) => response.error('no'));
        await until(async () => (await batch(stage, [make('add', { a: 1, b: 2 })])).result === 'SUCCESS', 'the provider');
        const { result, body } = await batch(stage, [make('add', { a: 20, b: 22 }), make('fail'), make('nobody')]);
        assert.equal(result, 'PARTIAL_SUCCESS');
        assert.deepEqual(body[0], { success: true, data: 42 });
        assert.equal(body[1].error, 'no');
        assert.equal(body[2].error, 'No provider was available to handle the RPC "nobody".');
        const many = await batch(stage, Array.from({ length: 500 }, (_, i) => make('add', { a: i, b: i })));
        assert.deepEqual(many.body.map(({ data }) => data), Array.from({ length: 500 }, (_, i) => 2 * i));
    }],
    ['a batch sees its own writes', async (stage) => {
        const items = Array.from({ length: 100 }, (_, i) => [write('own', { i }), read('own')]).flat();
        const { body } = await batch(stage, items);
        assert.deepEqual(body.filter(({ data }) => data).map(({ data }) => data.i), Array.from({ length: 100 }, (_, i) => i));
    }],
    ['records are read by GET and looked at by HEAD', async (stage) => {
        const { port } = stage.server;
        await batch(stage, [write('a b/ä', { text: 'x' })]);
        const path = `/api/record/${encodeURIComponent('a b')}/${encodeURIComponent('ä')}`;
        const got = await ask(port, { path });
        assert.deepEqual([got.status, got.body], [200, { version: 1, data: { text: 'x' } }]);
        assert.equal(got.headers['cache-control'], 'no-store');
        assert.deepEqual((await ask(port, { path: path.replace('record', 'head') })).body, { version: 1 });
        const looked = await ask(port, { path, method: 'HEAD' });
        assert.deepEqual([looked.status, looked.body, looked.headers['content-length']], [200, '', got.headers['content-length']]);
        for (const missing of ['/api/record/missing', '/api/head/missing']) {
            const { status, body } = await ask(port, { path: missing });
            assert.deepEqual([status, body], [404, 'Record read failed. Record "missing" could not be found.\r\n\r\n']);
        }
    }],
    ['nobody comes or goes with a request', async (stage) => {
        const bo = await stage.user('bo');
        const changes = [];
        bo.presence.subscribe((...change) => changes.push(change));
        for (let i = 0; i < 10; i++) await batch(stage, [{ topic: 'presence', action: 'query' }], { authData: { username: 'ghost' } });
        const al = await stage.user('al');
        await until(() => changes.some(([name]) => name === 'al'), 'al');
        assert.deepEqual(changes.map(([name]) => name), ['al']);
        const { body } = await batch(stage, [{ topic: 'presence', action: 'query' }]);
        assert.deepEqual(body[0].users.sort(), ['al', 'bo']);
        al.close();
    }],
    ['bounds of batches and bodies hold', async (stage) => {
        const many = await post(stage, { body: Array.from({ length: 501 }, () => emit('e')) });
        assert.deepEqual([many.status, many.body], [400, 'Invalid message: the "body" parameter has more than 500 items (maxItems).\r\n\r\n']);
        const large = await post(stage, { body: [emit('e', 'x'.repeat(100_000))] });
        assert.deepEqual([large.status, large.body], [400, 'Failed to parse body of request: request entity too large\r\n\r\n']);
        const deep = await ask(stage.server.port, { ...posting(), body: `{"body":${'['.repeat(5000)}${']'.repeat(5000)}}` });
        assert.equal(deep.status, 400);
    }],
    ['one connection carries many requests, side by side with others', async (stage) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 8 });
        const answers = await Promise.all(Array.from({ length: 400 }, (_, i) =>
            ask(stage.server.port, { ...posting({ body: [write(`side${i % 10}`, { i }), read(`side${i % 10}`)] }), agent })));
        assert.ok(answers.every(({ status, body }) => status === 200 && body.result === 'SUCCESS'));
        agent.destroy();
    }],
    ['clients that leave do not keep calls', async (stage) => {
        const provider = await stage.user('provider');
        const openCalls = async () => Number((await ask(stage.server.port, { path: '/metrics' })).body.match(/^deepstream_rpc_calls_open (\d+)$/m)[1]);
        provider.rpc.provide('ready', (data, response) => response.send(1));
        provider.rpc.provide('never', () => {});
        await until(async () => (await batch(stage, [make('ready')])).result === 'SUCCESS', 'the provider');
        const left = Array.from({ length: 10 }, () => begin(stage.server.port, posting({ body: Array.from({ length: 300 }, () => make('never')) })));
        await until(async () => await openCalls() === 3000, 'their calls');
        for (const sent of left) sent.destroy();
        await until(async () => await openCalls() === 0, 'the end of their calls');
        assert.equal((await batch(stage, [emit('e')])).result, 'SUCCESS');
    }],
    ['idle connections cost little', async (stage) => {
        const sockets = [];
        const connected = [];
        const opening = async () => {
            const socket = connect({ port: stage.server.port, host: '127.0.0.1' });
            socket.on('error', () => {});
            sockets.push(socket);
            await event(socket, 'connect');
            socket.write('GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n');
            await event(socket, 'data');
            connected.push(socket);
        };
        await Promise.all(Array.from({ length: 50 }, opening));
        const before = stage.server.residentKilobytes();
        await Promise.all(Array.from({ length: 500 }, opening));
        const each = (stage.server.residentKilobytes() - before) * 1024 / 500;
        assert.ok(each < 16 * 1024, `${each} bytes each`);
        for (const socket of sockets) socket.destroy();
    }],
]);

await scenarios('http logins', {
    connectionEndpoints: endpoints(),
    auth: [{ type: 'jwt', options: { secret: SECRET } }, { type: 'file', options: { users: { ann: { password: 'right' } } } }],
    permission: permissions({ record: { 'own/$id': { create: 'user.id === $id', write: 'user.id === $id', read: 'user.id === $id', delete: true, listen: true, notify: true } } }),
}, [
    ['a token logs in wherever it is put', async (stage) => {
        const token = tokenOf({ sub: 'bo' });
        assert.equal((await batch(stage, [write('own/bo', { a: 1 })], { token })).result, 'SUCCESS');
        const { port } = stage.server;
        const path = '/api/record/own/bo';
        assert.equal((await ask(port, { path, headers: { authorization: `Bearer ${token}` } })).status, 200);
        assert.equal((await ask(port, { path: `${path}?token=${token}` })).status, 200);
        assert.equal((await ask(port, { path: `${path}?token=${tokenOf({ sub: 'eve' })}` })).status, 403);
        for (const wrong of [`${token}x`, '', '%ff']) assert.equal((await ask(port, { path: `${path}?token=${wrong}` })).status, 401);
        assert.equal((await ask(port, { path })).status, 401);
    }],
    ['a user and a password log in', async (stage) => {
        const authData = { username: 'ann', password: 'right' };
        assert.equal((await batch(stage, [write('own/ann', {}), write('own/bo', {})], { authData })).result, 'PARTIAL_SUCCESS');
        const refused = await post(stage, { authData: { ...authData, password: 'wrong' }, body: [emit('e')] });
        assert.equal(refused.status, 401);
    }],
]);

await scenarios('http rules', {
    connectionEndpoints: endpoints({ requestTimeout: 60000 }),
    permission: permissions({ event: { asks: { publish: "_('gate').open === data" } } }),
}, [
    ['F15: a batch of events alone is answered when the rules of the last one have read their record', async (stage) => {
        await batch(stage, [write('gate', { open: true })]);
        const { result, body } = await batch(stage, [emit('asks', true), emit('asks', false), emit('asks', true)]);
        assert.equal(result, 'PARTIAL_SUCCESS');
        assert.deepEqual(body.map(({ success }) => success), [true, false, true]);
        assert.equal((await batch(stage, [emit('asks', true)])).result, 'SUCCESS');
    }],
]);

await scenarios('http timeouts', { connectionEndpoints: endpoints({ requestTimeout: 200 }), httpServer: { options: { bodyTimeout: 200 } } }, [
    ['what is not answered in time ends, the rest has its result', async (stage) => {
        const provider = await stage.user('provider');
        let asked = 0;
        provider.rpc.provide('never', () => { asked++; });
        let result;
        await until(async () => { result = await batch(stage, [emit('e'), make('never')]); return asked > 0; }, 'the provider');
        assert.equal(result.result, 'PARTIAL_SUCCESS');
        assert.equal(result.body[1].errorEvent, 'HTTP_REQUEST_TIMEOUT');
    }],
    ['a body that does not come is not waited for', async (stage) => {
        const socket = connect({ port: stage.server.port, host: '127.0.0.1' });
        socket.write('POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{');
        let text = '';
        for await (const chunk of socket) text += chunk;
        assert.match(text, /^HTTP\/1\.1 408 /);
    }],
]);
