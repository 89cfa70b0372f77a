// Clients that write one record at once, each with a way of its own to merge.

import { assert, scenarios, until } from './stage.mjs';

await scenarios('conflicts', {}, [
    ['three clients write one record at once and agree on the one that won', async (stage) => {
        const names = ['a', 'b', 'c'];
        const clients = await Promise.all(names.map((name) => stage.user(name)));
        const records = await Promise.all(clients.map((client) => client.record.getRecord('conflict/1').whenReady()));
        for (let round = 0; round < 25; round++) {
            for (const [i, record] of records.entries()) record.set({ by: names[i], round });
            const values = () => records.map((record) => JSON.stringify([record.version, record.get()]));
            await until(() => new Set(values()).size === 1 && records[0].get('round') === round, `agreement in round ${round}`);
            assert.ok(names.includes(records[0].get('by')));
        }
        const peer = await stage.peer('reader');
        peer.send('RECORD.READ', { name: 'conflict/1' });
        const read = await peer.sees('RECORD.READ_RESPONSE');
        assert.deepEqual(JSON.parse(read.data), records[0].get());
        assert.equal(read.version, records[0].version);
    }],
    ['of two clients that merge what they wrote at once nothing is lost', async (stage) => {
        const clients = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        for (let round = 0; round < 20; round++) {
            const name = `conflict/5/${round}`;
            const records = await Promise.all(clients.map((client) => client.record.getRecord(name).whenReady()));
            for (const record of records) record.setMergeStrategy((mine, version, theirs, theirVersion, done) => done(null, { ...theirs, ...mine }));
            records[0].set('a', round);
            records[1].set('b', round);
            const peer = await stage.peer(`reader ${round}`);
            await until(async () => {
                peer.forget();
                peer.send('RECORD.READ', { name });
                const { data } = await peer.sees('RECORD.READ_RESPONSE');
                return data === `{"a":${round},"b":${round}}` || data === `{"b":${round},"a":${round}}`;
            }, 'both changes in the record');
        }
    }],
    ['who is late learns the value that won', async (stage) => {
        const a = await stage.peer('a');
        const b = await stage.user('b');
        const record = await b.record.getRecord('conflict/2').whenReady();
        let merges = 0;
        record.setMergeStrategy((mine, version, theirs, theirVersion, done) => { merges++; done(null, theirs); });
        await record.setWithAck({ from: 'b' });
        a.send('RECORD.UPDATE', { name: 'conflict/2', version: 2, data: '{"from":"a"}' });
        record.set({ from: 'b again' });
        await a.roundTrip();
        await until(() => record.get('from') === 'a' || record.version === 3, 'the end of the conflict');
        if (merges > 0) assert.equal(record.get('from'), 'a');
    }],
    ['raw writers of one version: one wins, all others learn the value and the version', async (stage) => {
        const peers = await Promise.all(Array.from({ length: 8 }, (_, i) => stage.peer(`p${i}`)));
        peers[0].send('RECORD.CREATEANDUPDATE', { name: 'conflict/3', version: -1, data: '{}', isWriteAck: true, correlationId: 'make' });
        await peers[0].sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        for (const peer of peers) peer.send('RECORD.UPDATE', { name: 'conflict/3', version: 2, data: JSON.stringify({ by: peer.name }), isWriteAck: true, correlationId: 'w' });
        const answers = await Promise.all(peers.map((peer) => peer.until(() => peer.messages.find(({ correlationId }) => correlationId === 'w'), 'an answer')));
        const winners = answers.map((answer, i) => (answer.kind === 'RECORD.WRITE_ACKNOWLEDGEMENT' ? peers[i].name : null)).filter(Boolean);
        assert.equal(winners.length, 1);
        for (const answer of answers.filter(({ kind }) => kind !== 'RECORD.WRITE_ACKNOWLEDGEMENT')) {
            assert.equal(answer.kind, 'RECORD.VERSION_EXISTS');
            assert.equal(answer.version, 2);
            assert.equal(JSON.parse(answer.data).by, winners[0]);
        }
    }],
    ['forced writes of many take versions without gaps, in one order for all', async (stage) => {
        const watchers = await Promise.all(['x', 'y'].map((name) => stage.peer(name)));
        for (const watcher of watchers) {
            watcher.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['conflict/4'], correlationId: '1' });
            await watcher.sees('RECORD.READ_RESPONSE');
            watcher.forget();
        }
        const writers = await Promise.all(Array.from({ length: 5 }, (_, i) => stage.peer(`w${i}`)));
        for (let i = 0; i < 40; i++) for (const writer of writers) writer.send('RECORD.CREATEANDPATCH', { name: 'conflict/4', version: -1, path: `${writer.name}.n`, data: String(i) });
        for (const watcher of watchers) await watcher.until(() => watcher.messages.length >= 200, 'all patches');
        for (const watcher of watchers) assert.deepEqual(watcher.messages.map(({ version }) => version), Array.from({ length: 200 }, (_, i) => i + 1));
        assert.deepEqual(watchers[0].lines, watchers[1].lines);
        for (const writer of writers) {
            const own = watchers[0].messages.filter(({ path }) => path === `${writer.name}.n`).map(({ data }) => Number(data));
            assert.deepEqual(own, Array.from({ length: 40 }, (_, i) => i));
        }
    }],
]);
