// Every shape of the HTTP endpoint: what it answers to good, refused and broken requests.

import { createRequire } from 'node:module';
import { deflateSync, gzipSync } from 'node:zlib';
import { differentialHttp } from './http_compare.mjs';
import { permissions } from '../support/servers.mjs';

const require = createRequire(import.meta.url);
const { DeepstreamClient } = require('@deepstream/client');
console.warn = () => {};

const configuration = {
    connectionEndpoints: [
        { type: 'ws-binary', options: { urlPath: '/deepstream' } },
        { type: 'http', options: { enableAuthEndpoint: true, authPath: '/api/auth', postPath: '/api', getPath: '/api', allowAuthData: true, requestTimeout: 1500 } },
    ],
    rpc: { responseTimeout: 600, ackTimeout: 300 },
    permission: permissions({
        event: { denied: { publish: false, subscribe: true, listen: true }, big: { publish: "data === 'x' || data.n > 3", subscribe: true, listen: true } },
        record: {
            denied: { create: false, write: false, read: false, delete: false, listen: false, notify: false },
            typed: { create: true, write: 'typeof data.n === "number"', read: true, delete: true, listen: true, notify: true },
        },
        rpc: { denied: { provide: true, request: false }, echo: { provide: true, request: "!data || data.no !== 1" } },
        presence: { denied: { allow: false } },
    }),
};

/** A provider of calls on a WebSocket. */
async function prepare(server) {
    const client = new DeepstreamClient(`127.0.0.1:${server.port}`, { maxReconnectAttempts: 0 });
    client.on('error', () => {});
    await client.login({ username: 'provider' });
    client.rpc.provide('double', (data, response) => response.send(data * 2));
    client.rpc.provide('echo', (data, response) => response.send(data));
    client.rpc.provide('fail', (data, response) => response.error(data ?? 'no data'));
    client.rpc.provide('silent', (data, response) => response.accept?.() ?? undefined);
    client.rpc.provide('reject', (data, response) => response.reject());
    await client.record.setDataWithAck('seen', { a: 1 });
    const asker = new DeepstreamClient(`127.0.0.1:${server.port}`, { maxReconnectAttempts: 0 });
    await asker.login({ username: 'asker' });
    while (await asker.rpc.make('echo', 1).catch(() => 0) !== 1);
    asker.close();
    return () => client.close();
}

const one = (title, item, more) => ({ title, ask: (table) => table.batch(item), ...more });
const many = (title, items, more) => ({ title, ask: (table) => table.batch(...items), ...more });
const raw = (title, body, more = {}, listed = {}) => ({ title, ask: (table) => table.post(body, more), ...listed });
const plain = (title, request, listed = {}) => ({ title, ask: (table) => table.ask(request), ...listed });
const steps = (title, list, listed = {}) => ({
    title,
    async ask(table) {
        const outcomes = [];
        for (const items of list) outcomes.push(await table.batch(...[items].flat()));
        return outcomes;
    },
    ...listed,
});

const read = (recordName) => ({ topic: 'record', action: 'read', recordName });
const head = (recordName) => ({ topic: 'record', action: 'head', recordName });
const write = (recordName, data, more) => ({ topic: 'record', action: 'write', recordName, data, ...more });
const remove = (recordName) => ({ topic: 'record', action: 'delete', recordName });
const emit = (eventName, data) => ({ topic: 'event', action: 'emit', eventName, data });
const make = (rpcName, data) => ({ topic: 'rpc', action: 'make', rpcName, data });

const parseFailure = (outcome) => outcome.status === 400 && /^Failed to parse body of request: .+\r\n\r\n$/.test(outcome.body) && outcome.type === 'text/plain; charset=utf-8';
const wordsOfItsOwn = { fault: 'own words', reason: 'the text of a JSON parser', original: parseFailure, ours: parseFailure };

const items = [
    one('an event', emit('e', { a: [1, 'ä', null] })),
    one('an event without data', emit('e')),
    one('an event that a rule forbids', emit('denied', 1)),
    one('an event that a rule allows by its data', emit('big', { n: 4 }), {
        fault: 'F15', reason: 'the original does not show rules the data of events that come by HTTP',
        original: ({ body }) => body.result === 'FAILURE', ours: ({ body }) => body.result === 'SUCCESS',
    }),
    one('an event that a rule forbids by its data', emit('big', { n: 1 })),
    one('an event whose rule fails', emit('big', null)),
    one('a call', make('double', 21)),
    one('a call without data', make('echo')),
    one('a call with much data', make('echo', { text: 'x'.repeat(10000), deep: [[[[{}]]]] })),
    one('a call that a rule forbids by its data', make('echo', { no: 1 })),
    one('a call that fails', make('fail', { code: 7 })),
    one('a call that fails with a text', make('fail')),
    one('a call that is rejected', make('reject')),
    one('a call that nobody provides', make('nobody')),
    one('a call that a rule forbids', make('denied')),
    one('a call that is never answered', make('silent')),
    one('a record that is there', read('seen')),
    one('a record that is not there', read('missing "quoted"')),
    one('the version of a record', head('seen')),
    one('the version of a record that is not there', head('missing')),
    one('a record that a rule forbids', read('denied')),
    one('the version of one that a rule forbids', head('denied')),
    one('a write that a rule forbids', write('denied', { a: 1 })),
    one('a write with data that a rule forbids', write('typed', { n: 'one' })),
    one('a write with data that a rule allows', write('typed', { n: 1 })),
    one('a removal that a rule forbids', remove('denied')),
    steps('a new record, read back', [write('made', { a: 1, b: ['x'] }), read('made'), head('made')]),
    steps('a record of a list', [write('listed', [1, { a: 2 }]), read('listed')]),
    steps('version 0 and -1 force', [write('forced', { a: 1 }), write('forced', { a: 2 }, { version: 0 }), write('forced', { a: 3 }, { version: -1 }), read('forced')]),
    steps('a version that is the next one', [write('next', { a: 1 }), write('next', { a: 2 }, { version: 2 }), read('next')]),
    steps('a version that is taken', [write('taken', { a: 1 }), write('taken', { a: 2 }, { version: 1 }), read('taken')]),
    steps('a version that is too high', [write('high', { a: 1 }), write('high', { a: 2 }, { version: 9 }), read('high')]),
    steps('a path', [write('path', { a: { b: 1 } }), write('path', 2, { path: 'a.b' }), write('path', [1], { path: 'c[1]' }), read('path')]),
    steps('a path with a version', [write('pathed', { a: 1 }), write('pathed', 5, { path: 'a', version: 2 }), write('pathed', 6, { path: 'a', version: 2 }), read('pathed')]),
    steps('a path into nothing', [write('pathnew', 5, { path: 'a.b' }), read('pathnew')]),
    steps('an empty path is none', [write('nopath', { a: 1 }, { path: '' }), read('nopath')]),
    steps('a record that is removed', [write('gone', { a: 1 }), remove('gone'), read('gone'), head('gone')]),
    steps('a notification', [{ topic: 'record', action: 'notify', recordNames: ['unseen'] }]),
    one('a notification about nothing', { topic: 'record', action: 'notify', recordNames: [] }, {
        fault: 'B13', reason: 'the original leaves it without an answer',
        original: ({ body }) => body.body[0].errorEvent === 'HTTP_REQUEST_TIMEOUT', ours: ({ body }) => body.result === 'SUCCESS',
    }),
    steps('a list', [
        { topic: 'list', action: 'write', listName: 'l', data: ['a', 'b'] }, { topic: 'list', action: 'read', listName: 'l' },
        { topic: 'list', action: 'write', listName: 'l', data: [], version: 2 }, { topic: 'list', action: 'read', listName: 'l' },
        { topic: 'list', action: 'delete', listName: 'l' }, { topic: 'list', action: 'read', listName: 'l' },
    ]),
    one('who is online', { topic: 'presence', action: 'query' }),
    one('whether some are online', { topic: 'presence', action: 'query', names: ['provider', 'ghost', 'open'] }),
    one('whether nobody is online', { topic: 'presence', action: 'query', names: [] }),
    many('a batch of everything', [emit('e', 1), make('double', 2), read('seen'), head('seen'), write('batch', { a: 1 }), { topic: 'presence', action: 'query' }]),
    many('a batch that fails in part', [emit('e', 1), read('nothing here'), make('nobody')]),
    many('a batch that fails as a whole', [emit('denied', 1), read('nothing here'), make('nobody')]),
    many('a batch of many', Array.from({ length: 200 }, (_, i) => write(`many${i}`, { i }))),
    many('events alone', [emit('a'), emit('b', 2), emit('denied')]),
];

const noItem = (title, item, listed) => one(`no item: ${title}`, item, listed);
const broken = [
    ...[5, 'text', null, true, [], {}, { topic: 'event' }, { topic: 'event', action: 'emit' }, { action: 'emit', eventName: 'e' },
        { topic: 5, action: 'emit' }, { topic: {}, action: 'emit' }, { topic: null, action: 'emit' },
        { topic: 'event', action: 'emit', eventName: '' }, { topic: 'event', action: 'emit', eventName: 5 }, { topic: 'event', action: 'emit', eventName: null },
        { topic: 'event', action: 'emit', eventName: 'e', more: 1 }, { topic: 'event', action: 'throw', eventName: 'e' },
        { topic: 'record', action: 'read' }, { topic: 'record', action: 'read', recordName: '' }, { topic: 'record', action: 'read', recordName: 'r', data: {} },
        { topic: 'record', action: 'write', recordName: 'r' }, { topic: 'record', action: 'write', recordName: 'r', data: 'text' },
        { topic: 'record', action: 'write', recordName: 'r', data: {}, version: -2 }, { topic: 'record', action: 'write', recordName: 'r', data: {}, version: 1.5 },
        { topic: 'record', action: 'write', recordName: 'r', data: {}, version: '1' }, { topic: 'record', action: 'write', recordName: 'r', data: {}, path: 5 },
        { topic: 'record', action: 'subscribe', recordName: 'r' }, { topic: 'record', action: 'notify', recordNames: 'r' },
        { topic: 'record', action: 'notify', recordNames: [5] }, { topic: 'record', action: 'notify' },
        { topic: 'rpc', action: 'make' }, { topic: 'rpc', action: 'provide', rpcName: 'r' },
        { topic: 'list', action: 'write', listName: 'l', data: [1] }, { topic: 'list', action: 'write', listName: 'l', data: {} }, { topic: 'list', action: 'head', listName: 'l' },
        { topic: 'presence', action: 'query', names: 'a' }, { topic: 'presence', action: 'query', names: [1] }, { topic: 'presence', action: 'subscribe' },
        { topic: 'connection', action: 'ping' }, { topic: 'toString', action: 'constructor' },
    ].map((item) => noItem(JSON.stringify(item), item)),
    many('nothing of a batch with a broken item is done', [emit('e'), { topic: 'nothing' }, write('not made', { a: 1 })]),
    one('and it was not', read('not made')),
];

const bodies = [
    raw('no body member', {}),
    raw('a body that is null', { body: null }),
    raw('a body that is 0', { body: 0 }),
    raw('a body that is a text', { body: 'text' }),
    raw('a body that is an object', { body: {} }),
    raw('an empty body member', { body: [] }),
    raw('a list instead of an object', []),
    raw('an empty request', ''),
    raw('a number', '5', {}, wordsOfItsOwn),
    raw('a text', '"text"', {}, wordsOfItsOwn),
    raw('half an object', '{"body":[', {}, wordsOfItsOwn),
    raw('two objects', '{}{}', {}, wordsOfItsOwn),
    raw('no type', '{}', { headers: { 'content-type': '' } }),
    raw('another type', '{}', { headers: { 'content-type': 'text/plain' } }),
    raw('a type with parameters', { body: [emit('e')] }, { headers: { 'content-type': 'Application/JSON; charset="UTF-8"; x=y' } }),
    raw('a type of the kind', '{}', { headers: { 'content-type': 'application/vnd.api+json' } }),
    raw('an unknown charset', '{}', { headers: { 'content-type': 'application/json; charset=latin1' } }),
    raw('gzip', gzipSync(JSON.stringify({ body: [emit('e', 'x'.repeat(1000))] })), { headers: { 'content-encoding': 'gzip' } }),
    raw('deflate', deflateSync(JSON.stringify({ body: [emit('e', 'x'.repeat(1000))] })), { headers: { 'content-encoding': 'deflate' } }),
    raw('identity', { body: [emit('e')] }, { headers: { 'content-encoding': 'identity' } }),
    raw('an unknown encoding', { body: [emit('e')] }, { headers: { 'content-encoding': 'br2' } }),
    raw('what is not gzip', '{"body":[]}', { headers: { 'content-encoding': 'gzip' } }),
    raw('gzip that ends early', gzipSync('{"body":[]}').subarray(0, 15), { headers: { 'content-encoding': 'gzip' } }),
    raw('too large', JSON.stringify({ body: [emit('e', 'x'.repeat(1 << 20))] })),
    raw('too large when inflated', gzipSync(JSON.stringify({ body: [emit('e', 'x'.repeat(1 << 20))] })), { headers: { 'content-encoding': 'gzip' } }),
    raw('chunks', { body: [emit('e')] }, { headers: { 'transfer-encoding': 'chunked' } }),
    raw('authData that is a text', { authData: 'x', body: [emit('e')] }),
    raw('authData that is null', { authData: null, body: [emit('e')] }),
    raw('authData that is a list', { authData: [], body: [emit('e')] }),
    raw('a token that is a number', { token: 5, body: [emit('e')] }),
    raw('a token that is empty', { token: '', body: [emit('e')] }),
    raw('a token that is null', { token: null, body: [emit('e')] }),
    raw('a token beside authData is not looked at', { authData: {}, token: 5, body: [emit('e')] }),
    raw('authData', { authData: { username: 'bo' }, body: [emit('e')] }),
    raw('a token', { token: 'anything', body: [emit('e')] }),
    raw('other members', { more: 1, body: [emit('e')] }),
    raw('tokens: what it gives', { username: 'bo' }, { path: '/api/auth' }),
    raw('tokens: a list', [], { path: '/api/auth' }),
    raw('tokens: what is no JSON', '{', { path: '/api/auth' }, wordsOfItsOwn),
    raw('a path that only begins so', { body: [emit('e')] }, { path: '/apixyz' }),
    raw('a path with a query', { body: [emit('e')] }, { path: '/api?x=y' }),
    raw('another path', { body: [emit('e')] }, { path: '/other' }),
];

const methods = [
    plain('GET of nothing', { path: '/nothing' }),
    plain('GET of the health check', { path: '/health-check' }),
    ...['PUT', 'DELETE', 'PATCH', 'TRACE'].map((method) => plain(method, { method, path: '/api' })),
    plain('OPTIONS', { method: 'OPTIONS', path: '/api', headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } }, {
        fault: 'RFC 9110 8.3', reason: 'a type without a body',
        original: ({ status, body }) => status === 204 && body === '', ours: ({ status, body, type }) => status === 204 && body === '' && type === undefined,
    }),
    plain('OPTIONS without anything', { method: 'OPTIONS', path: '/api' }),
    plain('HEAD', { method: 'HEAD', path: '/health-check' }, {
        fault: 'RFC 9110 9.3.2', reason: 'HEAD is to be answered where GET is',
        original: ({ status }) => status === 405, ours: ({ status, body }) => status === 200 && body === '',
    }),
    plain('GET of a record', { path: '/api/record/seen' }, {
        fault: 'not made', reason: 'the original never made it',
        original: ({ status, body }) => status === 400 && body.startsWith('Reading records via HTTP GET is not yet implemented'),
        ours: { status: 200, type: 'application/json; charset=utf-8', body: { version: 1, data: { a: 1 } } },
    }),
    plain('GET of a path that is none of a record', { path: '/api/x' }, {
        fault: 'not made', reason: 'the original says so of every path',
        original: ({ status }) => status === 400, ours: ({ status, body }) => status === 404 && body === 'Endpoint not found.\r\n\r\n',
    }),
];

await differentialHttp('http', configuration, [...items, ...broken, ...bodies, ...methods], { prepare });
