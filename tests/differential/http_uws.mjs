// The HTTP endpoint beside the original's uws HTTP service. This server answers as the default service of the original
// does, whatever `httpServer.type` says; what differs between the two services is listed here.

import { UWS } from './frames_compare.mjs';
import { differentialHttp } from './http_compare.mjs';

const endpoints = [
    { type: 'ws-binary', options: { urlPath: '/deepstream' } },
    { type: 'http', options: { enableAuthEndpoint: true, authPath: '/api/auth', postPath: '/api', getPath: '/api', allowAuthData: true, requestTimeout: 1500 } },
];
const emit = { topic: 'event', action: 'emit', eventName: 'e' };
const post = (title, body, more = {}, listed = {}) => ({ title, ask: (table) => table.post(body, more), ...listed });
const plain = (title, request, listed = {}) => ({ title, ask: (table) => table.ask(request), ...listed });

const ALWAYS_200 = 'the original sends status 200 whatever it means';
const differs = (reason, there, here) => ({
    fault: 'uws', reason,
    original: ({ status }) => status === there,
    ours: ({ status }) => status === here,
});
const always200 = (here) => differs(ALWAYS_200, 200, here);
const hangsUp = (reason, here) => ({ ...differs(reason, 0, here), original: (outcome) => /^fails: socket hang up/.test(outcome) });

await differentialHttp('http beside uws', { connectionEndpoints: endpoints }, [
    post('an event', { body: [emit] }),
    post('a record is written', { body: [{ topic: 'record', action: 'write', recordName: 'r', data: { a: 1 } }] }),
    post('a record is read', { body: [{ topic: 'record', action: 'read', recordName: 'r' }] }),
    post('an item that is none', { body: [5] }, {}, always200(400)),
    post('no items', { body: [] }, {}, always200(400)),
    post('a token', { username: 'x' }, { path: '/api/auth' }),
    plain('the path of health checks', { path: '/health-check' }),
    plain('a path of records by GET', { path: '/api' }, differs('this server reads records by GET, and this is none', 200, 404)),
    post('a longer path', { body: [emit] }, { path: '/apixyz' }, hangsUp('the original takes the exact path alone', 200)),
    plain('a path that nobody has', { path: '/nowhere' }, hangsUp('the original drops the connection', 404)),
    post('broken JSON', '{"body":', {}, differs(`${ALWAYS_200}, and says the phrase of it`, 200, 400)),
    post('no body', '', {}, differs(`${ALWAYS_200}, and says the phrase of it`, 200, 400)),
    post('a body that is too large', `{"body":"${'x'.repeat(1100000)}"}`, {}, differs(`${ALWAYS_200}, and says the phrase of 413`, 200, 400)),
    post('another type', '{}', { headers: { 'content-type': 'text/plain' } }, differs('the original takes any type', 200, 415)),
    plain('another method', { method: 'PUT', path: '/api' }, hangsUp('the original drops the connection', 405)),
    plain('OPTIONS', { method: 'OPTIONS', path: '/api', headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } }, differs(ALWAYS_200, 200, 204)),
], { originals: UWS });
