// Each rule type, allowed and denied, and each login, as the published client sees them.

import { assert, once, scenarios, until } from './stage.mjs';
import { permissions, plainUsers } from '../support/servers.mjs';

const users = plainUsers({
    ann: { password: 'right', clientData: { colour: 'red' }, serverData: { role: 'admin' } },
    bob: { password: 'right', serverData: { role: 'guest' } },
});
const admin = "user.data.role === 'admin'";

const rules = permissions({
    record: {
        'create/*': { create: admin }, 'read/*': { read: admin }, 'write/*': { write: admin }, 'delete/*': { delete: admin },
        'listen/*': { listen: admin }, 'notify/*': { notify: admin }, 'account/$owner': { read: 'user.id === $owner', write: 'user.id === $owner' },
        'stock/*': { write: 'data.price > 0 && (oldData === null || data.price >= oldData.price)' },
        'member/$id': { read: "_('members').list.includes($id)" },
    },
    event: { 'publish/*': { publish: admin }, 'subscribe/*': { subscribe: admin }, 'listen/*': { listen: admin } },
    rpc: { 'provide/*': { provide: admin }, 'request/*': { request: admin }, 'small': { request: 'data < 10' } },
    presence: { 'ann': { allow: admin } },
});
const login = (name) => [name, { password: 'right' }];

await scenarios('permissions', { auth: users, permission: rules }, [
    ['record create: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        const denied = bob.record.getRecord('create/1');
        const refused = once('the refusal');
        denied.on('error', (...details) => refused(details));
        assert.ok(String(await refused.happens).includes('MESSAGE_DENIED'));
        assert.deepEqual((await ann.record.getRecord('create/1').whenReady()).get(), {});
    }],
    ['record read: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        await ann.record.setDataWithAck('read/1', { a: 1 });
        await assert.rejects(bob.record.snapshot('read/1'), (error) => /MESSAGE_DENIED/.test(String(error)));
        await assert.rejects(bob.record.has('read/1'), (error) => /MESSAGE_DENIED/.test(String(error)));
        await assert.rejects(bob.record.head('read/1'), (error) => /MESSAGE_DENIED/.test(String(error)));
        assert.deepEqual(await ann.record.snapshot('read/1'), { a: 1 });
    }],
    ['record write: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        const record = await bob.record.getRecord('write/1').whenReady();
        await assert.rejects(record.setWithAck({ a: 1 }), (error) => /MESSAGE_DENIED/.test(String(error)));
        await assert.rejects(bob.record.setDataWithAck('write/2', { a: 1 }), (error) => /MESSAGE_DENIED/.test(String(error)));
        await ann.record.setDataWithAck('write/1', { a: 2 });
        assert.deepEqual(await ann.record.snapshot('write/1'), { a: 2 });
    }],
    ['record delete: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        await ann.record.setDataWithAck('delete/1', { a: 1, b: 2 });
        const record = await bob.record.getRecord('delete/1').whenReady();
        record.on('error', () => {});
        const answered = once('the answer');
        record.delete((error) => answered(error));
        assert.ok(/MESSAGE_DENIED/.test(String(await answered.happens)));
        await assert.rejects(bob.record.setDataWithAck('delete/1', 'a', undefined), (error) => /MESSAGE_DENIED/.test(String(error)));
        assert.deepEqual(await ann.record.snapshot('delete/1'), { a: 1, b: 2 });
        await (await ann.record.getRecord('delete/1').whenReady()).delete();
        assert.equal(await ann.record.has('delete/1'), false);
    }],
    ['record listen: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        bob.record.listen('listen/.*', () => {});
        await stage.complains(bob, 'MESSAGE_DENIED').catch(() => until(() => bob.errors.length > 0, 'a complaint'));
        const asked = once('the question');
        ann.record.listen('listen/.*', (name, response) => { response.accept(); asked(name); });
        bob.record.getRecord('listen/1');
        assert.equal(await asked.happens, 'listen/1');
    }],
    ['record notify: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        const answered = once('the answer');
        Promise.resolve(bob.record.notify(['notify/1'], (error) => answered(error))).catch(answered);
        const answer = await Promise.race([answered.happens, until(() => bob.errors.length > 0 && JSON.stringify(bob.errors), 'a complaint')]);
        assert.ok(/MESSAGE_DENIED|UNSOLICITED/.test(String(answer)), String(answer));
        await ann.record.notify(['notify/1']);
    }],
    ['captured parts of names, old and new data, and other records decide', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        await ann.record.setDataWithAck('account/ann', { money: 1 });
        await assert.rejects(bob.record.setDataWithAck('account/ann', { money: 0 }), (error) => /MESSAGE_DENIED/.test(String(error)));
        await assert.rejects(bob.record.snapshot('account/ann'), (error) => /MESSAGE_DENIED/.test(String(error)));
        await ann.record.setDataWithAck('stock/1', { price: 5 });
        await ann.record.setDataWithAck('stock/1', 'price', 6);
        await assert.rejects(ann.record.setDataWithAck('stock/1', 'price', 4), (error) => /MESSAGE_DENIED/.test(String(error)));
        await assert.rejects(ann.record.setDataWithAck('stock/2', {}), (error) => /MESSAGE_DENIED|PERMISSION_ERROR/.test(String(error)));
        await ann.record.setDataWithAck('members', { list: ['7'] });
        await ann.record.setDataWithAck('member/7', { a: 7 });
        await ann.record.setDataWithAck('member/8', { a: 8 });
        assert.deepEqual(await bob.record.snapshot('member/7'), { a: 7 });
        await assert.rejects(bob.record.snapshot('member/8'), (error) => /MESSAGE_DENIED/.test(String(error)));
    }],
    ['a rule that fails is an error', async (stage) => {
        const ann = await stage.user(...login('ann'));
        const bob = await stage.user(...login('bob'));
        await ann.record.setDataWithAck('members', { list: 5 });
        await assert.rejects(bob.record.snapshot('member/7'), (error) => /MESSAGE_PERMISSION_ERROR/.test(String(error)));
        assert.match(stage.server.log, /MESSAGE_PERMISSION_ERROR \| /);
    }],
    ['event publish: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        const heard = [];
        ann.event.subscribe('publish/1', (data) => heard.push(data));
        bob.event.emit('publish/1', 'from bob');
        await until(() => bob.errors.length > 0, 'a complaint');
        const other = await stage.user(...login('ann'));
        await until(() => { other.event.emit('publish/1', 'from ann'); return heard.length > 0; }, 'the event');
        assert.ok(heard.every((data) => data === 'from ann'));
    }],
    ['event subscribe: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        const heard = { ann: [], bob: [] };
        bob.event.subscribe('subscribe/1', (data) => heard.bob.push(data));
        await until(() => bob.errors.length > 0, 'a complaint');
        ann.event.subscribe('subscribe/1', (data) => heard.ann.push(data));
        const other = await stage.user(...login('ann'));
        await until(() => { other.event.emit('subscribe/1', 1); return heard.ann.length > 0; }, 'the event');
        assert.deepEqual(heard.bob, []);
    }],
    ['event listen: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        bob.event.listen('listen/.*', () => {});
        await until(() => bob.errors.length > 0, 'a complaint');
        const asked = once('the question');
        ann.event.listen('listen/.*', (name, response) => { response.accept(); asked(name); });
        bob.event.subscribe('listen/1', () => {});
        assert.equal(await asked.happens, 'listen/1');
    }],
    ['rpc provide and request: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        bob.rpc.provide('provide/1', (data, response) => response.send('bob'));
        await until(() => bob.errors.length > 0, 'a complaint');
        await assert.rejects(ann.rpc.make('provide/1', 1), (error) => /NO_RPC_PROVIDER/.test(String(error)));
        ann.rpc.provide('provide/1', (data, response) => response.send('ann'));
        ann.rpc.provide('request/1', (data, response) => response.send('ann'));
        ann.rpc.provide('small', (data, response) => response.send(data));
        assert.equal(await until(() => bob.rpc.make('provide/1', 1).catch(() => null), 'the provider'), 'ann');
        await assert.rejects(bob.rpc.make('request/1', 1), (error) => /MESSAGE_DENIED/.test(String(error)));
        assert.equal(await ann.rpc.make('request/1', 1), 'ann');
        assert.equal(await bob.rpc.make('small', 9), 9);
        await assert.rejects(bob.rpc.make('small', 10), (error) => /MESSAGE_DENIED/.test(String(error)));
    }],
    ['presence: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        assert.deepEqual(await bob.presence.getAll(['bob']), { bob: true });
        await assert.rejects(bob.presence.getAll(['ann']), (error) => /MESSAGE_DENIED/.test(String(error)));
        assert.deepEqual(await ann.presence.getAll(['ann']), { ann: true });
        assert.deepEqual(await bob.presence.getAll(), ['ann']);
    }],
]);

await scenarios('presence of all', { auth: users, permission: permissions({ presence: { '*': { allow: admin } } }) }, [
    ['presence of all: denied and allowed', async (stage) => {
        const [ann, bob] = [await stage.user(...login('ann')), await stage.user(...login('bob'))];
        await assert.rejects(bob.presence.getAll(), (error) => /MESSAGE_DENIED/.test(String(error)));
        assert.deepEqual(await ann.presence.getAll(), ['bob']);
    }],
]);

await scenarios('logins', { auth: users }, [
    ['a right login gets what the client may know', async (stage) => {
        const ann = await stage.user(...login('ann'));
        assert.deepEqual(ann.data, { colour: 'red' });
        assert.equal(ann.getConnectionState(), 'OPEN');
    }],
    ['a wrong login is refused, and then a right one is taken', async (stage) => {
        const client = stage.client();
        await assert.rejects(client.login({ username: 'ann', password: 'wrong' }));
        assert.equal(client.getConnectionState(), 'AWAITING_AUTHENTICATION');
        assert.deepEqual(await client.login({ username: 'ann', password: 'right' }), { colour: 'red' });
    }],
    ['too many wrong logins end the connection', async (stage) => {
        const client = stage.client();
        for (let i = 0; i < 3; i++) await assert.rejects(client.login({ username: 'ann', password: `wrong ${i}` }));
        await until(() => ['CLOSED', 'TOO_MANY_AUTH_ATTEMPTS'].includes(client.getConnectionState()), 'the end');
        await stage.server.logs(/TOO_MANY_AUTH_ATTEMPTS \| /);
    }],
    ['passwords do not get into the log', async (stage) => {
        const client = stage.client();
        await assert.rejects(client.login({ username: 'ann', password: 'very-secret' }));
        assert.doesNotMatch(stage.server.log, /very-secret/);
    }],
]);
