// Records with the published client.

import { assert, once, scenarios, until } from './stage.mjs';

const UNICODE = ['żółć', '日本語/記録', '🎉/👩‍👩‍👧', 'a b', 'ünï.cödé', 'עברית', '\u0001control', 'x'.repeat(2000)];

await scenarios('records', {}, [
    ['a record is opened, set and read', async (stage) => {
        const a = await stage.user('a');
        const record = await a.record.getRecord('r/1').whenReady();
        assert.deepEqual(record.get(), {});
        await record.setWithAck({ name: 'Ann', list: [1, 2, { x: null }] });
        assert.deepEqual(await a.record.snapshot('r/1'), { name: 'Ann', list: [1, 2, { x: null }] });
        assert.equal(record.version, 1);
    }],
    ['subscribers hear of changes by path', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const mine = await a.record.getRecord('r/2').whenReady();
        const yours = await b.record.getRecord('r/2').whenReady();
        const heard = [];
        yours.subscribe('address.city', (city) => heard.push(city));
        mine.set('address', { city: 'Lublin', street: 'x' });
        mine.set('address.city', 'Gdańsk');
        mine.set('other', 1);
        mine.erase('address.city');
        await until(() => heard.length === 3, 'three changes');
        assert.deepEqual(heard, ['Lublin', 'Gdańsk', undefined]);
        await until(() => yours.get('other') === 1, 'the other field');
        assert.deepEqual(yours.get(), { address: { street: 'x' }, other: 1 });
    }],
    ['has, head and snapshot of records that are there and that are not', async (stage) => {
        const a = await stage.user('a');
        await a.record.setDataWithAck('r/3', { a: 1 });
        assert.equal(await a.record.has('r/3'), true);
        assert.equal(await a.record.has('r/none'), false);
        assert.equal(await a.record.head('r/3'), 1);
        assert.equal(await a.record.head('r/none'), -1);
        assert.deepEqual(await a.record.snapshot('r/3'), { a: 1 });
        await assert.rejects(a.record.snapshot('r/none'), (error) => /RECORD_NOT_FOUND/.test(String(error)));
    }],
    ['a record is deleted under those who have it open', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const mine = await a.record.getRecord('r/4').whenReady();
        const yours = await b.record.getRecord('r/4').whenReady();
        const gone = once('the deletion');
        yours.on('delete', gone);
        await mine.delete();
        await gone.happens;
        assert.equal(await a.record.has('r/4'), false);
        await until(() => !b.record.names().includes('r/4'), 'the record to be forgotten');
        const again = await b.record.getRecord('r/4').whenReady();
        assert.deepEqual(again.get(), {});
    }],
    ['setData without opening, by path, and erasing', async (stage) => {
        const a = await stage.user('a');
        await a.record.setDataWithAck('r/6', { a: 1, b: { c: [1, 2] } });
        await a.record.setDataWithAck('r/6', 'b.c[1]', 'two');
        await a.record.setDataWithAck('r/6', 'a', undefined);
        assert.deepEqual(await a.record.snapshot('r/6'), { b: { c: [1, 'two'] } });
        assert.equal(await a.record.head('r/6'), 3);
    }],
    ['an acknowledged write of a record that others have open reaches them', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const yours = await b.record.getRecord('r/7').whenReady();
        await a.record.setDataWithAck('r/7', { x: 1 });
        await until(() => yours.get('x') === 1, 'the update');
        await yours.setWithAck('x', 2);
        await a.record.setDataWithAck('r/7', 'x', 3);
        await until(() => yours.get('x') === 3, 'the second update');
    }],
    ['lists are filled, observed and emptied', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const mine = await a.record.getList('l/1').whenReady();
        const yours = await b.record.getList('l/1').whenReady();
        assert.deepEqual(mine.getEntries(), []);
        const events = [];
        for (const event of ['entry-added', 'entry-removed', 'entry-moved']) yours.on(event, (entry, index) => events.push(`${event} ${entry} ${index}`));
        mine.setEntries(['r/1', 'r/2']);
        mine.addEntry('r/3');
        mine.removeEntry('r/2');
        mine.addEntry('r/4', 0);
        await until(() => yours.getEntries().length === 3, 'all entries');
        assert.deepEqual(yours.getEntries(), ['r/4', 'r/1', 'r/3']);
        assert.ok(events.includes('entry-added r/3 2') && events.includes('entry-removed r/2 1') && events.includes('entry-added r/4 0'), String(events));
        mine.setEntries([]);
        await until(() => yours.isEmpty(), 'an empty list');
    }],
    ['an anonymous record switches between records', async (stage) => {
        const a = await stage.user('a');
        await a.record.setDataWithAck('an/1', { name: 'one' });
        await a.record.setDataWithAck('an/2', { name: 'two' });
        const b = await stage.user('b');
        const anonymous = b.record.getAnonymousRecord();
        const heard = [];
        anonymous.subscribe('name', (name) => heard.push(name));
        await anonymous.setName('an/1');
        await until(() => heard.at(-1) === 'one', 'the first');
        await anonymous.setName('an/2');
        await until(() => heard.at(-1) === 'two', 'the second');
        await a.record.setDataWithAck('an/2', 'name', 'deux');
        await until(() => heard.at(-1) === 'deux', 'the change');
    }],
    ['discarded records are not heard of', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const heard = [];
        const record = await b.record.getRecord('r/8').whenReady();
        record.subscribe((data) => heard.push(data));
        await a.record.setDataWithAck('r/8', { n: 1 });
        await until(() => heard.length === 1, 'the first change');
        const discarded = once('the end of the subscription');
        record.on('discard', discarded);
        record.discard();
        await until(() => !b.record.names().includes('r/8'), 'the record to be forgotten');
        await a.record.setDataWithAck('r/8', { n: 2 });
        const again = await b.record.getRecord('r/8').whenReady();
        assert.deepEqual(again.get(), { n: 2 });
        assert.equal(heard.length, 1);
    }],
    ['names and values may be of any letters', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        for (const name of UNICODE) {
            const value = { [name.slice(0, 50)]: name, nested: [name] };
            await a.record.setDataWithAck(name, value);
            assert.deepEqual(await b.record.snapshot(name), value);
            const record = await b.record.getRecord(name).whenReady();
            assert.deepEqual(record.get(), value);
        }
    }],
    ['numbers, nulls and empty values survive', async (stage) => {
        const a = await stage.user('a');
        const value = { zero: 0, minus: -1.5, big: 1e21, small: 5e-324, max: Number.MAX_SAFE_INTEGER, no: false, nothing: null, empty: '', list: [], object: {}, escaped: '"\\\n\u2028\u0000' };
        await a.record.setDataWithAck('r/9', value);
        assert.deepEqual(await a.record.snapshot('r/9'), value);
    }],
    ['a notification reaches those who have the record open', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const record = await b.record.getRecord('r/10').whenReady();
        const gone = once('the deletion');
        record.on('delete', gone);
        await a.record.notify(['r/10', 'r/11']); // nothing is stored: the record is gone
        await gone.happens;
    }],
    ['a hundred changes by two clients in turn arrive in order', async (stage) => {
        const a = await stage.user('a');
        const b = await stage.user('b');
        const mine = await a.record.getRecord('turn').whenReady();
        const yours = await b.record.getRecord('turn').whenReady();
        for (let i = 0; i < 100; i++) {
            const [from, to] = i % 2 ? [mine, yours] : [yours, mine];
            await from.setWithAck('n', i);
            await until(() => to.get('n') === i, `change ${i}`);
        }
        assert.equal(mine.version, yours.version);
        assert.equal(mine.version, 100);
    }],
]);
