// The HTTP endpoint under other settings: users with passwords, no authData, origins, features that are off.

import { differentialHttp } from './http_compare.mjs';
import { GOOD_ORIGIN, merged, permissions, plainUsers } from '../support/servers.mjs';

const endpoints = (more = {}) => [
    { type: 'ws-binary', options: { urlPath: '/deepstream' } },
    { type: 'http', options: { enableAuthEndpoint: true, authPath: '/api/auth', postPath: '/api', getPath: '/api', allowAuthData: true, requestTimeout: 1500, ...more } },
];
const emit = { topic: 'event', action: 'emit', eventName: 'e' };
const own = (recordName) => ({ topic: 'record', action: 'write', recordName, data: { a: 1 } });
const post = (title, body, more = {}, listed = {}) => ({ title, ask: (table) => table.post(body, more), ...listed });
const plain = (title, request, listed = {}) => ({ title, ask: (table) => table.ask(request), ...listed });

const ann = { username: 'ann', password: 'right' };
const users = plainUsers({ ann: { password: 'right', clientData: { favourite: 'blue' }, serverData: { role: 'admin' } }, bob: { password: 'bob' } });

await differentialHttp('http logins', {
    connectionEndpoints: endpoints(),
    auth: users,
    permission: permissions({
        record: {
            'own/$id': { create: 'user.id === $id', write: 'user.id === $id', read: true, delete: true, listen: true, notify: true },
            admin: { create: "user.data.role === 'admin'", write: "user.data.role === 'admin'", read: true, delete: true, listen: true, notify: true },
        },
    }),
}, [
    post('a user', { authData: ann, body: [emit] }),
    post('a wrong password', { authData: { ...ann, password: 'wrong' }, body: [emit] }),
    post('an unknown user', { authData: { username: 'eve', password: 'x' }, body: [emit] }),
    post('authData that lacks the password', { authData: { username: 'ann' }, body: [emit] }),
    post('nobody', { body: [emit] }),
    post('a token', { token: 'x', body: [emit] }),
    post('a broken item is not told to strangers', { authData: { ...ann, password: 'wrong' }, body: [5] }),
    post('rules see the user id', { authData: ann, body: [own('own/ann'), own('own/bob')] }),
    post('rules see the server data', { authData: ann, body: [own('admin')] }),
    post('a rule that fails', { authData: { username: 'bob', password: 'bob' }, body: [own('admin')] }, {}, {
        fault: 'F15', reason: 'the name of the error is looked up among those of calls',
        original: ({ body }) => body.body[0].errorEvent === 114 && body.body[0].error === 'An error occurred: undefined.',
        ours: ({ body }) => body.body[0].errorEvent === 114 && body.body[0].error === 'An error occurred: MESSAGE_PERMISSION_ERROR.',
    }),
    post('tokens: the client data', ann, { path: '/api/auth' }),
    post('tokens: a user without client data', { username: 'bob', password: 'bob' }, { path: '/api/auth' }),
    post('tokens: a wrong password', { ...ann, password: 'wrong' }, { path: '/api/auth' }),
    post('tokens: nobody', {}, { path: '/api/auth' }),
    post('who asks over HTTP is not online', { authData: ann, body: [{ topic: 'presence', action: 'query' }, { topic: 'presence', action: 'query', names: ['ann'] }] }),
]);

await differentialHttp('http without authData', { connectionEndpoints: endpoints({ allowAuthData: false, enableAuthEndpoint: false }) }, [
    post('authData is refused', { authData: {}, body: [emit] }),
    post('also when it is none', { authData: null, body: [emit] }),
    post('a token is not', { token: 'x', body: [emit] }),
    post('nobody is not', { body: [emit] }),
    post('the path of tokens is that of messages', { body: [emit] }, { path: '/api/auth' }),
]);

const cors = { httpServer: { options: { allowAllOrigins: false, origins: [GOOD_ORIGIN] } } };
const headersOf = (names) => async (table, request) => {
    const { ask } = await import('./http_compare.mjs');
    const answer = await ask(table.server.port, request);
    return [answer.status, answer.body, ...names.map((name) => answer.headers[name])];
};
const seen = headersOf(['access-control-allow-origin', 'access-control-allow-credentials', 'vary']);
const from = (title, headers, body) => ({
    title,
    ask: (table) => seen(table, { method: 'POST', path: '/api', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
});
await differentialHttp('http origins', merged({ connectionEndpoints: endpoints() }, cors), [
    from('a listed origin', { origin: GOOD_ORIGIN }, { body: [emit] }),
    from('a listed referer', { referer: GOOD_ORIGIN }, { body: [emit] }),
    from('an origin that is not listed', { origin: 'http://evil.example' }, { body: [emit] }),
    from('no origin', {}, { body: [emit] }),
    from('a body that is refused', { origin: GOOD_ORIGIN }, {}),
    plain('a GET without origin', { path: '/health-check' }),
    plain('HEAD without origin', { path: '/health-check', method: 'HEAD' }),
]);

const off = (table) => table.batch({ topic: 'presence', action: 'query' });
await differentialHttp('http without features', { connectionEndpoints: endpoints(), enabledFeatures: { presence: false, rpc: false } }, [
    post('what is on', { body: [emit] }),
    {
        title: 'what is off', ask: off,
        fault: 'F15', reason: 'a feature that is off ends the process', original: 'crashes',
        ours: ({ body }) => body.result === 'FAILURE' && body.body[0].errorTopic === 'parser' && body.body[0].error === 'An error occurred: UNKNOWN_TOPIC.',
    },
]);
