// Logins that a webhook decides, as clients see them, and the server that outlives every answer.

import { startHook, hookAuthentication } from './hook.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { permissions } from '../support/servers.mjs';

const hook = await startHook();
const rules = permissions({ event: { 'admins/*': { publish: "user.data !== null && user.data.role === 'admin'" } } });
let serial = 0;

/** A raw login; resolves to the server's answer. */
async function login(stage, authData) {
    const peer = await stage.stranger('A');
    peer.send('CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
    await peer.sees('CONNECTION.ACCEPT');
    peer.send('AUTH.REQUEST', { data: JSON.stringify(authData) });
    return peer.until(() => peer.messages.find(({ kind }) => kind.startsWith('AUTH.')), 'an answer');
}

const user = (name) => ({ username: name, password: `p${++serial}` });

async function refused(stage, authData, data) {
    const answer = await login(stage, authData);
    assert.equal(answer.kind, 'AUTH.AUTH_UNSUCCESSFUL');
    assert.deepEqual(answer.data && JSON.parse(answer.data), data);
}

async function accepted(stage, authData, id) {
    const from = stage.server.log.length;
    const answer = await login(stage, authData);
    assert.equal(answer.kind, 'AUTH.AUTH_SUCCESSFUL');
    await stage.server.logs(`AUTH_SUCCESSFUL | ${id}\n`.replace('|', '\\|'), { from });
    return answer;
}

const GIVEN_UP = { error: 'AUTH_RETRY_ATTEMPTS_EXCEEDED' };

try {
    await scenarios('webhook', { auth: hookAuthentication(hook.url, { requestTimeout: 400 }), permission: rules }, [
        ['the published client logs in and gets its data', async (stage) => {
            const ann = stage.client();
            assert.deepEqual(await ann.login({ username: 'ann', password: 'x' }), { colour: 'red' });
            const { connectionData, authData, headers } = hook.requests.at(-1);
            assert.deepEqual(authData, { username: 'ann', password: 'x' });
            assert.equal(connectionData.remoteAddress, '127.0.0.1');
            assert.ok(connectionData.headers.host);
            assert.equal(headers.accept, 'application/json');
        }],
        ['its data for rules decides', async (stage) => {
            const ann = await stage.user('ann'), bob = await stage.user('bob'), reader = await stage.user('plain'), seen = [];
            reader.event.subscribe('admins/news', (data) => seen.push(data));
            await until(() => {
                ann.event.emit('admins/news', 'hers'); // until the subscription is there
                return seen.length > 0;
            }, 'the news');
            bob.event.emit('admins/news', 'his');
            await stage.complains(bob, 'MESSAGE_DENIED');
            assert.ok(!seen.includes('his'));
        }],
        ['a text is the id', (stage) => accepted(stage, user('bob'), 'bob')],
        ['an empty answer is a login without id', (stage) => accepted(stage, user('nobody'), 'OPEN')],
        ['S14: an answer without a type is text', (stage) => accepted(stage, user('no type'), 'typeless')],
        ['S14: isValid is not looked at', (stage) => accepted(stage, user('invalid'), 'invalid')],
        ['a refusal carries its reason', (stage) => refused(stage, user('denied'), { error: 'go away' })],
        ['a refusal may say nothing', (stage) => refused(stage, user('denied silently'), undefined)],
        ['a refusal may be an object', (stage) => refused(stage, user('denied by an object'), { code: 7 })],
        ['the published client is told of it', async (stage) => {
            await assert.rejects(stage.client().login(user('denied')), (error) => JSON.stringify(error).includes('go away'));
        }],
        ['logins without anything are asked about as well', (stage) => accepted(stage, {}, 'OPEN')],
        ['a failing webhook refuses and is logged', async (stage) => {
            const from = stage.server.log.length;
            await refused(stage, user('failing'), { error: 'stack trace' });
            await stage.server.logs(/AUTH_ERROR \| http auth server error: stack trace/, { from });
        }],
        ['it is asked again while it is busy', (stage) => accepted(stage, user('busy once'), 'patient')],
        ['and again', (stage) => accepted(stage, user('busy twice'), 'patient')],
        ['but not for ever', (stage) => refused(stage, user('busy'), GIVEN_UP)],
        ['a webhook that hangs up is given up', (stage) => refused(stage, user('hanging up'), GIVEN_UP)],
        ['a webhook that is silent is given up in time', (stage) => refused(stage, user('silent'), GIVEN_UP)],
        ['one redirect is followed', (stage) => accepted(stage, user('redirected 1'), 'redirected 1')],
        ['two redirects are followed', (stage) => accepted(stage, user('redirected 2'), 'redirected 2')],
        ['three redirects are refused', (stage) => refused(stage, user('redirected 3'), undefined)],
        ...['not JSON', 'a list', 'an object as id', 'a huge answer', 'endless'].map((name) =>
            [`hostile, ${name}: nobody is let in`, (stage) => refused(stage, user(name), undefined)]),
        ['hostile, control characters: no line of the log is forged', async (stage) => {
            const from = stage.server.log.length;
            const answer = await login(stage, user('a control character'));
            assert.equal(answer.kind, 'AUTH.AUTH_SUCCESSFUL');
            await stage.server.logs(/AUTH_SUCCESSFUL \| eve/, { from });
            assert.ok(!/^AUTH_SUCCESSFUL \| root/m.test(stage.server.log.slice(from)));
        }],
        ['a member becomes a header', async (stage) => {
            await accepted(stage, { ...user('bob'), token: 'abc' }, 'bob');
            assert.equal(hook.requests.at(-1).headers.token, 'abc');
        }],
        ['nobody smuggles headers', async (stage) => {
            const before = hook.requests.length;
            await refused(stage, { ...user('ann'), token: 'a\r\nx-admin: yes' }, { error: 'invalid value for a header' });
            assert.equal(hook.requests.length, before);
        }],
        ['who has gone when the answer comes is nobody', async (stage) => {
            const from = stage.server.log.length;
            const peer = await stage.stranger('A');
            peer.send('CONNECTION.CHALLENGE', {});
            await peer.sees('CONNECTION.ACCEPT');
            peer.send('AUTH.REQUEST', { data: JSON.stringify(user('busy once')) });
            await peer.close();
            await stage.server.logs(/CLIENT_DISCONNECTED \| null/, { from });
            await accepted(stage, user('bob'), 'bob');
            assert.ok(!stage.server.log.slice(from).includes('AUTH_SUCCESSFUL | patient'));
        }],
        ['the server ends while logins wait', async (stage) => {
            const peer = await stage.stranger('A');
            peer.send('CONNECTION.CHALLENGE', {});
            await peer.sees('CONNECTION.ACCEPT');
            peer.send('AUTH.REQUEST', { data: JSON.stringify(user('silent')) });
            await until(() => hook.requests.at(-1).authData.username === 'silent', 'the request');
        }],
    ]);
    hook.close();
    await scenarios('webhook that is not there', { auth: hookAuthentication(hook.url) }, [
        ['a webhook that is down refuses in the end', (stage) => refused(stage, user('ann'), GIVEN_UP)],
    ]);
} finally {
    hook.close();
}
