// Users who live in the storage: made at their first login, there after a restart, refused otherwise.

import { assert, scenarios } from '../scenarios/stage.mjs';

const auth = [{
    type: 'storage',
    options: { table: 'Users', createUser: true, hash: 'sha512', iterations: 100, keyLength: 32 },
}];

const said = (pattern) => (error) => pattern.test(JSON.stringify(error));

await scenarios('users in the storage', { auth }, [
    ['a user is made, logs in again and is the same one', async (stage) => {
        const first = await stage.client().login({ username: 'ann', password: 'right' });
        assert.match(first.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.deepEqual(await stage.client().login({ username: 'ann', password: 'right' }), first);
        await stage.server.logs(/REGISTERING_USER \| Adding new user ann/);
        await stage.server.logs(new RegExp(`AUTH_SUCCESSFUL \\| ${first.id}`));
    }],
    ['a wrong password is refused', async (stage) => {
        await assert.rejects(stage.client().login({ username: 'ann', password: 'wrong' }));
    }],
    ['what is missing is named', async (stage) => {
        await assert.rejects(stage.client().login({ username: 'ann' }), said(/missing authentication parameters: false password/));
    }],
    ['of many at once with different passwords one wins', async (stage) => {
        const tries = await Promise.allSettled(Array.from({ length: 10 }, (_, i) =>
            stage.client().login({ username: 'wanted', password: `p${i}` })));
        assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
    }],
    ['users are there after a restart', async (stage) => {
        const before = await stage.client().login({ username: 'bob', password: 'right' });
        await stage.clear();
        await stage.server.restart();
        assert.deepEqual(await stage.client().login({ username: 'bob', password: 'right' }), before);
        await assert.rejects(stage.client().login({ username: 'bob', password: 'wrong' }));
    }],
], { ours: { storage: { type: 'default' } } });
